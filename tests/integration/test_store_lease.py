"""A lease: one owner at a time, and no write of one who has lost it."""

import threading

import pytest

from pipeline.records import Grid
from pipeline.store import keys
from pipeline.store.ids import tick_id
from pipeline.store.lease import Lease, LeaseLost
from pipeline.store.writer import StreamWriter

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)
KEY = keys.lease("test", "P001", "preprocess")
FEATURES = keys.features("test", "P001", "EEG")
RECORD = Grid(0.0, 0.25)


@pytest.fixture
def lease(connection):
    """Return a function that makes leases of one piece of work."""
    made = []

    def make(ttl_s: float = 60.0) -> Lease:
        made.append(Lease(connection, KEY, ttl_s=ttl_s))
        return made[-1]

    yield make
    for one in made:
        one.release()


@pytest.fixture
def writer(connection):
    """Return a function that makes writers of one stream."""
    made = []

    def make(lease: Lease) -> StreamWriter:
        made.append(StreamWriter(connection, FEATURES, retention_s=600, lease=lease))
        return made[-1]

    yield make
    for one in made:
        one._link.close()


def expire(redis_client) -> None:
    """Let time pass until the lease has expired."""
    redis_client.delete(KEY)


def test_one_has_it_at_a_time_and_numbers_rise(lease):
    first, second = lease(), lease()
    assert first.take()
    assert not second.take()
    assert not first.take()
    first.release()
    assert second.take()
    assert (first.number, second.number) == (1, 2)


def test_it_expires_unless_it_is_renewed(lease, redis_client, until):
    first, second = lease(ttl_s=0.5), lease()
    assert first.take()
    assert 0 < redis_client.pttl(KEY) <= 500
    until(second.take)
    with pytest.raises(LeaseLost, match="another worker"):
        first.renew()
    second.renew()
    assert redis_client.pttl(KEY) > 50_000


def test_to_release_what_is_not_ours_any_more_does_nothing(lease, redis_client):
    first, second = lease(), lease()
    assert first.take()
    expire(redis_client)
    assert second.take()
    first.release()
    assert not lease().take()


def test_who_waits_gets_it_when_it_is_free_and_says_meanwhile_that_it_lives(lease):
    first, second = lease(), lease()
    assert first.take()
    lives = []

    def alive() -> None:
        lives.append(1)
        if len(lives) == 2:
            first.release()

    assert second.wait(threading.Event(), alive)
    assert second.number == 2


def test_who_waits_can_be_asked_to_stop(lease):
    assert lease().take()
    stop = threading.Event()
    assert not lease().wait(stop, stop.set)


def test_nothing_is_written_by_one_who_lost_it(lease, writer, connection, redis_client):
    first, second = lease(), lease()
    assert first.take()
    one = writer(first)
    assert one.append(tick_id(0), RECORD)
    expire(redis_client)
    assert second.take()
    with pytest.raises(LeaseLost):
        one.append(tick_id(1), RECORD)
    assert len(connection.range(FEATURES)) == 1
    other = writer(second)
    assert other.append(tick_id(1), RECORD)
    second.release()
    with pytest.raises(LeaseLost):  # for the other has written meanwhile
        one.flush()
    assert [entry_id for entry_id, _ in connection.range(FEATURES)] == [tick_id(0), tick_id(1)]


def test_one_who_was_paused_goes_on_if_nobody_else_had_it(lease, writer, connection, redis_client):
    first = lease()
    assert first.take()
    one = writer(first)
    assert one.append(tick_id(0), RECORD)
    expire(redis_client)
    assert one.append(tick_id(1), RECORD)
    expire(redis_client)
    first.renew()
    assert first.number == 3
    assert len(connection.range(FEATURES)) == 2


def test_it_is_taken_again_in_a_store_that_came_back_empty(lease, writer, connection, redis_client):
    first = lease()
    first.take()
    expire(redis_client)
    first.renew()
    assert first.number == 2
    one = writer(first)
    redis_client.flushall()
    assert one.append(tick_id(0), RECORD)
    assert first.number == 1
    redis_client.flushall()
    assert lease().take()
    with pytest.raises(LeaseLost):
        one.append(tick_id(1), RECORD)


def test_an_id_that_is_refused_is_refused_under_a_lease_too(lease, writer):
    first = lease()
    assert first.take()
    assert writer(first).append(tick_id(3), RECORD)
    assert writer(first).append(tick_id(3), RECORD)
