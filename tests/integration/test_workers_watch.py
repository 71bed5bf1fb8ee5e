"""Processes that hang are ended and started again; a store that is paused makes nobody look hung."""

import os
import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from pipeline.store.board import Board
from pipeline.store.connection import STORE_VARIABLE, Connection, StoreLost
from pipeline.workers import watch as module
from pipeline.workers.child import Child, ProcessSpec, stop_in_order
from pipeline.workers.watch import watching

Until = Callable[..., None]
BEATS = """
import os, threading
from pipeline.store.board import Board
from pipeline.store.connection import STORE_VARIABLE, connect
from pipeline.workers.pulse import Pulse
pulse = Pulse(Board(connect(os.environ[STORE_VARIABLE]), "s"), "infer", "")
while not threading.Event().wait(0.05):
    pulse.beat(within_s=1.0)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def worker(store_server, said) -> Iterator[Child]:
    """A worker that must beat every second."""
    spec = ProcessSpec(
        "infer", "", [sys.executable, "-c", BEATS], 0, env={STORE_VARIABLE: store_server.url}, beats=True
    )
    child = Child(spec, lambda _, sentence: said.append(sentence), lambda _, line: None)
    child.start()
    yield child
    stop_in_order([child], within_s=5)


def beats(connection: Connection, child: Child) -> bool:
    beat = Board(connection, "s").heartbeats().get(("infer", ""))
    return beat is not None and beat.pid == child.pid


def test_a_paused_worker_is_ended_and_started_again(connection, worker, said, until: Until):
    with watching(connection, "s", [worker]):
        until(lambda: beats(connection, worker))
        first = worker.pid
        os.kill(first, signal.SIGSTOP)
        until(lambda: worker.pid != first and beats(connection, worker))
    assert "The infer process gave no sign of life and was killed; it is being restarted." in said


def test_while_the_store_is_paused_no_worker_hangs(connection, worker, store_server, until: Until, monkeypatch):
    monkeypatch.setattr(module, "_ANSWER_S", 0.2)
    probe = connection.impatient(0.2)
    with watching(connection, "s", [worker]):
        until(lambda: beats(connection, worker))
        os.kill(store_server.pid, signal.SIGSTOP)
        for _ in range(15):
            with pytest.raises(StoreLost):
                probe.ping()
        os.kill(store_server.pid, signal.SIGCONT)
        before = Board(connection, "s").heartbeats()["infer", ""].time
        until(lambda: Board(connection, "s").heartbeats()["infer", ""].time > before)
    probe.close()
    assert worker.restarts == 0


def test_a_store_that_hangs_is_started_again(connection, store_directory, until: Until, monkeypatch, said):
    monkeypatch.setattr(module, "_ANSWER_S", 0.2)
    monkeypatch.setattr(module, "SILENT_S", 1.0)
    code = "import signal; print('ready', flush=True); signal.pause()"
    store = Child(
        ProcessSpec("store", "", [sys.executable, "-c", code], 9),
        lambda _, sentence: said.append(sentence),
        lambda _, line: None,
    )
    store.start()
    nowhere = Connection(f"unix://{store_directory}/none.sock")
    with watching(nowhere, "s", [store]):
        until(lambda: store.restarts == 1)
    stop_in_order([store], within_s=5)
    assert "The store process gave no sign of life and was killed; it is being restarted." in said
