"""The supervisor: what its processes say, why one cannot go on, and which are stopped."""

import sys
from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.workers import supervisor as module
from pipeline.workers.child import ProcessSpec
from pipeline.workers.supervisor import Supervisor

FULL = Path("/dev/full")
WAITS = "import signal; print('ready', flush=True); signal.pause()"


@pytest.fixture
def supervise(tmp_path):
    """Return a function that makes a supervisor of Python programs, stopped at the end; by kind."""
    made = []

    def make(**programs: str) -> Supervisor:
        specs = [ProcessSpec(kind, "", [sys.executable, "-c", code], 0) for kind, code in programs.items()]
        lines: list[str] = []
        made.append(Supervisor("s", specs, log_file=tmp_path / "log.txt", echo=lines.append))
        made[-1].said = lines
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("2026-11-20 05:00:00,000 critical infer device: 'cuda' is not there", "infer device: 'cuda' is not there"),
        ("usage: no such option", "infer: usage: no such option"),
    ],
)
def test_a_process_whose_input_is_bad_says_why(supervise, line, fault):
    one = supervise(infer=f"import sys; print({line!r}); sys.exit(2)")
    one.start()
    assert one.failed.wait(30)
    assert one.fault == fault
    assert one.restarts == 0


def test_a_run_goes_on_without_a_process_that_is_not_required(tmp_path, until):
    camera = ProcessSpec("webcam", "", [sys.executable, "-c", "import sys; sys.exit(2)"], 0, required=False)
    one = Supervisor("s", [camera], log_file=tmp_path / "log.txt", echo=lambda _: None)
    one.start()
    until(lambda: one.children[0].state == "failed")
    one.children[0].join()
    assert not one.failed.is_set()
    assert (one.restarts, one.fault) == (0, "")
    one.stop()


def test_every_line_is_logged_and_all_but_the_stores_are_shown(supervise, tmp_path, until):
    one = supervise(reader=WAITS, store="print('* Ready to accept connections', flush=True); " + WAITS)
    one.start(["store"])
    one.wait_for_store()
    assert {child.spec.kind for child in one.children if child.state == "running"} == {"store"}
    one.start()
    until(lambda: one.said == ["ready"])
    assert "Ready to accept connections" in (tmp_path / "log.txt").read_text()


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
def test_processes_are_watched_though_nothing_can_be_written_into_the_log(until):
    said: list[str] = []
    dies = ProcessSpec("reader", "", [sys.executable, "-c", "print('here'); raise SystemExit(1)"], 0)
    one = Supervisor("s", [dies], log_file=FULL, echo=said.append)
    one.start()
    until(lambda: one.restarts >= 1 and said.count("here") >= 2)
    one.stop()
    assert said[0] == f"{FULL}: cannot be written (No space left on device); lines of the log may be missing."
    assert sum("cannot be written" in line for line in said) == 1


def test_a_store_that_does_not_start_is_said(supervise, monkeypatch):
    monkeypatch.setattr(module, "_STORE_WITHIN_S", 0.2)
    one = supervise(store=WAITS)
    one.start()
    with pytest.raises(BadInput, match="the embedded store did not start"):
        one.wait_for_store()


def test_the_store_may_outlive_the_others(supervise, until):
    one = supervise(reader=WAITS, store=WAITS)
    one.start()
    until(lambda: all(child.pid for child in one.children))
    one.stop_all_but("store")
    assert {child.spec.kind: child.state for child in one.children} == {"reader": "stopped", "store": "running"}
    one.stop()
    assert {child.state for child in one.children} == {"stopped"}
