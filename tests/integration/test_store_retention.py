"""What nobody has read yet is kept for longer, but not for ever, and nothing of it goes without an alarm first."""

import os
import signal

import pytest

from pipeline.records import Grid
from pipeline.store import ids, keys
from pipeline.store.ids import parse, raw_id
from pipeline.store.retention import Acknowledged
from pipeline.store.writer import StreamWriter
from tests.integration.test_store_writer import Clock

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)
KEY = keys.raw("test", "P001", "eeg")
RETENTION_S = 120
#: The server drops whole blocks of entries.
BLOCK = 100


class Ring:
    """A stream with an entry a second, whose number is its second."""

    def __init__(self, connection):
        self.clock = Clock()
        self.alarms: list[str] = []
        self.said_at: list[int] = []
        self.second = 0
        self._connection = connection
        self._writer = StreamWriter(connection, KEY, retention_s=RETENTION_S, alarm=self._say, clock=self.clock)

    def begin_anew(self) -> None:
        """Go on with another writer, as a process that was replaced does."""
        self._writer.close()
        self._writer = StreamWriter(self._connection, KEY, retention_s=RETENTION_S, alarm=self._say, clock=self.clock)

    def write(self, seconds: int) -> None:
        for _ in range(seconds):
            assert self._writer.append(raw_id(7, self.second), Grid(0.0, 1.0))
            self.second += 1
            self.clock.now += 1.0

    @property
    def oldest(self) -> int:
        return parse(self._connection.range(KEY, count=1)[0][0])[1] - 1

    def flush(self) -> bool:
        self.clock.now += 1.0
        return self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def _say(self, sentence: str) -> None:
        self.alarms.append(sentence)
        self.said_at.append(self.oldest)


@pytest.fixture
def ring(connection):
    ring = Ring(connection)
    yield ring
    ring.close()


@pytest.fixture
def recorder(connection):
    recorder = Acknowledged(connection, "recorder")
    yield recorder
    recorder.close()


def test_what_everybody_has_read_goes_after_the_retention(ring, recorder, connection):
    preprocess = Acknowledged(connection, "preprocess")
    for _ in range(100):
        ring.write(5)
        recorder.put({KEY: raw_id(7, ring.second - 3)})
        preprocess.put({KEY: raw_id(7, ring.second - 1)})
    preprocess.close()
    assert RETENTION_S <= ring.second - ring.oldest <= RETENTION_S + BLOCK + 2
    assert ring.alarms == []


def test_what_a_worker_has_not_read_is_kept_as_long_again_and_an_alarm_says_so_first(ring, recorder):
    ring.write(50)
    recorder.put({KEY: raw_id(7, 39)})
    ring.write(120)
    (alarm,) = ring.alarms
    assert alarm == "In P001/raw/eeg recorder is more than 120 s behind; what it has not read is kept as long again."
    assert ring.said_at == [0]
    ring.write(100)
    assert ring.oldest <= 40
    assert len(ring.alarms) == 1


def test_a_worker_that_catches_up_has_lost_nothing_and_may_be_late_again(ring, recorder):
    recorder.put({KEY: ids.START})
    ring.write(230)
    assert ring.oldest == 0
    recorder.put({KEY: raw_id(7, 229)})
    ring.write(5)
    assert ring.oldest > 0
    assert len(ring.alarms) == 1
    ring.write(200)
    assert len(ring.alarms) == 2
    assert ring.oldest <= 230


def test_memory_stays_bounded_by_twice_the_retention(ring, recorder):
    recorder.put({KEY: ids.START})
    ring.write(700)
    assert 2 * RETENTION_S <= ring.second - ring.oldest <= 2 * RETENTION_S + BLOCK + 2
    _, given_up = ring.alarms
    assert (
        given_up
        == "In P001/raw/eeg recorder is more than 240 s behind; what it has not read is dropped to save memory."
    )
    assert ring.said_at == [0, 0]


def test_what_was_read_is_said_again_to_a_store_that_came_back_empty(ring, recorder, connection, store_server, until):
    recorder.put({KEY: raw_id(7, 5)})
    os.kill(store_server.pid, signal.SIGKILL)
    store_server.wait(10)
    store_server.start()

    def said() -> bool:
        recorder.put({KEY: raw_id(7, 5)})
        return connection.fields(keys.read(KEY)) == {"recorder": raw_id(7, 5).encode()}

    until(said)


def test_writers_that_follow_each_other_keep_no_more_than_one_that_stays(ring):
    """A sensor with a bad connection gets a new reader process again and again, each younger than the retention."""
    for _ in range(10):
        ring.write(60)
        ring.begin_anew()
    assert RETENTION_S <= ring.second - ring.oldest <= RETENTION_S + BLOCK + 15


def test_the_writer_asks_at_most_once_a_second(ring, redis_client):
    ring.write(130)
    before = redis_client.info("commandstats")["cmdstat_hgetall"]["calls"]
    clock = ring.clock
    for number in range(100):
        clock.now += 0.02
        assert ring._writer.append(f"8-{number + 1}", Grid(0.0, 1.0))
    assert redis_client.info("commandstats")["cmdstat_hgetall"]["calls"] - before in (2, 3)
