"""Runs that end early, run beside another, or use a server of somebody else's."""

import fcntl
import json
import os
import signal
import subprocess
import termios
from pathlib import Path

import psutil
import pytest
import yaml

from pipeline.records import Grid
from pipeline.session.runtime import open_runtime, running
from pipeline.session.settings_file import dump_session
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.workers.demo import demo_session
from tests.command import HELO, ROOT, SEED, helo, helo_json, started, status, wait_for

RUN = ("--no-dashboard", "--json", "--recordings")


@pytest.fixture
def session(tmp_path, unique) -> Path:
    """The file of a session whose stream nobody sends."""
    streams = {"gsr": {"match": {"name": unique}, "use": "GSR"}}
    participants = {"P001": {"consent": "ICF-v3", "streams": streams}}
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump({"session": unique, "resolve_timeout_s": 60, "participants": participants}))
    return file


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_stopped_while_it_looks_for_streams_leaves_nothing(session, tmp_path, unique, number):
    recordings = tmp_path / "rec"
    with started("run", session, *RUN, recordings) as run:
        wait_for(lambda: status()["processes"])
        family = psutil.Process(run.pid).children(recursive=True)
        assert family
        run.send_signal(number)
        output, _ = run.communicate(timeout=30)
    assert run.returncode == 0
    result = json.loads(output)
    assert (result["ticks"], result["session_dir"]) == (0, None)
    assert not [process for process in family if process.is_running()]
    assert list(recordings.iterdir()) == []
    assert running() == []


def test_a_run_whose_terminal_is_closed_ends_its_recording(tmp_path):
    ours, theirs = os.openpty()
    run = subprocess.Popen(
        [*HELO, "demo", "--seed", str(SEED), "--no-dashboard", "--recordings", str(tmp_path)],
        cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    wait_for(lambda: run.poll() is not None or (status()["recording"] or {}).get("bytes"))
    family = psutil.Process(run.pid).children(recursive=True)
    os.close(ours)
    assert run.wait(30) == 0
    assert not [process for process in family if process.is_running()]
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "provenance.json").read_text())["ended"] is not None
    assert (folder / "estimates.parquet").exists()


def test_a_second_run_under_the_same_name_is_refused_and_harms_nothing(session, tmp_path, unique):
    recordings = tmp_path / "rec"
    with open_runtime(unique) as folder:
        done = helo("run", session, *RUN, recordings)
        assert (folder / "run.json").exists()
    assert done.returncode == 2
    assert f"session {unique!r} is running already" in done.stderr
    assert list(recordings.iterdir()) == []


def test_a_server_of_somebody_elses_is_left_without_the_participants_data(connection, store_server, tmp_path, unique):
    """What an earlier run of this name left goes first; the data of other sessions stay."""
    for session in ("demo", unique):
        board = Board(connection, session)
        board.put_grid("P001", Grid(0.0, 1.0))
        board.close()
    result = helo_json(
        "demo", "--seed", SEED, "--duration", 2, "--no-record", *RUN[:1],
        "--recordings", tmp_path, env={"HELO_REDIS_URL": store_server.url},
    )  # fmt: skip
    assert result["ticks"] == 8
    assert result["session_dir"] is None
    assert connection.range(keys.raw("demo", "P001", "eeg")) == []
    assert connection.fields(keys.health("demo")) == {}
    assert Board(connection, "demo").session() is None
    assert Board(connection, unique).grid("P001") is not None
    assert list(tmp_path.iterdir()) == []


def test_shared_readers_put_all_streams_of_a_session_into_one_process(tmp_path):
    settings, _ = demo_session(SEED)
    session = tmp_path / "shared.yaml"
    session.write_text(dump_session(settings.model_copy(update={"readers": "shared"})))
    arguments = ("run", session, *RUN, tmp_path / "recordings", "--duration", 5)
    with started("simulate", "--seed", SEED), started(*arguments) as run:
        wait_for(lambda: any(stream["samples_received"] for stream in status()["streams"]))
        assert [process["what"] for process in status()["processes"] if process["kind"] == "reader"] == [""]
        output, _ = run.communicate(timeout=120)
    result = json.loads(output)
    assert result["estimates"] + result["abstained"] == 20  # one participant in ten is unlike the others for a second
    assert result["estimates"] >= 10
    assert {name for name, stream in result["streams"].items() if stream["samples_received"]} >= {
        "P001/eeg", "P001/gsr", "P001/ppg", "P001/face", "P001/state",
    }  # fmt: skip
    assert result["streams"]["P001/eeg"]["samples_lost"] == 0
