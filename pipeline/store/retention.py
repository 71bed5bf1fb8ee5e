"""How long a stream keeps its entries: a retention in seconds, and as long again for those who have not read them.

A worker that must not miss anything acknowledges what it needs no more. Whoever writes the stream looks at that about
once a second, says so before anything unread is dropped, and drops it all the same after twice the retention: memory
stays bounded whatever a reader does.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from pipeline.log import get_log
from pipeline.store import keys
from pipeline.store.connection import Connection
from pipeline.store.ids import parse
from pipeline.store.link import Link

#: How often a writer looks at what has been read, and remembers how far it was (s).
LOOK_EVERY_S: Final = 1.0
#: A writer notes in the store when it wrote what, for its successor, so often in the time that entries are kept.
_NOTES: Final = 12


class Acknowledged:
    """Says for one worker what it has read for good. Belongs to one thread.

    What a worker has said stands until it says more: while it is dead its successor's entries are kept.

    Parameters
    ----------
    connection : Connection
        Says where the store is.
    who : str
        The worker's kind.
    """

    def __init__(self, connection: Connection, who: str) -> None:
        self._who = who
        self._read: dict[str, str] = {}
        self._changed: dict[str, None] = {}
        self._link = Link(connection, self._resume, what=f"what {who} has read")

    def put(self, read: Mapping[str, str]) -> None:
        """Say that the worker needs no entry up to these ids any more; call it about every second.

        Parameters
        ----------
        read : mapping
            Stream -> id of the last such entry, ``0-0`` where there is none yet.
        """
        for key, entry_id in read.items():
            if self._read.get(key) != entry_id:
                self._read[key] = entry_id
                self._changed[key] = None
        self._link.run(self._send)

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def _resume(self, _: Connection) -> None:
        self._changed = dict.fromkeys(self._read)

    def _send(self, store: Connection) -> None:
        if not self._changed:
            store.ping()  # so that a store which came back empty is noticed
        for key in list(self._changed):
            store.put_field(keys.read(key), self._who, self._read[key].encode())
            del self._changed[key]


class Retention:
    """Decides below which id the store may drop a stream's entries. Belongs to the stream's writer.

    What was written when is known beyond the writer's life: a sensor that comes and goes has one reader process after
    the other, of which none may live as long as the retention.

    Parameters
    ----------
    key : str
        The stream.
    seconds : float
        The store may drop entries that are older, once they have been read; twice as old, also unread (s).
    clock : callable
        Seconds, only ever rising.
    alarm : callable
        Called with a sentence before the store drops what a worker has not read.
    """

    def __init__(
        self, key: str, seconds: float, *, alarm: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = key
        self._seconds = seconds
        self._clock = clock
        self._alarm = alarm
        self._marks: deque[tuple[float, str]] = deque()
        self._min_id: str | None = None
        self._next_look = float("-inf")
        self._next_note = float("-inf")
        self._behind: dict[str, bool] = {}
        """Worker -> whether it was said that it loses entries; those that are not behind are not in it."""

    def note(self, time: float, entry_id: str) -> None:
        """Remember when an entry was written, to about a second."""
        if not self._marks or time - self._marks[-1][0] >= LOOK_EVERY_S:
            self._marks.append((time, entry_id))

    def min_id(self, store: Connection) -> str | None:
        """Return the id below which the store may drop entries; None while nothing is old enough."""
        now = self._clock()
        if now >= self._next_look:
            self._next_look = now + LOOK_EVERY_S
            self._share(store, now)
            while len(self._marks) > 1 and self._marks[1][0] <= now - 2 * self._seconds:
                self._marks.popleft()
            self._min_id = self._look(store, now)
        return self._min_id

    def _share(self, store: Connection, now: float) -> None:
        """Take over what a predecessor noted, and note the like for a successor: on the wall clock, which both have."""
        if now < self._next_note:
            return
        ahead = time.time() - now
        if math.isinf(self._next_note):
            noted = store.get(keys.written(self._key))
            before = [] if noted is None else msgspec.msgpack.decode(noted, type=list[tuple[float, str]])
            first = parse(self._marks[0][1]) if self._marks else None
            older = [(at - ahead, entry_id) for at, entry_id in before if first is None or parse(entry_id) < first]
            self._marks.extendleft(reversed(older))
        every = self._seconds / _NOTES
        self._next_note = now + every
        spaced: list[tuple[float, str]] = []
        for at, entry_id in self._marks:
            if not spaced or at + ahead - spaced[-1][0] >= every:
                spaced.append((at + ahead, entry_id))
        store.put(keys.written(self._key), msgspec.msgpack.encode(spaced))

    def _look(self, store: Connection, now: float) -> str | None:
        due = self._written_by(now - self._seconds)
        if due is None:
            return None
        too_old = self._written_by(now - 2 * self._seconds)
        keep = due
        for who, data in store.fields(keys.read(self._key)).items():
            position = data.decode()
            if parse(position) >= parse(due):
                self._behind.pop(who, None)
            elif self._given_up(who, position, too_old):
                keep = min(keep, too_old or keep, key=parse)
            else:
                keep = min(keep, position, key=parse)
        return keep

    def _given_up(self, who: str, position: str, too_old: str | None) -> bool:
        """Say that a worker is behind; return whether it has been long enough for its entries to be dropped."""
        behind = f"in {keys.place(self._key)} {who} is more than"
        if who not in self._behind:
            self._behind[who] = False
            self._say(f"{behind} {self._seconds:g} s behind; what it has not read is kept as long again")
            return False
        if too_old is None or parse(position) >= parse(too_old):
            return False
        if not self._behind[who]:
            self._behind[who] = True
            self._say(f"{behind} {2 * self._seconds:g} s behind; what it has not read is dropped to save memory")
        return True

    def _say(self, sentence: str) -> None:
        get_log("store", key=self._key).warning(sentence)
        self._alarm(f"{sentence[0].upper()}{sentence[1:]}.")

    def _written_by(self, time: float) -> str | None:
        """Return the last remembered entry that was written before; None if there is none."""
        found = None
        for written, entry_id in self._marks:
            if written > time:
                break
            found = entry_id
        return found
