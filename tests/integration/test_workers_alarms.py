"""The alarms worker: what sounds is an event, a line on the board, and an LSL marker."""

import numpy as np
import pytest

from pipeline.commands import Recording
from pipeline.records import Estimate, Event
from pipeline.session.config import Match
from pipeline.states import ModelInfo, StreamHealth
from pipeline.store import ids, keys
from pipeline.store.ring import BlockingReader
from pipeline.store.writer import StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from pipeline.workers import alarms
from tests.workers import board_apart, context_of, session_of, working

EMOTIONS = ("Alert", "Upset")
BOUND_S = 30.0
STREAMS = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}}
RULES = [{"when": "lost"}, {"when": "emotion", "emotion": "Upset", "above": 0.6, "for_s": 0.5}]


def estimate(tick: int, upset: float) -> Estimate:
    share = np.array([1 - upset, upset], np.float32)
    return Estimate(tick, 100 + tick / 4, share, share, share, share, {}, False, "", {"latency": 0.01}, "hash")


@pytest.fixture
def context(connection, unique):
    with context_of(connection, session_of(unique, STREAMS, alarms=RULES), participant="") as context:
        context.board.put_model(ModelInfo(EMOTIONS, np.full(2, 0.5, np.float32), "hash", "made up", False, "cpu"))
        yield context


@pytest.fixture
def put(connection, unique):
    writer = StreamWriter(connection, keys.estimates(unique, "P001"), retention_s=600)

    def put(upset: float, *ticks: int) -> None:
        for tick in ticks:
            writer.append(ids.tick_id(tick), estimate(tick, upset))

    yield put
    writer.close()


@pytest.fixture
def events(connection, unique):
    """Return a function that waits for the next events of the session."""
    reader = BlockingReader(connection, {keys.events(unique): ids.START}, Event)

    def following() -> list[tuple[str, str, str]]:
        found: list[Event] = []
        while not found:
            found = [entry.record for entry in reader.read(BOUND_S)]
        return [(event.kind, event.text, event.source) for event in found]

    yield following
    reader.close()


def health(state: str) -> StreamHealth:
    now = local_clock()
    return StreamHealth("P001/gsr", state, 32.0, 32.0, 9, 0, 0, now, 0.0, now)


def sounding(board) -> list[str]:
    found = board.alarms()
    return [] if found is None else [alarm.text for alarm in found.sounding]


def test_an_alarm_is_an_event_a_line_on_the_board_and_a_marker(context, put, events, unique, until):
    with (
        working(alarms.run, context),
        Inlet(find(Match(source_id=f"helo-{unique}-alarms"), BOUND_S)) as inlet,
    ):
        until(context.board.heartbeats)  # it follows what comes from now on
        put(0.7, 1, 2, 3)
        text = "Upset is above 60 % for 0.5 s."
        assert events() == [("alarm", text, "P001/alarms")]
        assert sounding(context.board) == [text]
        pulled = inlet.pull(BOUND_S)
        assert pulled is not None
        assert (pulled.strings, pulled.times.tolist()) == (((f"alarm P001: {text}",),), [100.75])
        put(0.4, 4)
        assert events() == [("alarm over", f"{text} Over after 0.8 s.", "P001/alarms")]
        assert sounding(context.board) == []


def test_estimates_are_judged_while_nothing_is_known_of_streams(context, put, unique, until, monkeypatch):
    monkeypatch.setattr(alarms, "LOOK_EVERY_S", 0.0)
    with board_apart(context) as (apart, store):
        apart.board.put_model(context.board.model())
        with (
            working(alarms.run, apart),
            Inlet(find(Match(source_id=f"helo-{unique}-alarms"), BOUND_S)) as inlet,
        ):
            until(apart.board.heartbeats)
            told = []
            for upset, ticks in ((0.7, (1, 2, 3)), (0.4, (4,)), (0.7, (5, 6, 7)), (0.4, (8,))):
                put(upset, *ticks)
                told += inlet.pull(BOUND_S).strings
                store.stop()
            store.start()
            until(apart.board.flush)
    assert [text.partition(" P001: ")[0] for (text,) in told] == ["alarm", "alarm over"] * 2


def test_a_lost_stream_sounds_until_it_is_back(context, events):
    with working(alarms.run, context):
        context.board.put_stream_health(health("lost"))
        assert events() == [("alarm", "Stream gsr is lost.", "P001/alarms")]
        context.board.put_stream_health(health("receiving"))
        ((kind, text, _),) = events()
        assert kind == "alarm over"
        assert text.startswith("Stream gsr is lost. Over after ")


def test_an_alarm_that_sounds_does_not_begin_again_after_a_restart(context, connection, put, events, until):
    with working(alarms.run, context):
        until(context.board.heartbeats)
        put(0.7, 1, 2, 3)
        assert [kind for kind, _, _ in events()] == ["alarm"]
    ended = local_clock()
    with context_of(connection, context.settings, participant="") as again, working(alarms.run, again):
        until(lambda: any(beat.time > ended for beat in again.board.heartbeats().values()))
        put(0.7, 4, 5, 6)
        put(0.4, 7)
        assert [kind for kind, _, _ in events()] == ["alarm over"]


def test_estimates_do_not_sound_while_the_session_is_paused(context, put, events, until):
    context.board.put_recording(Recording("paused", ((1.0, 2.0),)))
    with working(alarms.run, context):
        until(context.board.heartbeats)
        put(0.7, 1, 2, 3)
        context.board.put_stream_health(health("lost"))
        assert [text for _, text, _ in events()] == ["Stream gsr is lost."]
