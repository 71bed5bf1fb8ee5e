"""What is written arrives once, in order and unchanged, whatever happens to the server meanwhile."""

import threading

import numpy as np
import pytest

from pipeline.records import Chunk
from pipeline.store import keys
from pipeline.store.ids import raw_id
from pipeline.store.ring import BlockingReader
from pipeline.store.writer import StreamWriter

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)
KEY = keys.raw("test", "P001", "eeg")
N_TIMES = 4


class Source(threading.Thread):
    """Writes numbered samples until it is told to stop."""

    def __init__(self, connection, until):
        super().__init__()
        self._until = until
        self.stop = threading.Event()
        self.written = 0
        self._writer = StreamWriter(connection, KEY, retention_s=120.0)

    def run(self):
        while not self.stop.wait(0.002):
            index = np.arange(self.written, self.written + N_TIMES, dtype=np.float64)
            chunk = Chunk(segment=7, first=self.written, times=index, offset=0.0, data=index[:, None], arrival=0.0)
            self._writer.append(raw_id(7, self.written), chunk)
            self.written += N_TIMES
        self._until(self._writer.flush)
        self._writer.close()


@pytest.fixture
def source(connection, until):
    source = Source(connection, until)
    source.start()
    yield source
    source.stop.set()
    source.join()


def read(reader, samples, up_to):
    """Read until sample `up_to` has come, or nothing more does."""
    while not samples or samples[-1] < up_to:
        found = reader.read(10)
        assert found, "nothing came for ten seconds"
        samples.extend(int(value) for entry in found for value in entry.record.data[:, 0])


def killed(server, _client):
    server.process.kill()
    server.wait(10)
    server.start()


def stopped(server, _client):
    server.stop()
    server.start()


def disconnected(_server, client):
    for kind in ("normal", "replica", "pubsub"):
        client.client_kill_filter(_type=kind, skipme=True)


@pytest.mark.parametrize("happens", [killed, stopped, disconnected])
def test_nothing_is_lost_doubled_or_reordered(happens, source, connection, store_server, redis_client):
    reader = BlockingReader(connection, {KEY: "0-0"}, Chunk)
    samples: list[int] = []
    for _ in range(3):
        read(reader, samples, source.written)
        happens(store_server, redis_client)
    read(reader, samples, source.written)
    source.stop.set()
    source.join()
    read(reader, samples, source.written - 1)
    reader.close()
    assert samples == list(range(source.written))


def test_a_store_killed_and_filled_again_holds_everything(source, connection, store_server, redis_client, until):
    until(lambda: source.written > 100)
    killed(store_server, redis_client)
    source.stop.set()
    source.join()
    assert [entry_id for entry_id, _ in connection.range(KEY)] == [
        raw_id(7, first) for first in range(0, source.written, N_TIMES)
    ]
