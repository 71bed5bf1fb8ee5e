"""One owner of a piece of work: a lock that expires, with a fencing number that rises from owner to owner."""

import os
import socket
import threading
import uuid
from collections.abc import Callable
from typing import Final, TypeVar

from pipeline.log import get_log
from pipeline.store.connection import Connection, Fence, Fenced
from pipeline.store.link import Link

#: An owner that has not renewed its lease for this long has lost it (s): less than a worker needs to start again.
TTL_S: Final = 2.5
#: How often whoever waits for a lease tries to take it (s).
TRY_EVERY_S: Final = 0.25

#: Take a lease that nobody has: it holds the next fencing number and the owner. 0: somebody has it.
_TAKE: Final = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local number = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], number .. ':' .. ARGV[1], 'NX', 'PX', ARGV[2])
return number
"""
#: Hold a lease for longer, if it is held.
_RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
#: Give a lease back, if it is held.
_RELEASE: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""

T = TypeVar("T")


class LeaseLost(Exception):  # noqa: N818 - it names what happened
    """Another worker owns the work, or has in between: whoever raises this must not write any more."""


class Lease:
    """Own one piece of work. Belongs to one thread.

    Writes run through `write`: the server refuses them once the lease has expired. An owner that was paused takes the
    lease again if nobody has had it meanwhile, which the fencing number tells; then its own state is still the newest.

    Parameters
    ----------
    connection : Connection
        Says where the store is.
    key : str
        From `keys.lease`.
    ttl_s : float
        How long the lease holds without being renewed (s).

    Attributes
    ----------
    number : int
        The fencing number; 0 before the lease was taken.
    """

    def __init__(self, connection: Connection, key: str, *, ttl_s: float = TTL_S) -> None:
        self._connection = connection
        self._key = key
        self._ttl_ms = round(1000 * ttl_s)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._link = Link(connection, lambda _: None, what=key)
        self._log = get_log("store", key=key)
        self.number = 0

    @property
    def fence(self) -> Fence:
        """What proves to the server that the lease is held."""
        return Fence(self._key, f"{self.number}:{self._owner}")

    def take(self) -> bool:
        """Take the lease if nobody has it; return whether it is ours.

        Raises
        ------
        StoreLost
            The store does not answer.
        """
        number = self._take(self._connection)
        self.number = number or self.number
        return number > 0

    def wait(self, stop: threading.Event, alive: Callable[[], None]) -> bool:
        """Wait for the lease, calling `alive` all the while; return False when asked to stop."""
        said = False
        while not self.take():
            if not said:
                self._log.info("another worker has the lease; waiting for it")
                said = True
            alive()
            if stop.wait(TRY_EVERY_S):
                return False
        return True

    def renew(self) -> None:
        """Hold the lease for another while; call it about every second. A store that is lost is tried again.

        Raises
        ------
        LeaseLost
            Another worker has it, or has had it.
        """
        self._link.run(self._renew)

    def write(self, store: Connection, action: Callable[[Fence], T]) -> T:
        """Run a write that is given the fence, and take an expired lease again first.

        Raises
        ------
        LeaseLost
            Another worker has it, or has had it.
        """
        try:
            return action(self.fence)
        except Fenced:
            self._regain(store)
            return action(self.fence)

    def release(self) -> None:
        """Give the lease back, so that the next owner need not wait."""
        self._link.run(self._release)
        self._link.close()

    def _take(self, store: Connection) -> int:
        return store.script(_TAKE, (self._key, f"{self._key}:number"), self._owner, self._ttl_ms)

    def _renew(self, store: Connection) -> None:
        if not store.script(_RENEW, (self._key,), self.fence.token, self._ttl_ms):
            self._regain(store)

    def _release(self, store: Connection) -> None:
        store.script(_RELEASE, (self._key,), self.fence.token)

    def _regain(self, store: Connection) -> None:
        number = self._take(store)
        # Numbers begin again in a store that came back empty: the first who asks there has had no successor.
        if number not in (self.number + 1, 1):
            raise LeaseLost(f"another worker has taken over {self._key}")
        self.number = number
        self._log.warning("the lease had expired and was taken again", number=number)
