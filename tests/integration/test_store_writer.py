"""A writer loses nothing when the server does."""

import os
import signal

import numpy as np
import pytest

from pipeline.records import Chunk, Grid
from pipeline.store import keys
from pipeline.store.codec import decode, encode
from pipeline.store.connection import Connection
from pipeline.store.ids import parse, raw_id, tick_id
from pipeline.store.writer import OutOfOrder, StreamWriter

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)
KEY = keys.raw("test", "P001", "eeg")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def writer(connection, clock):
    writer = StreamWriter(connection, KEY, retention_s=120.0, clock=clock)
    yield writer
    writer.close()


def chunk(first: int, *, n_times: int = 4) -> Chunk:
    times = np.arange(first, first + n_times, dtype=np.float64)
    data = np.stack([times] * 300, axis=1)
    return Chunk(segment=7, first=first, times=times, offset=0.0, data=data, arrival=0.0)


def write(writer, clock, n_chunks, *, start=0, period_s=1.0):
    """Append chunks of four samples, one a period; return how many were stored at once."""
    stored = 0
    for number in range(start, start + n_chunks):
        stored += writer.append(raw_id(7, 4 * number), chunk(4 * number))
        clock.now += period_s
    return stored


def test_a_successor_sends_what_the_store_lacks(writer, clock, connection, store_server):
    write(writer, clock, 10)
    entries = writer.newest(4.5)
    assert [parse(entry_id) for entry_id, _ in entries] == [(7, 4 * number + 1) for number in range(6, 10)]
    connection.drop(KEY)
    successor = StreamWriter(connection, KEY, retention_s=120.0, clock=clock)
    successor.take_over(entries[:-1])
    successor.append(raw_id(7, 36), chunk(36))
    successor.append(raw_id(7, 40), chunk(40))
    assert [first for _, first in map(parse, ids_in(connection))] == [25, 29, 33, 37, 41]
    assert connection.range(KEY)[:4] == list(entries)
    with pytest.raises(ValueError, match="not above"):
        successor.take_over(entries)
    successor.close()


def test_a_successor_holds_the_ticks_that_its_predecessor_held_and_as_long(connection, clock):
    predecessor = StreamWriter(connection, KEY, retention_s=600.0, clock=clock)
    assert predecessor.take_over_ticks(0.5) == -1
    for tick in range(130):  # one every half second, of which the newest minute is held
        predecessor.append(tick_id(tick), Grid(0.0, float(tick)))
        clock.now += 0.5
    predecessor.close()
    stored = connection.range(KEY)
    unsent = (tick_id(130), encode(Grid(0.0, 130.0)))
    successor = StreamWriter(connection, KEY, retention_s=600.0, clock=clock)
    assert successor.take_over_ticks(0.5, [*stored[-5:], unsent]) == 130
    assert successor.newest(1000) == (*stored[-121:], unsent)
    assert successor.newest(10) == (*stored[-20:], unsent)
    clock.now += 30
    successor.append(tick_id(131), Grid(0.0, 0.0))
    assert successor.held == 60 + 1 + 1
    assert connection.range(KEY)[-2] == unsent
    successor.close()


def test_what_the_store_has_is_not_sent_again(writer, clock, connection, redis_client):
    write(writer, clock, 10)
    successor = StreamWriter(connection, KEY, retention_s=120.0, clock=clock)
    successor.take_over(writer.newest(60))
    before = redis_client.info("commandstats").get("cmdstat_xadd", {}).get("calls", 0)
    assert successor.flush()
    assert redis_client.info("commandstats")["cmdstat_xadd"]["calls"] == before
    successor.close()


def ids_in(connection):
    return [entry_id for entry_id, _ in connection.range(KEY)]


def kill(server):
    os.kill(server.pid, signal.SIGKILL)
    server.wait(10)


def firsts(connection) -> list[int]:
    """Return the first sample of every chunk stored."""
    found = [(entry_id, decode(data, Chunk)) for entry_id, data in connection.range(KEY)]
    assert all(entry_id == raw_id(record.segment, record.first) for entry_id, record in found)
    return [record.first for _, record in found]


def test_entries_stand_under_their_ids(writer, clock, connection):
    assert write(writer, clock, 3) == 3
    assert [entry_id for entry_id, _ in connection.range(KEY)] == ["7-1", "7-5", "7-9"]


def test_ids_have_to_rise(writer):
    writer.append("7-5", chunk(4))
    with pytest.raises(ValueError, match="id 7-5 is not above 7-5"):
        writer.append("7-5", chunk(4))


def test_the_server_drops_what_is_older_than_the_retention_and_nothing_else(writer, clock, connection):
    write(writer, clock, 300)
    kept = firsts(connection)
    assert kept[-1] == 4 * 299
    assert len(kept) == kept[-1] // 4 - kept[0] // 4 + 1
    assert 120 <= len(kept) <= 125


def test_the_last_minute_is_held(writer, clock):
    write(writer, clock, 300)
    assert 60 <= writer.held <= 61
    assert writer.unsent == 0


def test_an_empty_store_gets_everything_held(writer, clock, connection, store_server):
    write(writer, clock, 100)
    kill(store_server)
    assert write(writer, clock, 5, start=100) == 0
    assert writer.lost
    assert writer.unsent == 5

    store_server.start()
    clock.now += 1.0
    assert writer.flush()
    assert not writer.lost
    assert firsts(connection) == list(range(4 * 44, 4 * 105, 4))


def test_appending_after_the_store_came_back_empty_loses_nothing_before(writer, clock, connection, store_server):
    write(writer, clock, 10)
    kill(store_server)
    store_server.start()  # nobody wrote in between
    assert write(writer, clock, 1, start=10) == 0  # the broken connection is noticed
    assert write(writer, clock, 1, start=11) == 1
    assert firsts(connection) == list(range(0, 48, 4))


def test_a_broken_connection_doubles_nothing(writer, clock, connection, redis_client):
    write(writer, clock, 10)
    for client in redis_client.client_list():
        if client["id"] != redis_client.client_id():
            redis_client.client_kill_filter(_id=client["id"])
    write(writer, clock, 5, start=10)
    assert writer.flush()
    assert firsts(connection) == list(range(0, 60, 4))


def test_an_entry_whose_acknowledgement_was_lost_is_not_stored_twice(clock, connection, store_server):
    impatient = Connection(store_server.url, answer_s=0.2)
    writer = StreamWriter(impatient, KEY, retention_s=120.0, clock=clock)
    write(writer, clock, 3)
    os.kill(store_server.pid, signal.SIGSTOP)
    assert write(writer, clock, 1, start=3) == 0  # the server has it, but does not answer
    os.kill(store_server.pid, signal.SIGCONT)
    clock.now += 1.0
    assert write(writer, clock, 1, start=4) == 1
    assert firsts(connection) == [0, 4, 8, 12, 16]
    writer.close()
    impatient.close()


def test_an_idle_writer_fills_a_store_that_came_back_empty(writer, clock, connection, store_server):
    write(writer, clock, 3)
    kill(store_server)
    store_server.start()
    assert not writer.flush()  # the broken connection is noticed
    clock.now += 1.0
    assert writer.flush()
    assert firsts(connection) == [0, 4, 8]


def test_what_the_store_missed_for_longer_than_a_minute_is_given_up_and_counted(
    writer, clock, store_server, connection
):
    kill(store_server)
    write(writer, clock, 100)
    assert writer.unsent == writer.held == 61
    assert writer.dropped == 39
    store_server.start()
    clock.now += 1.0
    assert writer.flush()
    assert firsts(connection)[0] == 4 * 39


def test_tries_become_rare_while_the_store_is_lost(writer, clock, store_server):
    kill(store_server)
    write(writer, clock, 20)
    store_server.start()
    clock.now += 0.5
    assert write(writer, clock, 1, start=20, period_s=0.5) in (0, 1)
    clock.now += 1.0
    assert writer.flush()


@pytest.mark.parametrize(("setting", "refusing", "serving"), [("min-replicas-to-write", 1, 0), ("maxmemory", 1, 0)])
def test_a_server_that_takes_no_writes_now_gets_them_later(
    writer, clock, connection, redis_client, setting, refusing, serving
):
    write(writer, clock, 2)
    redis_client.config_set(setting, refusing)
    assert write(writer, clock, 2, start=2) == 0
    redis_client.config_set(setting, serving)
    clock.now += 1.0
    assert writer.flush()
    assert firsts(connection) == [0, 4, 8, 12]


def test_what_a_restarted_worker_writes_again_counts_as_stored(writer, clock, connection):
    write(writer, clock, 5)
    restarted = StreamWriter(connection, KEY, retention_s=120.0, clock=clock)
    assert write(restarted, clock, 4, start=3) == 4
    restarted.close()
    assert firsts(connection) == list(range(0, 28, 4))


def test_a_second_writer_whose_ids_are_behind_is_an_error(writer, connection):
    writer.append(raw_id(7, 40), chunk(40))
    behind = StreamWriter(connection, KEY, retention_s=120.0)
    with pytest.raises(OutOfOrder, match="7-5 is not above the last id and the stream does not hold it"):
        behind.append(raw_id(7, 4), chunk(4))


def test_tick_records_are_written_alike(connection):
    key = keys.estimates("test", "P001")
    writer = StreamWriter(connection, key, retention_s=3600.0)
    for tick in range(3):
        assert writer.append(tick_id(tick), Grid(start=float(tick), hop=0.25))
    writer.close()
    assert [parse(entry_id) for entry_id, _ in connection.range(key)] == [(1, 1), (1, 2), (1, 3)]
