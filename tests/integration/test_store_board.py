"""The board shows the last of everything, and outlives the server."""

import os
import signal
from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.commands import Command
from pipeline.records import Event, Grid, StreamInfo
from pipeline.states import ModelInfo, ProcessHealth, SessionInfo, StreamHealth
from pipeline.store import keys
from pipeline.store.board import MAX_WAITING, Board
from pipeline.store.codec import encode
from pipeline.store.connection import Connection, StoreLost
from pipeline.store.ring import BlockingReader, tail

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def board(connection, clock):
    board = Board(connection, "test", clock=clock)
    yield board
    board.close()


@pytest.fixture
def other(connection):
    """The board as another process sees it."""
    other = Board(connection, "test")
    yield other
    other.close()


def kill(server):
    os.kill(server.pid, signal.SIGKILL)
    server.wait(10)


def process(kind, what, state="running"):
    return ProcessHealth(kind=kind, what=what, pid=1, state=state, restarts=0, time=1.0)


def stream(name):
    return StreamInfo(
        stream=name, name=f"helo-demo-{name}", type="EEG", source_id="x", sfreq=300.0, ch_names=("Fp1", "Fp2"),
        units=("uV", "uV"), format="float32", host="here", uid="1", use="EEG",
    )  # fmt: skip


def health(name):
    return StreamHealth(
        stream=name, state="receiving", sfreq=300.0, delivered_hz=299.0, samples_received=10, samples_lost=None,
        gaps=0, last_sample=None, offset=0.0, time=1.0,
    )  # fmt: skip


def note(text):
    return Event(time=1.0, kind="note", text=text, source="test")


def texts(connection):
    return [entry.record.text for entry in tail(connection, keys.events("test"), Event, 10_000)]


def test_nothing_is_there_before_it_is_put(other):
    assert (other.session(), other.model(), other.grid("P001")) == (None, None, None)
    assert (other.streams("P001"), other.processes(), other.stream_health()) == ({}, [], [])


def test_single_records_are_seen_by_others(board, other):
    board.put_session(SessionInfo("test", {"P001": {"eeg": "EEG"}}, 0.25, "open", ("a notice",), 1.0))
    board.put_model(ModelInfo(("Alert",), np.ones(1, np.float32), "abc", "a model", True, "cpu"))
    board.put_grid("P001", Grid(start=12.5, hop=0.25))
    assert other.session().notices == ("a notice",)
    assert other.model().mean_label.tolist() == [1.0]
    assert other.grid("P001").end(4) == 13.5
    assert other.grid("P002") is None


def test_streams_stand_under_their_names(board, other):
    board.put_stream("P001", stream("gsr"))
    board.put_stream("P001", stream("eeg"))
    board.put_stream("P002", stream("face"))
    assert {name: info.name for name, info in other.streams("P001").items()} == {
        "eeg": "helo-demo-eeg",
        "gsr": "helo-demo-gsr",
    }


def test_the_last_report_of_each_process_and_stream_counts(board, other):
    board.put_process(process("reader", "P001/eeg", "starting"))
    board.put_process(process("reader", "P001/gsr"))
    board.put_process(process("reader", "P001/eeg", "restarting"))
    board.put_stream_health(health("P001/eeg"))
    assert [(report.what, report.state) for report in other.processes()] == [
        ("P001/eeg", "restarting"),
        ("P001/gsr", "running"),
    ]
    assert [report.stream for report in other.stream_health()] == ["P001/eeg"]


def test_events_and_commands_come_in_order(board, connection):
    for number in range(3):
        board.append_event(note(f"note {number}"))
    board.append_command(Command("c1", "note", {"text": "hello"}, "operator"))
    assert texts(connection) == ["note 0", "note 1", "note 2"]
    reader = BlockingReader(connection, {keys.commands("test"): "0-0"}, Command)
    assert [entry.record.arguments for entry in reader.read(5)] == [{"text": "hello"}]
    reader.close()


def test_an_empty_store_is_told_everything_again(board, other, clock, store_server):
    board.put_grid("P001", Grid(start=12.5, hop=0.25))
    board.put_stream("P001", stream("eeg"))
    board.put_process(process("reader", "P001/eeg", "starting"))
    board.put_process(process("reader", "P001/eeg", "running"))
    kill(store_server)
    store_server.start()  # nobody wrote in between
    assert not board.flush()  # the broken connection is noticed
    clock.now += 1.0
    assert board.flush()
    assert other.grid("P001").start == 12.5
    assert list(other.streams("P001")) == ["eeg"]
    assert [report.state for report in other.processes()] == ["running"]


def test_an_empty_store_is_told_again_what_happened_within_a_minute(board, other, clock, store_server, connection):
    board.append_event(note("long ago"))
    clock.now += 50
    board.append_event(note("lately"))
    board.append_command(Command("c1", "note", {"text": "hello"}, "operator"))
    clock.now += 20
    kill(store_server)
    board.append_event(note("while it was lost"))
    store_server.start()
    other.append_event(note("by another process"))
    clock.now += 1.0
    assert board.flush()
    assert texts(connection) == ["by another process", "lately", "while it was lost"]
    assert connection.last_id(keys.commands("test")) == "0-0"  # what was obeyed is not asked for again


def test_what_is_written_while_the_store_is_lost_goes_out_when_it_is_back(
    board, other, clock, store_server, connection
):
    kill(store_server)
    board.put_grid("P001", Grid(start=12.5, hop=0.25))
    board.append_event(note("first"))
    board.append_event(note("second"))
    assert board.lost
    with pytest.raises(StoreLost):
        board.grid("P001")
    store_server.start()
    clock.now += 1.0
    assert board.flush()
    assert not board.lost
    assert other.grid("P001").start == 12.5
    assert texts(connection) == ["first", "second"]


def test_an_event_whose_acknowledgement_was_lost_is_not_stored_twice(clock, store_server, connection):
    impatient = Connection(store_server.url, answer_s=0.2)
    board = Board(impatient, "test", clock=clock)
    board.append_event(note("before"))
    os.kill(store_server.pid, signal.SIGSTOP)
    board.append_event(note("meanwhile"))  # the server has it, but does not answer
    os.kill(store_server.pid, signal.SIGCONT)
    clock.now += 1.0
    board.append_event(note("after"))
    assert texts(connection) == ["before", "meanwhile", "after"]
    board.close()
    impatient.close()


def test_a_store_that_lived_on_is_told_nothing_twice(board, clock, redis_client, connection):
    board.append_event(note("once"))
    redis_client.client_kill_filter(_type="normal", skipme=True)
    assert not board.flush()
    clock.now += 1.0
    board.append_event(note("after"))
    assert texts(connection) == ["once", "after"]


def test_too_many_events_for_a_lost_store_are_given_up_aloud(board, clock, store_server, connection, caplog):
    kill(store_server)
    for number in range(MAX_WAITING + 2):
        board.append_event(note(str(number)))
    assert sum("given up" in record.getMessage() for record in caplog.records) == 2
    store_server.start()
    clock.now += 1.0
    assert board.flush()
    assert texts(connection) == [str(number) for number in range(2, MAX_WAITING + 2)]


def test_foreign_fields_of_the_health_hash_are_left_alone(board, connection):
    connection.put_field(keys.health("test"), "foreign", b"1")
    connection.put_field(keys.health("test"), "process:reader:x", encode(process("reader", "x")))
    assert [report.what for report in board.processes()] == ["x"]
