"""Fixtures of the store: a running server, a connection to it, and waiting for what it does in its own time.

`store_server` is the embedded server; a module that is to hold for other servers too says
``pytestmark = pytest.mark.parametrize("store_server", ["embedded", "redis-server"], indirect=True)``.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from pipeline.store.board import Board
from pipeline.store.connection import Connection, connect
from pipeline.store.server import EmbeddedServer


@pytest.fixture
def store_directory() -> Iterator[Path]:
    """A directory whose path is short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="helo-") as directory:
        yield Path(directory)


@pytest.fixture
def store_server(request: pytest.FixtureRequest, store_directory: Path) -> Iterator[EmbeddedServer]:
    """A server of the store, empty and running."""
    binary = None
    if getattr(request, "param", "embedded") == "redis-server":
        found = shutil.which("redis-server")
        if found is None:
            pytest.skip("redis-server is not installed: on Debian, apt install redis-server")
        binary = Path(found)
    with EmbeddedServer(store_directory, binary=binary) as server:
        yield server


@pytest.fixture
def connection(store_server: EmbeddedServer) -> Iterator[Connection]:
    """A connection to `store_server`."""
    connection = connect(store_server.url)
    yield connection
    connection.close()


@pytest.fixture
def board(connection: Connection, unique: str) -> Iterator[Board]:
    """The board of a session of its own."""
    board = Board(connection, unique)
    yield board
    board.close()


@pytest.fixture
def redis_client(store_server: EmbeddedServer) -> Iterator[redis.Redis]:
    """A plain client of `store_server`, to look at it and to trouble it."""
    with redis.Redis(unix_socket_path=str(store_server.socket)) as client:
        yield client


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait until a condition holds; fail when it does not within a generous time."""

    def wait(condition: Callable[[], object], *, at_most_s: float = 20.0) -> None:
        deadline = time.monotonic() + at_most_s
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"the condition does not hold after {at_most_s:g} s")
            time.sleep(0.005)

    return wait
