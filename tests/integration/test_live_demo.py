"""The demo, whole: LSL streams, readers, ring buffers, preprocessing, HeLo, recorder."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import pyxdf
import yaml

from pipeline.modalities import EMOTIONS
from pipeline.session.runtime import running
from tests.command import SEED, helo_json

#: A clip lasts 60 s, so that one begins or ends in the recording, however late a busy machine is ready for the first.
SECONDS = 62


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> dict:
    """Run the demo once for all tests of this module."""
    recordings = tmp_path_factory.mktemp("recordings")
    return helo_json("demo", "--seed", SEED, "--duration", SECONDS, "--no-dashboard", "--recordings", recordings)


@pytest.fixture(scope="module")
def estimates(demo) -> dict[str, list]:
    return pq.read_table(Path(demo["session_dir"]) / "estimates.parquet").to_pydict()


def test_no_sample_is_lost(demo):
    regular = {name: s for name, s in demo["streams"].items() if s["samples_lost"] is not None}
    assert {"P001/eeg", "P001/gsr", "P001/ppg", "P001/state"} <= regular.keys()
    assert all(stream["samples_lost"] == 0 for stream in regular.values())
    assert all(stream["gaps"] == 0 for stream in demo["streams"].values())
    assert demo["streams"]["P001/eeg"]["samples_received"] >= SECONDS * 300


def test_nearly_every_tick_has_an_estimate(demo, estimates):
    assert demo["ticks"] == 4 * SECONDS
    assert demo["duration_s"] == SECONDS
    assert sum(estimates["abstained"][:120]) <= 10  # of half a minute: later, some participants' sensors lose the skin
    assert sum(estimates["abstained"]) == demo["abstained"]
    assert demo["estimates"] + demo["abstained"] == demo["ticks"]
    assert demo["restarts"] == 0


def test_every_distribution_is_one(estimates):
    shares = np.array(estimates["distribution"], np.float64)
    assert shares.shape[1] == len(EMOTIONS)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)


def test_the_interval_holds_the_share(estimates):
    low, share, high = (np.array(estimates[name]) for name in ("low", "distribution", "high"))
    assert (low <= share + 1e-6).all()
    assert (share <= high + 1e-6).all()


def test_ticks_follow_each_other_on_the_grid(estimates):
    assert estimates["tick"] == list(range(len(estimates["tick"])))
    np.testing.assert_allclose(np.diff(estimates["time"]), 0.25, atol=1e-9)


def test_the_mixture_moves(estimates):
    assert np.ptp(np.array(estimates["distribution"]), axis=0).max() > 0.01


def test_the_recording_opens_in_pyxdf_with_every_stream(demo):
    streams, _ = pyxdf.load_xdf(
        Path(demo["session_dir"]) / "raw.xdf", synchronize_clocks=False, dejitter_timestamps=False
    )
    by_name = {stream["info"]["name"][0]: stream for stream in streams}
    assert {f"helo-demo-{kind}" for kind in ("EEG", "GSR", "PPG", "Face", "State", "Markers")} <= by_name.keys()
    eeg = by_name["helo-demo-EEG"]
    assert len(eeg["time_stamps"]) == demo["streams"]["P001/eeg"]["samples_received"]
    np.testing.assert_allclose(np.diff(eeg["time_stamps"]), 1 / 300, atol=1e-6)
    assert len(by_name["helo-estimates-P001"]["time_stamps"]) >= demo["ticks"]


def test_the_folder_says_how_it_was_made(demo, estimates):
    folder = Path(demo["session_dir"])
    assert yaml.safe_load((folder / "session.yaml").read_text())["session"] == folder.name
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["model"]["sha256"] == estimates["model_hash"][0]
    assert all(json.loads(line)["kind"] for line in (folder / "events.jsonl").read_text().splitlines())


def test_the_markers_make_a_table_of_trials(demo):
    header, *trials = (Path(demo["session_dir"]) / "trials.tsv").read_text().splitlines()
    assert header.split("\t") == ["onset", "duration", "name", "condition", "source"]
    events = map(json.loads, (Path(demo["session_dir"]) / "events.jsonl").read_text().splitlines())
    begun = [event["text"].removeprefix("start ") for event in events if event["text"].startswith("start ")]
    assert [trial.split("\t")[2:] for trial in trials] == [[name, "n/a", "P001/marks"] for name in begun]


def test_nothing_runs_afterwards(demo):
    assert running() == []
