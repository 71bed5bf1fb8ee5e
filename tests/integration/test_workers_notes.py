"""The notes worker: a note is an LSL marker at the time of what it tells, sent once."""

import pytest

from pipeline.records import Event
from pipeline.session.config import Match
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from pipeline.workers import notes
from tests.workers import context_of, session_of, working

BOUND_S = 30.0
STREAMS = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}}


@pytest.fixture
def context(connection, unique):
    with context_of(connection, session_of(unique, STREAMS), participant="") as context:
        yield context


def received(inlet: Inlet, count: int) -> list[tuple[float, str]]:
    """Return time and text of so many markers."""
    found: list[tuple[float, str]] = []
    while len(found) < count:
        pulled = inlet.pull(BOUND_S)
        assert pulled is not None
        found += [(time, text) for time, (text,) in zip(pulled.times.tolist(), pulled.strings, strict=True)]
    return found


def test_a_note_is_a_marker_at_its_own_time_and_other_events_are_none(context, unique):
    with (
        working(notes.run, context),
        Inlet(find(Match(source_id=f"helo-{unique}-notes"), BOUND_S)) as inlet,
    ):
        assert (inlet.describe().name, inlet.describe().type) == (f"helo-notes-{unique}", "NoteMarkers")
        context.board.append_event(Event(8.0, "note", "coughs", "alice"))
        context.board.append_event(Event(9.0, "marker", "start clip", "P001/marks"))
        context.board.append_event(Event(7.5, "note", "<b>täuscht</b>", "bob"))
        assert received(inlet, 2) == [(8.0, "coughs"), (7.5, "<b>täuscht</b>")]


def test_what_was_noted_while_it_was_dead_is_sent_once_whoever_read_it_is_back(context, connection, unique, until):
    own = Match(source_id=f"helo-{unique}-notes")
    with working(notes.run, context), Inlet(find(own, BOUND_S)) as inlet:
        context.board.append_event(Event(1.0, "note", "before", "alice"))
        assert received(inlet, 1) == [(1.0, "before")]
        until(lambda: context.board.noted() is not None and context.board.noted().read)
    context.board.append_event(Event(2.0, "note", "meanwhile", "alice"))
    with (
        context_of(connection, context.settings, participant="") as again,
        working(notes.run, again),
        Inlet(find(own, BOUND_S)) as inlet,
    ):
        context.board.append_event(Event(3.0, "note", "after", "alice"))
        assert received(inlet, 2) == [(2.0, "meanwhile"), (3.0, "after")]


def test_a_note_that_an_emptied_store_is_told_again_is_sent_once(context, unique):
    with (
        working(notes.run, context),
        Inlet(find(Match(source_id=f"helo-{unique}-notes"), BOUND_S)) as inlet,
    ):
        for text in ("one", "one", "two"):
            context.board.append_event(Event(1.0, "note", text, "alice"))
        assert received(inlet, 2) == [(1.0, "one"), (1.0, "two")]
