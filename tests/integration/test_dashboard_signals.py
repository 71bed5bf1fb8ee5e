"""However many look at the signals, the store is read once; and not at all for the sake of nobody."""

from collections.abc import Callable, Iterator

import pytest
import redis

from dashboard.feed import Feed
from dashboard.signals.choice import Choice
from dashboard.signals.watched import PERIOD_S
from pipeline.states import SessionInfo
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection
from pipeline.store.server import EmbeddedServer
from pipeline.streams.clock import local_clock
from tests.sensors import Sensor
from tests.signals_samples import stream_info

LENGTH_S = 60.0


@pytest.fixture
def feed(store_server: EmbeddedServer, connection: Connection, unique: str) -> Iterator[Feed]:
    """Follow a session that has an EEG."""
    board = Board(connection, unique)
    board.put_session(SessionInfo(unique, {"P001": {"eeg": "EEG"}}, 0.25, "open", (), local_clock()))
    board.put_stream("P001", stream_info("EEG"))
    feed = Feed(store_server.url, unique)
    yield feed
    feed.close()
    board.close()


@pytest.fixture
def sensor(connection: Connection, unique: str) -> Iterator[Sensor]:
    sensor = Sensor(connection, unique, "EEG", local_clock() - 8, LENGTH_S)
    sensor.send(8)
    yield sensor
    sensor.close()


def test_the_first_viewer_is_shown_what_is_there(feed):
    assert feed.participants() == ["P001"]


def test_a_new_viewer_gets_the_last_seconds_and_then_what_is_new(feed, sensor, until):
    seen = []

    def look() -> bool:
        update, sent = feed.signals("P001", Choice(), seen[-1] if seen else None)
        if update["signals"].get("eeg", {}).get("columns", {}).get("at"):
            seen.append(sent)
        return bool(seen)

    until(look)
    first = seen[-1].columns["eeg"][1]
    assert first > 0.7 * 8 * 80  # 8 s of 80 columns a second, of which the oldest may have gone
    sensor.send(9)
    until(lambda: look() and seen[-1].columns["eeg"][1] >= first + 70)


def test_ten_viewers_cost_one_read_of_the_store(
    feed: Feed, sensor: Sensor, redis_client: redis.Redis, unique: str, until: Callable[..., None]
):
    key = keys.raw(unique, "P001", "eeg")
    until(lambda: feed.signals("P001", Choice(), None)[0]["signals"]["eeg"].get("columns"))
    reads: list[float] = []
    with redis_client.monitor() as monitor:
        began, looked = local_clock(), 0
        while len(reads) < 6:
            for _ in range(10):
                feed.signals("P001", Choice(), None)
                looked += 1
            command = monitor.next_command()
            if command["command"].startswith("XREAD ") and key in command["command"]:
                reads.append(local_clock())
        took = local_clock() - began
        assert looked > 10 * len(reads)
        assert len(reads) <= took / PERIOD_S + 2
        # Nobody looks any longer: soon the samples are not read any more, while the rest goes on.
        without = 0
        while without < 8:
            command = monitor.next_command()["command"]
            without = 0 if key in command else without + command.startswith("XREAD ")
    update, _ = feed.signals("P001", Choice(), None)
    assert "columns" not in update["signals"]["eeg"]
    until(lambda: feed.signals("P001", Choice(), None)[0]["signals"]["eeg"].get("columns"))
