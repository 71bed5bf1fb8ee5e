"""The pre-flight before a recording begins: what is amiss at this moment, in words."""

import numpy as np
import pytest

from pipeline.states import ModelInfo, ProcessHealth, StreamHealth
from pipeline.store.board import Board
from pipeline.workers.ready import amiss
from tests.workers import session_of

STREAMS = {
    "eeg": {"match": {"type": "EEG"}, "use": "EEG"},
    "face": {"match": {"type": "Face"}, "use": "Face", "required": False},
}


@pytest.fixture
def ready(connection, unique, tmp_path):
    """Return a board where all is well, and the pre-flight of its session."""
    board = Board(connection, unique)
    board.put_model(ModelInfo(("Alert",), np.ones(1, np.float32), "hash", "made up", False, "cpu"))
    board.put_stream_health(health("receiving"))
    board.put_process(process("reader", "running"))
    yield board, lambda: amiss(session_of(unique, STREAMS), tmp_path, board)
    board.close()


def health(state: str) -> StreamHealth:
    return StreamHealth("P001/eeg", state, 300.0, 300.0, 9, 0, 0, 1.0, 0.0, 1.0)


def process(kind: str, state: str) -> ProcessHealth:
    return ProcessHealth(kind, "P001/eeg" if kind == "reader" else "", 1, state, 0, 1.0)


def test_nothing_is_amiss_with_a_sensor_that_is_not_required_or_a_dashboard_that_is_away(ready):
    board, preflight = ready
    assert preflight() == []
    board.put_process(process("dashboard", "restarting"))
    assert preflight() == []


@pytest.mark.parametrize(("state", "words"), [("waiting", "has not been found yet"), ("lost", "delivers no samples")])
def test_a_required_sensor_that_does_not_deliver_is_named(ready, state, words):
    board, preflight = ready
    board.put_stream_health(health(state))
    assert preflight() == [f"P001/eeg {words}"]


def test_a_process_that_is_not_at_work_is_named(ready):
    board, preflight = ready
    board.put_process(process("reader", "restarting"))
    board.put_process(process("infer", "failed"))
    assert preflight() == ["the infer process is failed", "the reader P001/eeg process is restarting"]


def test_before_anything_is_known_everything_is_amiss(connection, unique, tmp_path):
    board = Board(connection, unique)
    assert amiss(session_of(unique, STREAMS), tmp_path, board) == [
        "P001/eeg has not been found yet", "the model is not loaded yet",
    ]  # fmt: skip
    board.close()
