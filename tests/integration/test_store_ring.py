"""Reading the store: by samples, time and ticks, the newest, and whatever comes."""

import os
import signal
import threading

import numpy as np
import pytest

from pipeline.records import Chunk, Event, Grid
from pipeline.store import keys
from pipeline.store.codec import encode
from pipeline.store.ids import raw_id, tick_id
from pipeline.store.ring import BlockingReader, last, read_samples, read_ticks, tail

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)
KEY = keys.raw("test", "P001", "eeg")
TICKS = keys.features("test", "P001", "EEG")
OFFSET = 1000.0
SFREQ = 100.0


def add_chunk(connection, first, n_times, *, segment=7):
    """Store samples whose number is channel 0; segment 7 begins at source time 0 s."""
    index = np.arange(first, first + n_times, dtype=np.float64)
    chunk = Chunk(
        segment=segment, first=first, times=index / SFREQ + 60.0 * (segment - 7), offset=OFFSET,
        data=index[:, None], arrival=0.0,
    )  # fmt: skip
    connection.add(KEY, raw_id(segment, first), encode(chunk))


def spans(chunks):
    """Return segment, first and last sample of each chunk, as its channel 0 tells."""
    return [(chunk.segment, int(chunk.data[0, 0]), int(chunk.data[-1, 0])) for chunk in chunks]


def ticks(connection, count):
    for tick in range(count):
        connection.add(TICKS, tick_id(tick), encode(Grid(start=float(tick), hop=0.25)))


@pytest.fixture
def reader(connection):
    readers = []

    def make(last_ids, kind):
        readers.append(BlockingReader(connection, last_ids, kind))
        return readers[-1]

    yield make
    for made in readers:
        made.close()


@pytest.fixture
def recording(connection):
    """Segment 7: samples 0-9, 10-12, 13-29; segment 8: samples 0-9."""
    for first, n_times in ((0, 10), (10, 3), (13, 17)):
        add_chunk(connection, first, n_times)
    add_chunk(connection, 0, 10, segment=8)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0, 0, [(7, 0, 9)]),
        (5, 9, [(7, 0, 9)]),
        (9, 10, [(7, 0, 9), (7, 10, 12)]),
        (10, 12, [(7, 10, 12)]),
        (11, 13, [(7, 10, 12), (7, 13, 29)]),
        (0, 29, [(7, 0, 9), (7, 10, 12), (7, 13, 29)]),
        (25, 400, [(7, 13, 29)]),
        (30, 40, []),
    ],
)
def test_a_range_of_samples_brings_the_chunks_that_hold_it(connection, recording, first, last, expected):
    assert spans(read_samples(connection, KEY, 7, first, last)) == expected


def test_a_range_of_samples_stays_in_its_segment(connection, recording):
    assert spans(read_samples(connection, KEY, 8, 0, 100)) == [(8, 0, 9)]
    assert read_samples(connection, KEY, 9, 0, 100) == []


def test_samples_that_were_dropped_are_missing(connection, recording):
    add_chunk(connection, 40, 5, segment=8)
    assert spans(read_samples(connection, KEY, 8, 12, 41)) == [(8, 40, 44)]


def test_ticks_are_read_by_number(connection):
    ticks(connection, 5)
    assert [grid.start for grid in read_ticks(connection, TICKS, 1, 3, Grid)] == [1.0, 2.0, 3.0]
    assert [grid.start for grid in read_ticks(connection, TICKS, 3, None, Grid)] == [3.0, 4.0]
    assert read_ticks(connection, TICKS, 5, None, Grid) == []


def test_the_newest_are_read_from_the_end(connection):
    assert last(connection, TICKS, Grid) is None
    ticks(connection, 5)
    newest = last(connection, TICKS, Grid)
    assert (newest.key, newest.id, newest.record.start) == (TICKS, tick_id(4), 4.0)
    assert [entry.record.start for entry in tail(connection, TICKS, Grid, 3)] == [2.0, 3.0, 4.0]
    assert len(tail(connection, TICKS, Grid, 100)) == 5


def test_a_corrupt_newest_entry_is_passed_over(connection, caplog):
    ticks(connection, 2)
    connection.add(TICKS, tick_id(2), b"\x01 nonsense")
    assert last(connection, TICKS, Grid).id == tick_id(1)
    assert [entry.id for entry in tail(connection, TICKS, Grid, 2)] == [tick_id(0), tick_id(1)]
    assert "entry left out" in caplog.text


def test_reading_from_the_start_brings_everything_in_order(connection, reader):
    ticks(connection, 5)
    found = reader({TICKS: "0-0"}, Grid).read(5)
    assert [(entry.key, entry.id, entry.record.start) for entry in found] == [
        (TICKS, tick_id(tick), float(tick)) for tick in range(5)
    ]


def test_reading_from_now_brings_what_comes_after(connection, reader):
    ticks(connection, 2)
    following = reader({TICKS: "$", KEY: "$"}, Grid)
    connection.add(TICKS, tick_id(2), encode(Grid(start=2.0, hop=0.25)))
    connection.add(KEY, "1-1", encode(Grid(start=9.0, hop=0.25)))
    assert sorted(entry.record.start for entry in following.read(5)) == [2.0, 9.0]


def test_nothing_is_read_twice(connection, reader):
    following = reader({TICKS: "0-0"}, Grid)
    ticks(connection, 3)
    assert len(following.read(5)) == 3
    assert following.last_ids == {TICKS: tick_id(2)}
    assert following.read(0) == []
    assert following.read(0.01) == []


def test_one_read_waits_for_all_streams(connection, reader):
    others = [keys.features("test", "P001", modality) for modality in ("EEG", "GSR", "PPG")]
    following = reader(dict.fromkeys(others, "0-0"), Grid)
    for key in others[::-1]:
        connection.add(key, tick_id(0), encode(Grid(start=0.0, hop=0.25)))
        assert [entry.key for entry in following.read(5)] == [key]


def test_a_stream_can_be_followed_later(connection, reader):
    following = reader({TICKS: "0-0"}, Grid)
    assert following.read(0) == []
    connection.add(KEY, "1-1", encode(Grid(start=9.0, hop=0.25)))
    following.follow(KEY)
    assert [entry.key for entry in following.read(5)] == [KEY]


def test_reading_nothing_is_an_error(connection, reader):
    with pytest.raises(ValueError, match="no stream is followed"):
        reader({}, Grid).read(1)


def test_a_waiting_read_wakes_as_soon_as_something_comes(connection, reader, redis_client, until):
    following, found = reader({TICKS: "0-0"}, Grid), []
    waiting = threading.Thread(target=lambda: found.extend(following.read(60)))
    waiting.start()
    until(lambda: redis_client.info("clients")["blocked_clients"] == 1)
    ticks(connection, 1)
    waiting.join(10)
    assert [entry.record.start for entry in found] == [0.0]


def test_a_read_longer_than_one_wait_in_the_server_goes_on(connection, reader):
    following = reader({TICKS: "0-0"}, Grid)
    assert following.read(1.2) == []
    assert not following.lost


def test_what_is_not_a_record_is_named_skipped_and_counted(connection, reader, redis_client, caplog):
    following = reader({TICKS: "0-0", KEY: "0-0"}, Grid)
    ticks(connection, 1)
    connection.add(TICKS, tick_id(1), b"")
    connection.add(TICKS, tick_id(2), encode(Event(time=0.0, kind="note", text="", source="")))
    redis_client.xadd(TICKS, {"foreign": "field"}, id=tick_id(3))
    connection.add(TICKS, tick_id(4), encode(Grid(start=4.0, hop=0.25)))
    assert [entry.id for entry in following.read(5)] == [tick_id(0), tick_id(4)]
    assert following.corrupt == {TICKS: 3}
    told = [record.fields for record in caplog.records if record.getMessage() == "entry left out"]
    assert [(fields["key"], fields["id"]) for fields in told] == [(TICKS, tick_id(tick)) for tick in (1, 2, 3)]


def test_corrupt_entries_alone_do_not_end_the_wait(connection, reader):
    following = reader({TICKS: "0-0"}, Grid)
    connection.add(TICKS, tick_id(0), b"")
    assert following.read(0.01) == []
    assert following.last_ids == {TICKS: tick_id(0)}


def test_reading_goes_on_where_it_was_when_the_server_was_killed(connection, reader, store_server, caplog):
    caplog.set_level("INFO")
    following = reader({TICKS: "0-0"}, Grid)
    ticks(connection, 2)
    assert len(following.read(5)) == 2
    os.kill(store_server.pid, signal.SIGKILL)
    store_server.wait(10)
    assert following.read(0.1) == []
    assert following.read(0.1) == []
    assert following.lost

    store_server.start()
    ticks(connection, 4)  # the writer sends what it held, then goes on
    assert [entry.record.start for entry in following.read(20)] == [2.0, 3.0]
    assert not following.lost
    messages = [record.getMessage() for record in caplog.records]
    assert messages.count("store lost; reading goes on when it is back") == 1
    assert messages.count("store is back") == 1


def test_a_waiting_read_survives_the_servers_death(connection, reader, store_server, redis_client, until):
    following, found = reader({TICKS: "0-0"}, Grid), []
    waiting = threading.Thread(target=lambda: found.extend(following.read(60)))
    waiting.start()
    until(lambda: redis_client.info("clients")["blocked_clients"] == 1)
    store_server.process.kill()
    store_server.wait(10)
    store_server.start()
    ticks(connection, 1)
    waiting.join(20)
    assert [entry.record.start for entry in found] == [0.0]


def test_a_reader_sleeps_until_there_is_something_above_an_id_and_then_returns_all_that_is_new(connection, reader):
    follows = reader({KEY: "0-0", TICKS: "0-0"}, Chunk)
    above = {KEY: raw_id(7, 25), TICKS: tick_id(0)}
    for first in (0, 10, 20):
        add_chunk(connection, first, 10)
    assert follows.read(0.05, above=above) == []
    assert follows.last_ids[KEY] == "0-0"
    late = threading.Timer(0.1, add_chunk, (connection, 30, 10))
    late.start()
    found = follows.read(30, above=above)
    late.join()
    assert spans(entry.record for entry in found) == [(7, 0, 9), (7, 10, 19), (7, 20, 29), (7, 30, 39)]
    assert follows.read(0, above={KEY: follows.last_ids[KEY]}) == []
    add_chunk(connection, 0, 10, segment=8)
    assert spans(entry.record for entry in follows.read(30, above={KEY: raw_id(7, 1000)})) == [(8, 0, 9)]
