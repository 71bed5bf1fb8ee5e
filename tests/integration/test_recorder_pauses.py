"""What arrives while nothing is recorded is never written, whoever dies meanwhile."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.commands import Recording
from pipeline.records import Event
from pipeline.session.folder import read_provenance
from pipeline.store.connection import Connection
from pipeline.store.server import EmbeddedServer
from tests.played import OFFSET, Session

Until = Callable[..., None]
TRIALS = {"start": "start *", "end": "end *", "condition": {"calm-*": "calm", "*": "other"}}


@pytest.fixture
def session(unique: str, tmp_path: Path, store_server: EmbeddedServer, connection: Connection) -> Iterator[Session]:
    made = Session(unique, tmp_path, store_server, connection, trials=TRIALS)
    made.announce()
    yield made
    made.close()


def at(sample: int) -> float:
    """Return when a sample arrives; it is the last of its chunk."""
    return sample / 100 + OFFSET


def recorded(session: Session, *spans: tuple[int, int | None], state: str = "recording") -> None:
    """Say from which sample on to which (excluded) it is recorded."""
    times = ((at(begin), None if end is None else at(end)) for begin, end in spans)
    session.board.put_recording(Recording(state, tuple(times)))


def known(session: Session) -> list:
    """Return what the recorder knows of it."""
    return read_provenance(session.folder).get("recorded")


def samples(session: Session) -> list[int]:
    return [int(value) for value in session.xdf()["Cap"]["time_series"][:, 0]]


def test_what_came_before_the_recording_began_is_not_in_it(session: Session, until: Until):
    session.board.put_recording(Recording("set-up"))
    session.start()
    for first in range(0, 30, 10):
        session.eeg(first)
    session.tick(0)
    session.board.append_event(Event(at(5), "marker", "start calm-1", "P001/marks"))
    until(lambda: session.board.heartbeats())
    assert list(session.folder.iterdir()) == []
    recorded(session, (20, None))
    until(lambda: session.recorded() == 10)
    assert session.stop() == 0
    assert samples(session) == list(range(20, 30))
    assert session.events() == []


@pytest.mark.parametrize("dies", ["nobody", "recorder", "recorder and store"])
def test_what_came_while_it_was_paused_is_not_in_it(dies, session: Session, store_server, until: Until):
    recorded(session, (0, None))
    session.start()
    session.eeg(0)
    until(lambda: session.recorded() == 10)
    recorded(session, (0, 15), state="paused")
    until(lambda: known(session) == [[at(0), at(15)]])
    session.eeg(10)
    if dies == "nobody":
        session.tick(0)
        until(lambda: session.recorded("helo-estimates-P001") == 1)
    else:
        session.stop(signal.SIGKILL)
        if dies == "recorder and store":
            os.kill(store_server.pid, signal.SIGKILL)
            store_server.wait(10)
            store_server.start()
        session.start()
    session.eeg(20)
    until(lambda: session.board.flush())
    recorded(session, (0, 15), (35, None))
    until(lambda: session.board.flush() and known(session) == [[at(0), at(15)], [at(35), None]])
    session.eeg(30)
    session.eeg(40)
    until(lambda: session.recorded() == 30)
    assert session.stop() == 0
    assert samples(session) == [*range(10), *range(30, 50)]
    assert not [event for event in session.events() if event["kind"] == "gap"]


def test_samples_that_were_lost_are_a_gap_in_words(session: Session, until: Until):
    recorded(session, (0, None))
    session.start()
    session.eeg(0)
    until(lambda: session.recorded() == 10)
    session.eeg(20)
    until(lambda: [event["kind"] for event in session.events()] == ["gap"])
    assert "10 samples of P001/eeg were gone" in session.events()[0]["text"]


def test_trials_are_on_the_disk_while_the_run_goes_on(session: Session, until: Until):
    recorded(session, (0, None))
    session.start()
    for time, text in ((1.0, "start calm-1"), (2.5, "end calm-1"), (3.0, "start film")):
        session.board.append_event(Event(time, "marker", text, "P001/marks"))
    file = session.folder / "trials.tsv"
    until(lambda: file.exists() and len(file.read_text().splitlines()) == 3)
    rows = [
        "onset\tduration\tname\tcondition\tsource",
        "1.000000\t1.500000\tcalm-1\tcalm\tP001/marks",
        "3.000000\tn/a\tfilm\tother\tP001/marks",
    ]
    assert file.read_text().splitlines() == rows
    session.stop(signal.SIGKILL)
    session.board.append_event(Event(4.0, "marker", "end film", "P001/marks"))
    session.start()
    rows[2] = rows[2].replace("n/a", "1.000000")
    until(lambda: file.read_text().splitlines() == rows)
    assert session.stop() == 0
    assert file.read_text().splitlines() == rows
