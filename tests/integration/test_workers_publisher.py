"""The publisher: estimates on LSL, under the emotions' names."""

import numpy as np
import pytest

from pipeline.records import Estimate
from pipeline.session.config import Match
from pipeline.states import ModelInfo
from pipeline.store import ids, keys
from pipeline.store.writer import StreamWriter
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from pipeline.workers import publisher
from tests.workers import context_of, session_of, working

EMOTIONS = ("Alert", "Upset")
BOUND_S = 30.0
STREAMS = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}}


def estimate(tick: int) -> Estimate:
    share = np.array([0.25, 0.75], np.float32)
    return Estimate(tick, 100 + tick / 4, share, share, share, share, {}, tick == 3, "", {"latency": 0.01}, "hash")


@pytest.fixture
def context(connection, unique):
    with context_of(connection, session_of(unique, STREAMS), participant="") as context:
        yield context


@pytest.fixture
def writer(connection, unique):
    writer = StreamWriter(connection, keys.estimates(unique, "P001"), retention_s=600)
    yield writer
    writer.close()


def put(writer: StreamWriter, *ticks: int) -> None:
    for tick in ticks:
        writer.append(ids.tick_id(tick), estimate(tick))


def test_estimates_come_out_under_the_emotions_names(context, writer, unique, until):
    context.board.put_model(ModelInfo(EMOTIONS, np.full(2, 0.5, np.float32), "hash", "made up", False, "cpu"))
    put(writer, 0)  # before the publisher began
    with working(publisher.run, context):
        until(context.board.heartbeats)  # it follows what comes from now on
        put(writer, 1)
        found = find(Match(source_id=f"helo-{unique}-P001-estimates"), BOUND_S)
        assert (found.name, found.type, found.sfreq) == ("helo-estimates-P001", "EmotionDistribution", 4.0)
        with Inlet(found) as inlet:
            assert inlet.describe().ch_names == (*EMOTIONS, "abstained")
            assert inlet.describe().can_drop_samples
            put(writer, 2, 3)
            times, rows = [], []
            while len(times) < 2:
                pulled = inlet.pull(BOUND_S)
                assert pulled is not None
                times += pulled.times.tolist()
                rows += pulled.data.tolist()
    assert times == [100.5, 100.75]
    assert rows == [[0.25, 0.75, 0], [0.25, 0.75, 1]]


def test_the_stream_of_a_demonstration_model_says_so_and_is_there_before_the_first_estimate(context, unique):
    with working(publisher.run, context):
        context.board.put_model(ModelInfo(EMOTIONS, np.full(2, 0.5, np.float32), "hash", "made up", True, "cpu"))
        assert find(Match(source_id=f"helo-{unique}-P001-estimates"), BOUND_S).name == "helo-demonstration-P001"


def received(inlet: Inlet, count: int) -> list[float]:
    """Return the timestamps of so many samples."""
    times: list[float] = []
    while len(times) < count:
        pulled = inlet.pull(BOUND_S)
        assert pulled is not None
        times += pulled.times.tolist()
    return times


def test_what_came_while_it_was_dead_is_sent_once_whoever_read_it_is_back(context, connection, writer, unique, until):
    context.board.put_model(ModelInfo(EMOTIONS, np.full(2, 0.5, np.float32), "hash", "made up", False, "cpu"))
    own = Match(source_id=f"helo-{unique}-P001-estimates")
    with working(publisher.run, context):
        until(context.board.heartbeats)  # it follows what comes from now on
        put(writer, 1)
        with Inlet(find(own, BOUND_S)) as inlet:
            put(writer, 2)
            assert received(inlet, 1) == [100.5]
            until(lambda: context.board.published("P001").tick == 2)
            assert context.board.published("P001").read
    put(writer, 3, 4)
    with (
        context_of(connection, context.settings, participant="") as again,
        working(publisher.run, again),
        Inlet(find(own, BOUND_S)) as inlet,
    ):
        put(writer, 5)
        assert received(inlet, 3) == [100.75, 101.0, 101.25]
