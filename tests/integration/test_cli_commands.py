"""Commands that look and change nothing: status, check, doctor, streams."""

import json
from pathlib import Path

import pytest
import yaml

from pipeline.records import StreamInfo
from pipeline.session.runtime import Run, announce, open_runtime
from pipeline.states import ProcessHealth, StreamHealth
from pipeline.store.board import Board
from pipeline.streams.outlet import Outlet
from tests.command import ROOT, helo, helo_json

EXAMPLES = ROOT / "recordings" / "examples"


def test_status_without_a_session_is_no():
    done = helo("status", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"session": None, "recording": None, "processes": [], "streams": []}
    done = helo("status")
    assert done.returncode == 1
    assert "No session is running" in done.stdout


def test_status_of_a_session_that_is_starting():
    with open_runtime("starting"):
        found = helo_json("status")
    assert (found["session"], found["processes"], found["streams"]) == ("starting", [], [])
    assert found["recording"] == {"state": "", "sentence": "", "samples": {}, "bytes": 0}


@pytest.fixture
def running(store_server, connection, unique):
    """A session of this process, as its supervisor and its readers put it on the board."""
    board = Board(connection, unique)
    board.put_process(ProcessHealth("reader", "P001/eeg", 4711, "running", 2, 1.0))
    clock = {"clock": "LSL", "settling": True, "drift_ppm": 1.234, "round_trip": 0.0004, "irregularity": 0.002}
    board.put_stream_health(StreamHealth("P001/eeg", "receiving", 300.0, 299.987, 1200, 3, 1, 1.0, 0.25, 1.0, **clock))
    board.put_stream_health(StreamHealth("P001/marks", "waiting", 0.0, 0.0, 0, None, 0, None, 0.0, 1.0))
    with open_runtime(unique) as folder:
        announce(folder, Run(unique, store_server.url))
        yield unique
    board.close()


def test_status_lists_processes_and_streams(running):
    found = helo_json("status")
    assert found["session"] == running
    assert found["processes"] == [
        {"kind": "reader", "pid": 4711, "what": "P001/eeg", "restarts": 2, "state": "running"}
    ]
    eeg, marks = found["streams"]
    assert (eeg["stream"], eeg["state"], eeg["delivered_hz"], eeg["samples_lost"]) == (
        "P001/eeg",
        "receiving",
        299.99,
        3,
    )
    assert (eeg["clock"], eeg["clock_settling"], eeg["clock_offset_s"]) == ("LSL", True, 0.25)
    assert (eeg["drift_ppm"], eeg["round_trip_ms"], eeg["irregularity_ms"]) == (1.23, 0.4, 2.0)
    assert (marks["state"], marks["samples_lost"], marks["clock"], marks["round_trip_ms"]) == (
        "waiting",
        None,
        "",
        None,
    )


def test_status_is_shown_as_a_table(running):
    done = helo("status", env={"COLUMNS": "120"})
    assert done.returncode == 0
    assert f"Session {running}" in done.stdout
    assert "process 4711, 2 restarts" in done.stdout
    assert "300.0 of 300 Hz, 1200 samples, 3 lost, 1 gaps" in done.stdout
    assert "clock +0.250000 s from ours, clock settling, drift +1.2 ppm, round trip 0.40 ms" in done.stdout


def test_status_of_a_session_whose_store_is_away_says_so(running, store_server):
    store_server.stop()
    done = helo("status", "--json")
    assert done.returncode == 2
    assert f"session {running!r}: its store does not answer" in done.stderr
    assert done.stdout == ""


def test_the_example_of_three_recordings_passes_offline(tmp_path):
    found = helo_json("check", EXAMPLES / "composite.yaml", "--offline", "--recordings", tmp_path)
    assert found["go"] is True
    assert [check["name"] for check in found["checks"]] == ["model", "disk"]
    assert all(set(check) == {"name", "ok", "reason"} for check in found["checks"])


def test_the_example_whose_model_is_still_to_be_trained_is_no_go(tmp_path):
    model = yaml.safe_load((EXAMPLES / "wrist.yaml").read_text())["model"]
    done = helo("check", EXAMPLES / "wrist.yaml", "--offline", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["go"] is False
    assert Path(model).name in found["checks"][0]["reason"]
    done = helo("check", EXAMPLES / "wrist.yaml", "--offline", env={"COLUMNS": "200"})
    assert done.returncode == 1
    assert "No go." in done.stdout


def test_check_looks_for_the_streams(tmp_path, unique):
    session = {"gsr": {"match": {"name": unique}, "use": "GSR"}}
    participants = {"P001": {"consent": "ICF-v3", "streams": session}}
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump({"session": "s", "resolve_timeout_s": 5, "participants": participants}))
    with Outlet(StreamInfo("", unique, "GSR", unique, 32.0, ("EDA",), ("uS",), "float32", "", "", "record")):
        found = helo_json("check", file, "--recordings", tmp_path)
    assert [check["name"] for check in found["checks"]] == ["model", "disk", "P001/gsr", "P001 processing"]
    assert found["go"] is True


def test_streams_lists_what_is_on_the_network(unique):
    with Outlet(StreamInfo("", unique, "GSR", unique, 32.0, ("EDA",), ("uS",), "float32", "", "", "record")):
        done = helo("streams", "--json", "--watch", "0.2")
    assert done.returncode == 0
    (mine,) = [stream for stream in json.loads(done.stdout) if stream["name"] == unique]
    assert (mine["type"], mine["source_id"], mine["sfreq"], mine["channels"]) == ("GSR", unique, 32.0, 1)
    assert mine["format"] == "float32"
    assert mine["host"]


def test_doctor_finds_this_installation_healthy():
    found = helo_json("doctor")
    assert found["healthy"] is True
    assert [check["name"] for check in found["checks"]] == ["python", "packages", "lsl", "store", "model"]


def test_doctor_says_what_is_amiss():
    done = helo("doctor", env={"HELO_REDIS_URL": "redis://:hush@127.0.0.1:1", "COLUMNS": "200"})
    assert done.returncode == 1
    assert "does not answer" in done.stdout
    assert "hush" not in done.stdout + done.stderr
    assert "Something is amiss" in done.stdout


def test_doctor_asks_the_server_that_is_set(store_server):
    found = helo_json("doctor", env={"HELO_REDIS_URL": store_server.url})
    assert found["checks"][3] == {"name": "store", "ok": True, "reason": f"unix://{store_server.socket} answers"}


def test_help_names_every_command():
    done = helo("--help")
    assert done.returncode == 0
    for command in ("demo", "run", "status", "replay", "streams", "check", "simulate", "train", "evaluate", "doctor"):
        assert command in done.stdout
