"""Ratings reach the folder through the store and a real recorder, also one that was killed."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.commands import Command
from pipeline.records import Event
from pipeline.session.ratings import ItemRating, TrialRating, rating_in
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection
from pipeline.store.ring import BlockingReader
from pipeline.store.server import EmbeddedServer
from pipeline.streams.clock import local_clock
from pipeline.workers.control import Control
from tests.played import Session
from tests.workers import choosing_of

Until = Callable[..., None]
ITEMS = ("Valence", "Arousal", "Dominance")


@pytest.fixture
def session(
    unique: str, tmp_path: Path, store_server: EmbeddedServer, connection: Connection
) -> Iterator[tuple[Session, Control]]:
    rated = {"trials": {"start": "start *", "end": "end *"}, "rating": {"scale": "sam"}}
    made = Session(unique, tmp_path, store_server, connection, **rated)
    board = Board(connection, unique)
    control = Control(board, "recording", list, choosing_of(board, unique, tmp_path))
    made.announce()
    yield made, control
    board.close()
    made.close()


def rate(session: Session, control: Control, name: str, onset: float, value: int) -> TrialRating:
    """Mark a trial and rate it, as the dashboard asks for it."""
    for time, what in ((onset, "start"), (onset + 5, "end")):
        session.board.append_event(Event(time, "marker", f"{what} {name}", "P001/marks"))
    items = tuple(ItemRating(item, value, 1.25, 2) for item in ITEMS)
    rating = TrialRating("P001", name, onset, "t", 1, 9, items)
    asked = {"text": rating.as_text(), "time": repr(onset + 6)}
    assert control.obey(Command("c", "rating", asked, "P001/rating")).done
    return rating


def test_raw_ratings_are_events_and_the_table_goes_on_after_a_crash(session: tuple[Session, Control], until: Until):
    played, control = session
    table = played.folder / "ratings.csv"
    played.start()
    first = rate(played, control, "film-1", 10.0, 4)
    until(lambda: table.exists() and "film-1" in table.read_text())
    assert played.stop(signal.SIGKILL) == -signal.SIGKILL
    second = rate(played, control, "film-2", 20.0, 9)
    played.start()
    until(lambda: "film-2" in table.read_text())
    assert played.stop() == 0

    said = [event for event in played.events() if event["kind"] == "rating"]
    assert [rating_in(event["text"]) for event in said] == [first, second]
    assert [(event["time"], event["source"]) for event in said] == [(16.0, "P001/rating"), (26.0, "P001/rating")]
    in_raw = played.xdf()["helo-events"]["time_series"]
    assert [text for kind, text, _ in in_raw if kind == "rating"] == [first.as_text(), second.as_text()]
    assert table.read_text().splitlines() == [
        "participant,session,trial,start,end,Valence,Arousal,Dominance",
        "P001,recorded,film-1,,,3,3,3",
        "P001,recorded,film-2,,,8,8,8",
    ]


@pytest.mark.parametrize("arguments", [{}, {"text": "{}", "time": "1"}, {"text": "good", "time": "1"}])
def test_what_is_no_rating_is_refused(session: tuple[Session, Control], connection: Connection, arguments: dict):
    played, control = session
    assert not control.obey(Command("c", "rating", arguments, "P001/rating")).done
    reader = BlockingReader(connection, {keys.events(played.name): ids.START}, Event)
    assert [entry.record.kind for entry in reader.read(0)] == ["refused"]
    reader.close()


def test_a_rating_needs_a_moment(session: tuple[Session, Control]):
    _, control = session
    text = TrialRating("P001", "film", 1.0, "t", 1, 9, ()).as_text()
    for time in ("soon", "nan"):
        assert not control.obey(Command("c", "rating", {"text": text, "time": time}, "P001/rating")).done
    assert control.obey(Command("c", "rating", {"text": text, "time": repr(local_clock())}, "P001/rating")).done
