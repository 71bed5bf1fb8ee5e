"""`helo analyze` and `helo verify`, as processes of their own, on a live demo's recording and on real recordings."""

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.network.settings import NetworkSettings
from pipeline.session.tables import read_table
from pipeline.signals.closing import closed_by_the_clock
from tests.command import SEED, helo, helo_json, started, status, wait_for
from tests.workers import session_of

SECONDS = 12
TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2), epochs=1, windows_per_epoch=128
)


def late_ticks(session_dir: Path) -> int:
    """Return how many windows of a session the clock has closed."""
    rows = read_table(session_dir / "features")["reasons"].to_pylist()
    return sum(bool(closed_by_the_clock(reasons)) for reasons in rows)


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """Record a demo whose streams all stand still for a while, so that ticks are late."""
    recordings = tmp_path_factory.mktemp("recordings")
    with started(
        "demo", "--seed", SEED, "--duration", SECONDS, "--no-dashboard", "--recordings", recordings, "--json"
    ) as run:
        session_dir = wait_for(lambda: next(iter(recordings.iterdir()), None))
        wait_for(lambda: (session_dir / "estimates.arrows").exists() and len(read_table(session_dir / "estimates")))
        simulator = next(process["pid"] for process in status()["processes"] if process["kind"] == "simulator")
        os.kill(simulator, signal.SIGSTOP)
        try:
            wait_for(lambda: late_ticks(session_dir))
        finally:
            os.kill(simulator, signal.SIGCONT)
        output, _ = run.communicate(timeout=90)
    assert run.returncode == 0
    return Path(json.loads(output)["session_dir"])


def test_a_live_session_comes_out_bit_for_bit_late_ticks_included(demo):
    assert late_ticks(demo) > 0
    result = helo_json("verify", demo)
    assert result["compared"] >= 4 * SECONDS
    assert (result["different"], result["max_abs_diff"], result["fields"]) == (0, 0, {})


def test_analysis_gives_the_live_estimates(demo, tmp_path):
    result = helo_json("analyze", demo, "-o", tmp_path / "out")
    live = pq.read_table(demo / "estimates.parquet").drop_columns(["stages"])
    made = pq.read_table(tmp_path / "out" / "estimates.parquet").drop_columns(["stages"])
    assert made.equals(live)
    assert result["estimates"] == sum(not abstained for abstained in live["abstained"].to_pylist())
    assert result["duration_s"] >= SECONDS
    assert result["elapsed_s"] > 0
    assert result["out"] == str(tmp_path / "out")


def test_a_difference_is_status_1(demo, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(demo, copy)
    table = pq.read_table(copy / "estimates.parquet")
    rows = table.to_pylist()
    rows[5]["high"][2] += 0.5
    pq.write_table(table.from_pylist(rows, table.schema), copy / "estimates.parquet")
    done = helo("verify", copy, "--json")
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert result["different"] == 1
    assert result["compared"] == len(rows)
    assert result["max_abs_diff"] == pytest.approx(0.5)
    assert "1 of" in helo("verify", copy).stdout


def test_what_is_no_session_is_status_2(tmp_path):
    done = helo("verify", tmp_path, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "raw.xdf" in done.stderr


def test_a_recording_with_a_clock_reset_is_analysed(shared_data, tmp_path):
    """Eight unlabelled channels are no EEG for the model, so one of them stands for skin conductance."""
    gsr = {"match": {"name": "BioSemi"}, "use": "GSR", "unit": "uS", "channels": ["1"]}
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(session_of("reset", {"gsr": gsr}).model_dump(mode="json", exclude_none=True)))
    recording = shared_data / "xdf" / "clock_resets.xdf"
    result = helo_json("analyze", recording, "--session", file, "-o", tmp_path / "out")
    before_it, reset, *after_it = result["streams"]["P001/gsr"]
    assert (before_it["began"], reset["began"]) == ("open", "clock reset")
    assert {segment["began"] for segment in after_it} == {"gap"}
    assert sum(segment["samples"] for segment in (before_it, reset, *after_it)) == 27_815
    rows = pq.read_table(tmp_path / "out" / "features.parquet").to_pydict()
    before = [first for first, end in zip(rows["segment"], rows["end"], strict=True) if end < reset["start"]]
    after = [first for first, end in zip(rows["segment"], rows["end"], strict=True) if end > reset["start"] + 1]
    assert max(before) < min(after)
    assert any("gap" in reasons for reasons in rows["reasons"])
    made = pq.read_table(tmp_path / "out" / "estimates.parquet").to_pydict()["modalities"]
    used = [any(use["used"] for use in row) for row in made]
    assert sum(used) > 500
    assert result["abstained"] >= used.count(False) > 4 * 270  # the hole


def test_a_recording_that_no_modality_can_use_abstains_and_says_why(shared_data, tmp_path):
    result = helo_json("analyze", shared_data / "xdf" / "clock_resets.xdf", "-o", tmp_path / "out")
    assert result["estimates"] == 0
    assert result["abstained"] > 2000
    assert any("EEG channels" in note for note in result["notes"])
    assert any(segment["began"] == "clock reset" for segment in result["streams"]["P001/eeg"])


def test_a_wrist_recording_is_analysed_by_a_model_for_the_wrist(shared_data, tmp_path, make_windows):
    wrist = ("PPG", "GSR", "Temperature", "Motion")
    make_model(make_windows(n_subjects=3, modalities=wrist), TINY, tmp_path / "wrist.safetensors", "helo train")
    streams = {use.lower(): {"match": {"type": use}, "use": use} for use in wrist}
    settings = session_of("wrist", streams, model=str(tmp_path / "wrist.safetensors"), hop_s=5.0)
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude_none=True)))
    recording = shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip"
    result = helo_json("analyze", recording, "--session", file, "-o", tmp_path / "out")
    assert result["ticks"] == pytest.approx(result["duration_s"] / 5, abs=5)
    assert result["estimates"] > 0.95 * result["ticks"]
    table = pq.read_table(tmp_path / "out" / "estimates.parquet").to_pydict()
    assert {use["modality"] for use in table["modalities"][100] if use["used"]} == set(wrist)
    np.testing.assert_allclose(np.sum(table["distribution"], axis=1), 1, atol=1e-6)


def test_a_table_is_analysed(shared_data, tmp_path):
    recording = tmp_path / "resting.csv"
    shutil.copy(shared_data / "eda" / "bio_resting_8min_100hz.csv", recording)
    result = helo_json(
        "analyze",
        recording,
        "--type",
        "GSR",
        "--channels",
        "EDA",
        "--unit",
        "uS",
        "--sfreq",
        100,
        "-o",
        tmp_path / "resting",
    )
    assert result["out"] == str(tmp_path / "resting")
    assert result["estimates"] > 0.9 * 4 * result["duration_s"]
