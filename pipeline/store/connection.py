"""A connection to the store: the few commands that helo needs, typed, with the store's own errors."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import hiredis
import redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from pipeline.errors import BadInput
from pipeline.store.ids import START

#: Where the store is, when it is not the embedded server.
URL_VARIABLE: Final = "HELO_REDIS_URL"
#: How the supervisor tells its processes where their session's store is: everybody can read a command line, which may
#: not hold a password.
STORE_VARIABLE: Final = "HELO_SESSION_STORE"
#: A server that has not answered after this many seconds is lost.
ANSWER_S: Final = 5.0
#: The oldest server that knows ``XADD ... MINID``.
OLDEST_SERVER: Final = (6, 2)

#: An entry's id and its bytes; None where the entry was not written by helo.
RawEntry: TypeAlias = tuple[str, bytes | None]

_FIELD: Final = b"r"
_LOST: Final = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.OutOfMemoryError,
)
#: Run a command if the lease (first key) holds the token (first argument).
_FENCED: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('FENCED the lease is not held') end
return redis.call(ARGV[2], KEYS[2], unpack(ARGV, 3))
"""
#: Beginnings of the server's answers that may be another one later.
_NOT_NOW: Final = ("BUSY", "MASTERDOWN", "MISCONF", "NOREPLICAS")


class StoreLost(Exception):  # noqa: N818 - it names what happened
    """The store does not answer, or takes no writes, at present; it may come back."""


class Fence(NamedTuple):
    """What a write proves its right with: the lease's key, and what it holds while the lease is the writer's."""

    key: str
    token: str


class Fenced(Exception):  # noqa: N818 - it names what happened
    """The server refused a write because the writer does not hold the lease."""


class IdRefused(Exception):  # noqa: N818 - it names what happened
    """The server refused an entry because its id is not above the stream's last."""


def store_url() -> str | None:
    """Return the store's address from the environment, or None for the embedded server."""
    return os.environ.get(URL_VARIABLE) or None


def connect(url: str, *, source: str = URL_VARIABLE) -> "Connection":
    """Connect to a store and check that it answers.

    Parameters
    ----------
    url : str
        ``redis://``, ``rediss://`` or ``unix://`` address.
    source : str
        Where the address comes from, for the error.

    Raises
    ------
    BadInput
        The address is not one, nothing answers there, or the server is too old.
    """
    try:
        connection = Connection(url)
    except ValueError:  # its text may hold a part of the password
        raise BadInput(
            f"{source}: is not an address of a Redis server; write redis://HOST:PORT, rediss://:PASSWORD@HOST:PORT or "
            "unix:///PATH, with special characters percent-encoded"
        ) from None
    try:
        version = connection.server_version()
    except (StoreLost, redis.RedisError) as error:
        connection.close()
        raise BadInput(
            f"{source}: {connection.name} does not answer ({str(error).rstrip('. ')}); start it or unset the variable"
        ) from error
    if version < OLDEST_SERVER:
        connection.close()
        found, needed = (".".join(map(str, number)) for number in (version, OLDEST_SERVER))
        raise BadInput(f"{source}: {connection.name} is Redis {found}; use Redis {needed} or later, or Valkey")
    return connection


class Connection:
    """The store's commands.

    May be used by many threads at once, unless it is a `dedicated` one. Every method raises `StoreLost` when the
    server does not answer; nothing is tried twice here, since only the caller knows whether it may be.

    Parameters
    ----------
    url : str
        Address of the server.
    answer_s : float
        How long to wait for an answer (s).
    single : bool
        Keep one connection, for one thread, which is never replaced behind the caller's back.

    Raises
    ------
    ValueError
        The address is not one.
    StoreLost
        `single`, and the server does not answer.
    """

    def __init__(self, url: str, *, answer_s: float = ANSWER_S, single: bool = False) -> None:
        self._url = url
        self._answer_s = answer_s
        options: dict[str, Any] = dict(parse_url(url))  # type: ignore[no-untyped-call]
        options.update(
            protocol=2,  # one shape of answers from every server, and no handshake
            decode_responses=False,
            driver_info=None,
            socket_timeout=answer_s,
            socket_connect_timeout=answer_s,
            retry=Retry(NoBackoff(), 0),
        )
        self._pool = redis.ConnectionPool(**options)
        try:
            self._redis = redis.Redis(connection_pool=self._pool, single_connection_client=single)
        except _LOST as error:
            raise StoreLost(str(error)) from error
        self._parsers: dict[str, Callable[[Any], Any]] = dict(self._redis.response_callbacks)

    @property
    def name(self) -> str:
        """The server's address without user and password."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def dedicated(self, *, block_s: float = 0.0) -> "Connection":
        """Return another connection, for one thread, whose reads may wait `block_s` in the server.

        Unlike this one it is never reopened unnoticed: after `StoreLost` it is of no further use.
        """
        return Connection(self._url, answer_s=self._answer_s + block_s, single=True)

    def impatient(self, answer_s: float) -> "Connection":
        """Return another connection that waits only so long for an answer (s)."""
        return Connection(self._url, answer_s=answer_s)

    def close(self) -> None:
        """Close every socket."""
        self._redis.close()
        self._pool.disconnect()

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._run("PING")

    def server_version(self) -> tuple[int, int]:
        """Return major and minor version of Redis that the server stands for."""
        major, minor, *_ = self._run("INFO", "server")["redis_version"].split(".")
        return int(major), int(minor)

    def add(
        self,
        key: str,
        entry_id: str,
        data: bytes,
        *,
        min_id: str | None = None,
        max_len: int | None = None,
        fence: Fence | None = None,
    ) -> str:
        """Append an entry to a stream and return its id.

        Parameters
        ----------
        key, entry_id : str
            The stream; and the entry's id, or ``*`` for one by the server's clock.
        data : bytes
            The encoded record.
        min_id, max_len : optional
            Let the server drop older entries, or all but about so many.
        fence : Fence | None
            Append it only while this lease is held.

        Raises
        ------
        Fenced
            The lease is not held.
        IdRefused
            The id is not above the stream's last.
        """
        trim: tuple[str | int, ...] = ()
        if min_id is not None:
            trim = ("MINID", "~", min_id)
        elif max_len is not None:
            trim = ("MAXLEN", "~", max_len)
        try:
            return _text(self._write(fence, "XADD", key, *trim, entry_id, _FIELD, data))
        except redis.ResponseError as error:
            if "equal or smaller" in str(error):
                raise IdRefused(f"{key}: {entry_id} is not above the last id") from error
            raise

    def read(
        self, last_ids: Mapping[str, str], *, block_ms: int | None = None, count: int | None = None
    ) -> dict[str, list[RawEntry]]:
        """Return what follows the given ids (stream -> id), at most `count` entries a stream, in one XREAD over all.

        It waits at most `block_ms` (ms) for something, which must be less than the connection's own patience.
        """
        block = () if block_ms is None else ("BLOCK", block_ms)
        limit = () if count is None else ("COUNT", count)
        answer = self._run("XREAD", *limit, *block, "STREAMS", *last_ids, *last_ids.values())
        return {_text(key): _entries(entries) for key, entries in answer or ()}

    def range(self, key: str, first: str = "-", last: str = "+", *, count: int | None = None) -> list[RawEntry]:
        """Return the entries with ids from `first` to `last`, both included."""
        limit = () if count is None else ("COUNT", count)
        return _entries(self._run("XRANGE", key, first, last, *limit))

    def backwards(self, key: str, last: str = "+", first: str = "-", *, count: int) -> list[RawEntry]:
        """Return the newest `count` entries with ids from `first` to `last`, newest first."""
        return _entries(self._run("XREVRANGE", key, last, first, "COUNT", count))

    def last_id(self, key: str) -> str:
        """Return the id of a stream's newest entry; `START` when there is none."""
        newest = self.backwards(key, count=1)
        return newest[0][0] if newest else START

    def put(self, key: str, data: bytes, *, fence: Fence | None = None) -> None:
        """Set a single value, which keeps the life that it has; with a fence only while that lease is held.

        Raises
        ------
        Fenced
            The lease is not held.
        """
        self._write(fence, "SET", key, data, "KEEPTTL")

    def get(self, key: str) -> bytes | None:
        """Return a single value."""
        value: bytes | None = self._run("GET", key)
        return value

    def put_field(self, key: str, field: str, data: bytes) -> None:
        """Set a field of a hash."""
        self._run("HSET", key, field, data)

    def fields(self, key: str) -> dict[str, bytes]:
        """Return all fields of a hash."""
        return {_text(field): value for field, value in self._run("HGETALL", key).items()}

    def script(self, script: str, keys: Sequence[str], *arguments: str | int) -> int:
        """Run a Lua script, which the server does at one go, and return the whole number that it returns."""
        return int(self._run("EVAL", script, len(keys), *keys, *arguments))

    def drop(self, prefix: str) -> None:
        """Delete every key that begins with `prefix`."""
        pattern = re.sub(r"([*?\[\]\\^])", r"\\\1", prefix) + "*"
        cursor, keys = None, []
        while cursor != 0:
            answer, found = self._run("SCAN", cursor or 0, "MATCH", pattern, "COUNT", 1000)
            cursor = int(answer)
            keys.extend(found)
        if keys:
            self._run("UNLINK", *keys)

    def _write(self, fence: Fence | None, command: str, key: str, *arguments: Any) -> Any:
        if fence is None:
            return self._run(command, key, *arguments)
        try:
            return self._run("EVAL", _FENCED, 2, fence.key, key, fence.token, command, *arguments)
        except redis.ResponseError as error:
            if str(error).startswith("FENCED"):
                raise Fenced(f"{fence.key} does not hold {fence.token}") from error
            raise

    def _run(self, *command: Any) -> Any:
        own = self._redis.connection
        try:
            if own is None:
                return self._redis.execute_command(*command)  # type: ignore[no-untyped-call]
            # Half the time of redis-py's own way, which measures, retries and reconnects.
            own.send_packed_command([hiredis.pack_command(command)])  # type: ignore[no-untyped-call]
            answer = own.read_response()
            parse = self._parsers.get(command[0])
            return answer if parse is None else parse(answer)
        except _LOST as error:
            raise StoreLost(str(error)) from error
        except redis.ResponseError as error:
            if str(error).startswith(_NOT_NOW):
                raise StoreLost(str(error)) from error
            raise


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="backslashreplace")


def _entries(answer: Any) -> list[RawEntry]:
    return [(_text(entry_id), (fields or {}).get(_FIELD)) for entry_id, fields in answer]
