"""What the one reader of the store makes of models that change, clocks that are set, and other participants."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dashboard.feed import Feed
from dashboard.run import Run
from pipeline.states import Alarm, Alarms, ModelInfo, SessionInfo
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection
from pipeline.store.ids import tick_id
from pipeline.store.server import EmbeddedServer
from pipeline.store.writer import StreamWriter
from pipeline.streams.clock import local_clock
from tests.browser.written import HOP_S, MEAN, estimate

EPOCH = 1.7e9
EMOTIONS = tuple("abcdefghij")


class Wall:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.ahead = EPOCH

    def __call__(self) -> float:
        return local_clock() + self.ahead


class Session:
    """Two participants, of whom one is estimated."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.board = Board(connection, name)
        everybody = {"P001": {"eeg": "EEG"}, "P002": {"eeg": "EEG"}}
        self.board.put_session(SessionInfo(name, everybody, HOP_S, "open", (), local_clock()))
        self.writer = StreamWriter(connection, keys.estimates(name, "P001"), retention_s=3600)
        self.tick = 0

    def model(self, model_hash: str, *, mean: np.ndarray = MEAN) -> None:
        self.board.put_model(ModelInfo(EMOTIONS, mean, model_hash, "A model.", demonstration=False, device="cpu"))

    def estimates(self, count: int, model_hash: str) -> None:
        for _ in range(count):
            self.tick += 1
            one = estimate(self.tick, local_clock(), model_hash=model_hash)
            assert self.writer.append(tick_id(self.tick), one)


@pytest.fixture
def session(connection: Connection, unique: str) -> Iterator[Session]:
    session = Session(connection, unique)
    yield session
    session.writer.close()
    session.board.close()


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def open_feed(store_server: EmbeddedServer, unique: str, wall: Wall) -> Iterator[Callable[[], Feed]]:
    made: list[Feed] = []

    def open_one() -> Feed:
        made.append(Feed(store_server.url, unique, wall=wall))
        return made[-1]

    yield open_one
    for feed in made:
        feed.close()


def seen(feed: Feed, participant: str = "P001") -> dict:
    """Return what a new page is sent."""
    return json.loads(feed.update(participant, None)[0])


def numbers(update: bytes) -> list[int]:
    """Return which estimates an update has."""
    return [number for number, *_ in json.loads(update)["points"]]


def shows(feed: Feed, count: int) -> bool:
    """Return whether a new page is sent so many estimates, and of what they are."""
    update = seen(feed)
    return len(update["points"]) == count and bool(update["setup"]["emotions"])


def test_the_bell_rings_for_the_participant_of_whom_there_is_a_new_estimate(session, open_feed, until):
    session.model("one")
    session.estimates(4, "one")
    feed = open_feed()
    until(lambda: shows(feed, 4))
    _, sent = feed.update("P001", None)
    assert numbers(feed.update("P001", sent)[0]) == []

    async def listen() -> bool:
        mine, others = asyncio.Event(), asyncio.Event()
        with feed.bell.heard("P001", mine), feed.bell.heard("P002", others):
            session.estimates(1, "one")
            await asyncio.wait_for(mine.wait(), 60)
        return others.is_set()

    with ThreadPoolExecutor(1) as thread:  # this one may have a loop already, that of a browser
        assert not thread.submit(asyncio.run, listen()).result()
    assert numbers(feed.update("P001", sent)[0]) == [4]


def test_viewers_who_have_been_sent_the_same_are_sent_the_same_again_until_something_is_new(
    session, connection, unique
):
    session.model("one")
    session.estimates(4, "one")
    info = session.board.session()
    assert info is not None
    run = Run(connection, info, EPOCH)
    now = local_clock()
    run.look(session.board, now, 0.0)
    first, sent = run.update("P001", now, "", None)
    assert run.update("P001", now + 0.01, "", None)[0] is first
    assert numbers(run.update("P001", now + 0.01, "", sent)[0]) == []
    assert run.update("P002", now + 0.01, "", None)[0] != first
    assert run.update("P001", now + 0.01, "a fault", None)[0] != first
    assert json.loads(run.update("P001", now + 1, "", None)[0])["sent"] > json.loads(first)["sent"]
    session.estimates(1, "one")
    assert run.read(60) == {"P001"}
    assert numbers(run.update("P001", now + 1, "", None)[0]) == [0, 1, 2, 3, 4]
    run.close()


def test_estimates_of_another_model_do_not_stand_beside_the_mean_label_of_this_one(session, open_feed, until):
    session.model("before")
    session.estimates(8, "before")
    feed = open_feed()
    until(lambda: shows(feed, 8))
    name = seen(feed)["feed"]
    session.model("after", mean=np.linspace(0.05, 0.15, 10, dtype=np.float32))
    until(lambda: seen(feed)["feed"] != name)
    update = seen(feed)
    assert (update["points"], update["current"], update["trend"]) == ([], {}, None)
    session.estimates(3, "after")
    until(lambda: shows(feed, 3))
    assert len(seen(feed)["current"]["shares"]) == 10
    late = open_feed()
    until(lambda: shows(late, 3))


def test_a_wall_clock_that_is_set_is_followed_and_the_page_built_anew(session, open_feed, wall, until):
    session.model("one")
    session.estimates(4, "one")
    feed = open_feed()
    until(lambda: shows(feed, 4))
    before = seen(feed)
    wall.ahead += 3600
    until(lambda: seen(feed)["feed"] != before["feed"] and shows(feed, 4))
    after = seen(feed)
    moved = [new[1] - old[1] for old, new in zip(before["points"], after["points"], strict=True)]
    assert moved == pytest.approx([3_600_000] * 4, abs=2)


def test_a_wall_clock_that_is_steered_a_little_changes_nothing(session, open_feed, wall, until):
    session.model("one")
    session.estimates(4, "one")
    feed = open_feed()
    until(lambda: shows(feed, 4))
    before = seen(feed)
    wall.ahead += 0.3
    session.estimates(4, "one")
    until(lambda: shows(feed, 8))
    assert seen(feed)["feed"] == before["feed"]
    assert seen(feed)["points"][:4] == before["points"]
    until(lambda: seen(feed)["ahead"] == pytest.approx(300, abs=2))  # by which the page knows when it painted


def test_an_alarm_of_another_participant_is_told_and_named(session, open_feed, until):
    session.model("one")
    session.estimates(4, "one")
    alarm = Alarm("P002 0", "P002", "EDA is lost for 5 s.", local_clock(), sounds=True)
    session.board.put_alarms(Alarms((alarm,)))
    feed = open_feed()
    until(lambda: seen(feed)["status"]["title"] == "Alarm for P002: EDA is lost for 5 s.")
    until(lambda: seen(feed, "P002")["alarms"])
