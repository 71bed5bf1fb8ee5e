"""How every worker process begins and ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.session.settings_file import dump_session
from pipeline.store.connection import STORE_VARIABLE
from pipeline.workers.context import arguments
from tests.workers import session_of

STREAMS = {"gsr": {"match": {"name": "nobody"}, "use": "GSR"}}


def worker(kind: str, store: str, settings: Path, **more: str) -> subprocess.Popen[str]:
    options = arguments(session="s", settings=settings, participant="P001", **more)
    argv = [sys.executable, "-m", f"pipeline.workers.{kind}", *options]
    return subprocess.Popen(argv, env={**os.environ, STORE_VARIABLE: store}, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def settings(tmp_path, unique) -> Path:
    file = tmp_path / "session.yaml"
    file.write_text(dump_session(session_of(unique, STREAMS)))
    return file


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_stops_when_asked(store_server, settings, number):
    process = worker("reader", store_server.url, settings, stream="gsr")
    assert "no LSL stream" in process.stderr.readline()
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "reader stopped session=s stream=P001/gsr" in said


def test_a_store_that_is_away_is_tried_again(settings, tmp_path):
    """Status 2 would say that the input is bad, and end the run."""
    process = worker("preprocess", f"unix://{tmp_path}/none.sock", settings)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "does not answer" in said
    assert "Traceback" not in said


def test_settings_that_are_bad_are_said_in_one_line(store_server, settings):
    settings.write_text("session: s\n")
    process = worker("preprocess", store_server.url, settings)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    (fatal,) = [line for line in said.splitlines() if " critical " in line]
    assert "participants is missing" in fatal
    assert "Traceback" not in said
