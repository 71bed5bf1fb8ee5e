"""Whoever records a session holds it: that is seen from anywhere, and ends with the recording process."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.session import folder
from pipeline.session.folder import being_recorded
from pipeline.session.holding import held
from pipeline.session.outline import read_outline
from pipeline.session.recorded import open_session
from pipeline.session.tables import ArrowTable, estimate_row, read_table
from tests.past import estimate, past_session

HOLDS = """
import pathlib, sys
from pipeline.workers.supervisor import Supervisor
supervisor = Supervisor("s", [], log_file=pathlib.Path(sys.argv[1]), echo=print)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path) -> Iterator[Callable[[Path], subprocess.Popen]]:
    """A function that lets another process hold a log, one that knows nothing of this one's running sessions."""
    made = []

    def start(log: Path) -> subprocess.Popen:
        argv, env = [sys.executable, "-c", HOLDS, str(log)], {"XDG_RUNTIME_DIR": str(tmp_path)}
        process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        made.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in made:
        with process:
            process.kill()


def test_a_log_is_held_as_long_as_its_supervisor_lives(tmp_path, holder):
    log = tmp_path / "log.txt"
    assert not held(log)
    process = holder(log)
    assert held(log)
    assert held(log), "looking does not end it"
    process.kill()
    process.wait()
    assert not held(log)


def test_tables_of_a_session_that_is_recorded_are_left_to_their_recorder(tmp_path, holder):
    path = past_session(tmp_path / "s1")
    (path / "estimates.parquet").unlink()
    table = ArrowTable(path / folder.ESTIMATES)
    table.append(estimate_row("P001", estimate(0)))
    table.flush()
    process = holder(path / folder.LOG)
    assert being_recorded(path)
    assert read_outline(path).running
    session = open_session(path)
    assert session.running
    assert session.estimates()["tick"].to_pylist() == [0]
    table.append(estimate_row("P001", estimate(1)))
    table.flush()
    process.kill()
    process.wait()
    session = open_session(path)
    assert not session.running
    assert any("is now estimates.parquet" in note for note in session.notes)
    assert read_table(path / "estimates")["tick"].to_pylist() == [0, 1]
    table.abandon()
