"""Set-up, record, pause, stop: what an operator asks for happens, and `helo verify` has nothing to excuse."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import pyxdf

from pipeline.session.recorded import open_session
from pipeline.session.runtime import running
from pipeline.session.tables import read_table
from tests.command import SEED, helo, helo_json, started, status, wait_for

DEMO = ("demo", "--seed", SEED, "--no-dashboard", "--json")


def received(stream: str = "P001/eeg") -> int:
    """Return how many samples a stream's reader has received."""
    return sum(one["samples_received"] for one in status()["streams"] if one["stream"] == stream)


def state() -> str:
    return (status()["recording"] or {}).get("state", "")


def on_disk(stream: str = "P001/eeg") -> int:
    return (status()["recording"] or {"samples": {}})["samples"].get(stream, 0)


def estimates_on_disk(folder: Path) -> int:
    return len(read_table(folder / "estimates")) if (folder / "estimates.arrows").exists() else 0


def control(*arguments: object) -> dict:
    """Ask a running session for something; return its answer with the exit status."""
    done = helo(*arguments, "--json")
    return {**json.loads(done.stdout), "status": done.returncode}


def raw(session_dir: Path) -> dict[str, dict]:
    streams, _ = pyxdf.load_xdf(session_dir / "raw.xdf", synchronize_clocks=False, dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> dict:
    """Run a session that is looked at, recorded, paused, recorded again and stopped."""
    recordings = tmp_path_factory.mktemp("recordings")
    with started(*DEMO, "--setup", "--recordings", recordings) as run:
        wait_for(lambda: received() > 3000)  # 10 s: the first estimates are there, and something has been learned
        (folder,) = recordings.iterdir()
        found: dict = {"in set-up": sorted(path.name for path in folder.iterdir()), "setup": state()}
        found["refused"] = control("control", "pause")
        found["begun"] = control("control", "record")
        wait_for(lambda: on_disk() > 3600)
        found["early"] = helo("verify", folder)
        found["noted"] = control("note", "coughs", "--seconds-ago", 1)
        found["paused"] = control("control", "pause")
        wait_for(lambda: state() == "paused")
        found["again"] = control("control", "pause")
        before = received()
        wait_for(lambda: received() > before + 1500)
        found["resumed"] = control("control", "record")
        before = on_disk()
        wait_for(lambda: on_disk() > before + 2400)
        found["stopping"] = control("control", "stop")
        output, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    return found | json.loads(output)


def test_in_set_up_nothing_is_written(result):
    assert result["setup"] == "set-up"
    assert result["in set-up"] == ["log.txt"]


def test_what_does_not_fit_the_state_is_refused_in_one_sentence(result):
    for name in ("refused", "again"):
        assert (result[name]["done"], result[name]["status"]) == (False, 1)
    assert "has not begun" in result["refused"]["answer"]
    assert "paused already" in result["again"]["answer"]
    for name in ("begun", "noted", "paused", "resumed", "stopping"):
        assert (result[name]["done"], result[name]["status"]) == (True, 0), result[name]


def test_a_session_that_runs_is_not_verified(result):
    assert result["early"].returncode == 2
    assert "is still being recorded" in result["early"].stderr


def test_a_pause_is_a_marked_gap(result):
    folder = Path(result["session_dir"])
    provenance = json.loads((folder / "provenance.json").read_text())
    (first, paused), (resumed, end) = provenance["recorded"]
    assert first < paused < resumed
    assert end is None
    eeg = raw(folder)["helo-demo-EEG"]
    steps = np.diff(eeg["time_stamps"])
    (gap,) = np.flatnonzero(steps > 1.5 / 300)
    assert steps[gap] == pytest.approx(resumed - paused, abs=0.2)
    (noted,) = (stream for stream in provenance["streams"] if stream["stream"] == "eeg")
    assert [place[2] for place in noted["segments"]] == [0, gap + 1]
    assert len(eeg["time_stamps"]) < result["streams"]["P001/eeg"]["samples_received"] - 3000
    reasons = {
        reason
        for row in pq.read_table(folder / "features.parquet").to_pylist()
        if paused + 1 < row["end"] < resumed
        for reason in row["reasons"]
    }
    assert "the recording is paused" in reasons


def test_pyxdf_puts_regular_streams_at_the_times_that_were_used(result):
    """Equal stamps and offsets without synchronisation; with pyxdf's own, and its dejittering, within 0.1 ms."""
    folder = Path(result["session_dir"])
    plain = raw(folder)
    # By itself pyxdf smooths over a pause of less than 500 samples: of GSR that would be one of 15 s.
    smoothed, _ = pyxdf.load_xdf(folder / "raw.xdf", jitter_break_threshold_samples=100)
    synchronized = {stream["info"]["name"][0]: stream for stream in smoothed}
    for (_, name), stream in open_session(folder).streams.items():
        title = stream.parts[0].info.name
        stamps = np.concatenate([times for _, times, _ in stream.runs])
        used = np.concatenate([times + run.offset for run, times, _ in stream.runs])
        assert np.array_equal(plain[title]["time_stamps"], stamps)
        assert {run.offset for run, *_ in stream.runs} <= set(plain[title]["clock_values"])
        if name in {"eeg", "gsr", "ppg"}:
            assert np.abs(synchronized[title]["time_stamps"] - used).max() < 1e-4


def test_every_command_is_an_event_that_says_who_asked(result):
    folder = Path(result["session_dir"])
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    asked = [event for event in events if event["source"] == "operator"]
    assert [event["kind"] for event in asked] == ["record", "pause", "refused", "record", "stop"]
    assert all("asked by " in event["text"] for event in asked)
    assert [event["text"] for event in events if event["kind"] == "note"] == ["coughs"]
    in_raw = raw(folder)["helo-events"]
    assert [kind for kind, *_ in in_raw["time_series"]] == [event["kind"] for event in events]


def test_what_was_not_recorded_has_left_no_trace_in_the_estimates(result):
    found = helo_json("verify", result["session_dir"])
    assert (found["different"], found["max_abs_diff"]) == (0, 0)
    assert found["compared"] > 4 * 20
    assert any("paused" in note for note in found["notes"])
    ticks = pq.read_table(Path(result["session_dir"]) / "estimates.parquet")["tick"].to_pylist()
    assert ticks == list(range(ticks[0], ticks[-1] + 1))
    assert ticks[0] > 8


def test_a_session_that_never_recorded_leaves_no_folder(tmp_path):
    with started(*DEMO, "--setup", "--recordings", tmp_path) as run:
        wait_for(lambda: state() == "set-up")
        assert control("control", "stop")["done"]
        output, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert json.loads(output)["session_dir"] is None
    assert list(tmp_path.iterdir()) == []


def test_a_session_goes_on_without_the_folder_that_it_was_recorded_in(tmp_path):
    with started(*DEMO, "--recordings", tmp_path / "disk") as run:
        wait_for(lambda: on_disk() > 3600)
        wait_for(lambda: estimates_on_disk(tmp_path / "disk" / "demo") > 8)
        (tmp_path / "disk").rename(tmp_path / "unplugged")
        wait_for(lambda: state() == "stopped")
        before = received()
        wait_for(lambda: received() > before + 900)
        assert control("control", "stop")["done"]
        output, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    result = json.loads(output)
    assert (result["session_dir"], result["restarts"]) == (None, 0)
    assert "cannot be written to any more (No such file or directory)" in result["recording_stopped"]
    (folder,) = (tmp_path / "unplugged").iterdir()
    assert len(raw(folder)["helo-demo-EEG"]["time_stamps"]) > 3600
    found = helo_json("verify", folder)
    assert (found["different"], found["compared"] > 4) == (0, True)


@pytest.mark.parametrize("command", [("control", "record"), ("note", "coughs")])
def test_without_a_session_there_is_nobody_to_ask(command):
    assert running() == []
    done = helo(*command)
    assert done.returncode == 2
    assert "no session is running" in done.stderr


def test_setup_and_no_record_contradict_each_other():
    done = helo(*DEMO, "--setup", "--no-record")
    assert done.returncode == 2
    assert "--setup" in done.stderr
