"""A session in a server that others use, too: its name is one run's, and nothing of it stays."""

from contextlib import ExitStack

import pytest

from pipeline.errors import BadInput, RunFailed
from pipeline.records import Grid
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.lease import LeaseLost
from pipeline.store.tenancy import OWNED_S, tenancy

pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)
STREAMS = {"P001": ["eeg"]}


def test_a_second_run_of_the_same_name_is_refused_and_the_first_keeps_all(store_server, board, unique):
    with tenancy(store_server.url, unique, STREAMS) as keep:
        board.put_grid("P001", Grid(3.0, 1.0))
        says = f"'{unique}' runs in unix://.* already.*another name"
        with pytest.raises(BadInput, match=says), tenancy(store_server.url, unique, STREAMS):
            pass
        keep()
        assert board.grid("P001").start == 3.0
    with tenancy(store_server.url, unique, STREAMS):
        pass


def test_nothing_stays_of_it_and_of_others_everything(store_server, connection, redis_client, board, unique):
    other = Board(connection, "other")
    other.put_grid("P001", Grid(1.0, 1.0))
    other.close()
    with tenancy(store_server.url, unique, STREAMS) as keep:
        board.put_grid("P001", Grid(3.0, 1.0))
        keep()
    assert redis_client.keys("*") == [keys.grid("other", "P001").encode()]


def test_what_an_earlier_run_left_goes_first(store_server, board, unique):
    board.put_grid("P001", Grid(3.0, 1.0))
    with tenancy(store_server.url, unique, STREAMS):
        assert board.grid("P001") is None


def test_the_name_of_a_run_that_is_killed_is_free_again_by_itself(store_server, redis_client, unique):
    with tenancy(store_server.url, unique, STREAMS) as keep:
        redis_client.pexpire(keys.owner(unique), 1000)
        keep()
        assert 1000 < redis_client.pttl(keys.owner(unique)) <= 1000 * OWNED_S


def test_a_run_that_was_held_up_ends_where_another_has_begun_and_leaves_that_one_alone(
    store_server, redis_client, board, unique
):
    with ExitStack() as both:
        held_up = tenancy(store_server.url, unique, STREAMS)
        keep = held_up.__enter__()
        keep()
        redis_client.delete(keys.owner(unique))  # as it expires by itself
        keep_other = both.enter_context(tenancy(store_server.url, unique, STREAMS))
        board.put_grid("P001", Grid(3.0, 1.0))
        with pytest.raises(LeaseLost) as lost:
            keep()
        with pytest.raises(RunFailed, match=f"Another run of session '{unique}' has begun"):
            held_up.__exit__(LeaseLost, lost.value, None)
        assert board.grid("P001").start == 3.0
        keep_other()


def test_a_run_that_was_held_up_goes_on_where_nobody_else_has_begun(store_server, redis_client, board, unique):
    with tenancy(store_server.url, unique, STREAMS) as keep:
        board.put_grid("P001", Grid(3.0, 1.0))
        redis_client.delete(keys.owner(unique))
        keep()
        with pytest.raises(BadInput), tenancy(store_server.url, unique, STREAMS):
            pass
        assert board.grid("P001").start == 3.0
