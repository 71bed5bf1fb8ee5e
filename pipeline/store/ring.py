"""Reading the streams of the store: what follows, a range of samples or of ticks, the newest."""

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pipeline.log import get_log
from pipeline.records import Chunk, Record
from pipeline.store.codec import CorruptRecord, decode
from pipeline.store.connection import Connection, RawEntry, StoreLost
from pipeline.store.ids import START, raw_id, tick_id
from pipeline.store.link import Pause

R = TypeVar("R", bound=Record)

#: Longest single wait inside the server (s); a longer one is made of several.
LONGEST_BLOCK_S: Final = 1.0
#: At most so many entries of a stream at once.
COUNT: Final = 512
#: Entries a round trip, where it is not known how many are needed.
PAGE: Final = 64

_log = get_log("store")


@dataclass(frozen=True, slots=True)
class Entry(Generic[R]):
    """A record and where it stands."""

    key: str
    id: str
    record: R


class BlockingReader(Generic[R]):
    """Follows streams that hold one kind of record, in any number, with one XREAD BLOCK.

    A corrupt or foreign entry is named in the log, left out and counted. When the store is lost, reading goes on where
    it was once it is back. Belongs to one thread.

    Parameters
    ----------
    connection : Connection
        Says where the store is; the reader opens a connection of its own.
    keys : mapping
        Stream -> last id already seen; ``0-0`` from the start, ``$`` from now.
    kind : type
        The class of the records.

    Attributes
    ----------
    corrupt : dict
        Stream -> number of entries left out.
    lost : bool
        Whether the store did not answer last time.
    losses : int
        How often it did not.

    Raises
    ------
    StoreLost
        Some stream is to be followed from now, and the store does not answer.

    Examples
    --------
    >>> reader = BlockingReader(connection, {keys.estimates("demo", "P001"): "0-0"}, Estimate)
    >>> for entry in reader.read(timeout_s=0.5):
    ...     print(entry.record.tick)
    """

    def __init__(self, connection: Connection, keys: Mapping[str, str], kind: type[R]) -> None:
        self.corrupt: dict[str, int] = {}
        self.lost = False
        self.losses = 0
        self._connection = connection
        self._kind = kind
        self._own: Connection | None = None
        self._pause = Pause()
        self._last_ids: dict[str, str] = {}
        for key, last_id in keys.items():
            self.follow(key, last_id)

    @property
    def last_ids(self) -> dict[str, str]:
        """Stream -> id of the last entry seen."""
        return dict(self._last_ids)

    def follow(self, key: str, last_id: str = START) -> None:
        """Follow a further stream, or this one from another place."""
        self._last_ids[key] = self._connection.last_id(key) if last_id == "$" else last_id

    def read(self, timeout_s: float, *, above: Mapping[str, str] | None = None) -> list[Entry[R]]:
        """Return what is new, as soon as there is something.

        Parameters
        ----------
        timeout_s : float
            Return an empty list after so long (s); 0 does not wait.
        above : mapping | None
            Stream -> id: wait for entries above these, and then return all that is new in the streams that have one.
            The server wakes nobody for entries before that. None: any new entry of any stream will do.

        Returns
        -------
        entries : list of Entry
            In the order of their ids within each stream.

        Raises
        ------
        ValueError
            No stream is followed.
        """
        if not self._last_ids:
            raise ValueError("no stream is followed; name one with follow()")
        deadline = time.monotonic() + timeout_s
        while True:
            found = self._try_read(max(0.0, deadline - time.monotonic()), above)
            if found or time.monotonic() >= deadline:
                return found

    def close(self) -> None:
        """Close the connection."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def _try_read(self, left_s: float, above: Mapping[str, str] | None) -> list[Entry[R]]:
        block_ms = math.ceil(1000 * min(left_s, LONGEST_BLOCK_S)) or None  # 0 would wait for ever
        try:
            if self._own is None:
                self._own = self._connection.dedicated(block_s=LONGEST_BLOCK_S)
            answer = self._read_above(self._own, above, block_ms)
        except StoreLost as error:
            self.close()
            if not self.lost:
                _log.warning("store lost; reading goes on when it is back", reader=self._kind.__name__, error=error)
            self.lost = True
            self.losses += 1
            time.sleep(min(left_s, self._pause.next()))
            return []
        if self.lost:
            _log.info("store is back", reader=self._kind.__name__)
        self.lost = False
        self._pause.reset()
        found: list[Entry[R]] = []
        for key, entries in answer.items():
            self._last_ids[key] = entries[-1][0]
            found.extend(decode_entries(key, entries, self._kind, self.corrupt))
        return found

    def _read_above(
        self, store: Connection, above: Mapping[str, str] | None, block_ms: int | None
    ) -> dict[str, list[RawEntry]]:
        if above is None:
            return store.read(self._last_ids, block_ms=block_ms, count=COUNT)
        if all(self._last_ids[key] == entry_id for key, entry_id in above.items()):
            return store.read(above, block_ms=block_ms, count=COUNT)
        due = store.read(above, block_ms=block_ms, count=1)
        return store.read({key: self._last_ids[key] for key in due}, count=COUNT) if due else {}


def read_samples(connection: Connection, key: str, segment: int, first: int, last: int) -> list[Chunk]:
    """Return the chunks that hold samples `first` to `last`, both included, of a segment.

    The chunks come whole and in order. Samples that the ring does not hold (any more) are not in them: check that
    the indices follow each other.
    """
    # The chunk that contains `first` may begin before it: it is the newest entry up to `first`.
    before = connection.backwards(key, raw_id(segment, first), f"{segment}-0", count=1)
    start = before[0][0] if before else raw_id(segment, first)
    entries = connection.range(key, start, raw_id(segment, last))
    return [entry.record for entry in decode_entries(key, entries, Chunk) if entry.record.last >= first]


def read_ticks(connection: Connection, key: str, first_tick: int, last_tick: int | None, kind: type[R]) -> list[R]:
    """Return the records of ticks `first_tick` to `last_tick`, both included, in order; None: to the newest."""
    last = "+" if last_tick is None else tick_id(last_tick)
    return [entry.record for entry in decode_entries(key, connection.range(key, tick_id(first_tick), last), kind)]


def last(connection: Connection, key: str, kind: type[R]) -> Entry[R] | None:
    """Return the newest entry of a stream, None when it has none."""
    return next(newest_first(connection, key, kind, page=1), None)


def tail(connection: Connection, key: str, kind: type[R], count: int) -> list[Entry[R]]:
    """Return the newest `count` entries of a stream, oldest first."""
    return list(itertools.islice(newest_first(connection, key, kind, page=min(count, COUNT)), count))[::-1]


def newest_first(connection: Connection, key: str, kind: type[R], *, page: int = PAGE) -> Iterator[Entry[R]]:
    """Yield the entries of a stream from the newest backwards, `page` of them a round trip."""
    end = "+"
    while entries := connection.backwards(key, end, count=page):
        yield from decode_entries(key, entries, kind)
        end = f"({entries[-1][0]}"


def decode_entries(
    key: str, entries: Iterable[RawEntry], kind: type[R], corrupt: dict[str, int] | None = None
) -> Iterator[Entry[R]]:
    """Yield the entries that hold a record of the kind.

    Another one is named in the log, left out, and counted in `corrupt` under the stream's key.
    """
    for entry_id, data in entries:
        try:
            if data is None:
                raise CorruptRecord("was not written by helo")  # noqa: TRY301 - one place says what is left out
            record = decode(data, kind)
        except CorruptRecord as error:
            _log.error("entry left out", key=key, id=entry_id, error=error)
            if corrupt is not None:
                corrupt[key] = corrupt.get(key, 0) + 1
        else:
            yield Entry(key, entry_id, record)
