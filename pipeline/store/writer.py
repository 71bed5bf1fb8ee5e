"""Writing a stream of the store so that the server's death loses nothing."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.log import get_log
from pipeline.records import Record
from pipeline.store.codec import encode
from pipeline.store.connection import Connection, Fence, IdRefused
from pipeline.store.ids import START, parse, tick_id
from pipeline.store.lease import Lease
from pipeline.store.link import Link
from pipeline.store.retention import Retention

#: How long the store keeps what is written (s).
RAW_RETENTION_S: Final = 120.0
FEATURES_RETENTION_S: Final = 600.0
ESTIMATES_RETENTION_S: Final = 3600.0
#: How long a writer keeps what it has written (s).
HOLD_S: Final = 60.0


class OutOfOrder(ValueError):  # noqa: N818 - it names what happened
    """An entry that was never stored comes before the stream's last one: the stream has another writer, or ids fell."""


@dataclass(slots=True)
class _Entry:
    time: float
    entry_id: str
    data: bytes
    tried: bool = False
    """It was sent, by this worker or by one before it; whether it was stored, the stream's last id says."""


class StreamWriter:
    """The one writer of one stream.

    Every entry is kept, encoded, for `hold_s` seconds. While the store is lost `append` keeps and returns at once;
    when it is back, what it has not stored is sent again, unchanged and in order: after a broken connection what came
    after its last id, after its death everything held. Belongs to one thread.

    Parameters
    ----------
    connection : Connection
        Says where the store is; the writer opens a connection of its own.
    key : str
        The stream, from `pipeline.store.keys`.
    retention_s : float
        The store may drop entries that are older (s), and keeps those that a worker has not read for as long again.
    alarm : callable
        Called with a sentence before the store drops what a worker has not read; without it, only the log says so.
    hold_s : float
        How long entries are kept here (s).
    clock : callable
        Seconds, only ever rising.
    lease : Lease | None
        Write only while this is held.

    Attributes
    ----------
    dropped : int
        Entries given up because the store was lost for longer than `hold_s`.

    Examples
    --------
    >>> writer = StreamWriter(connection, keys.raw("demo", "P001", "eeg"), retention_s=RAW_RETENTION_S)
    >>> writer.append(raw_id(chunk.segment, chunk.first), chunk)
    True
    """

    def __init__(
        self,
        connection: Connection,
        key: str,
        *,
        retention_s: float,
        alarm: Callable[[str], None] = lambda _: None,
        hold_s: float = HOLD_S,
        clock: Callable[[], float] = time.monotonic,
        lease: Lease | None = None,
    ) -> None:
        self.key = key
        self.dropped = 0
        self._connection = connection
        self._retention = Retention(key, retention_s, alarm=alarm, clock=clock)
        self._hold_s = hold_s
        self._clock = clock
        self._lease = lease
        self._log = get_log("store", key=key)
        self._held: deque[_Entry] = deque()
        self._unsent: deque[_Entry] = deque()
        self._last = parse(START)
        self._link = Link(connection, self._resume, what=key, clock=clock)

    @property
    def held(self) -> int:
        """Number of entries kept, stored or not."""
        return len(self._held)

    @property
    def unsent(self) -> int:
        """Number of entries that the store has not acknowledged."""
        return len(self._unsent)

    @property
    def lost(self) -> bool:
        """Whether the store did not answer last time."""
        return self._link.lost

    def append(self, entry_id: str, record: Record) -> bool:
        """Store a record; return False if it is only kept, since the store is lost.

        Raises
        ------
        ValueError
            The id is not above that of the record before.
        OutOfOrder
            The stream holds later entries than this one, and not this one.
        """
        self.keep(entry_id, record)
        return self.flush()

    def keep(self, entry_id: str, record: Record) -> None:
        """Keep a record for the next `flush`.

        Raises
        ------
        ValueError
            The id is not above that of the record before.
        """
        self.keep_encoded(((entry_id, encode(record)),))

    def keep_encoded(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Keep records that are encoded already, each with its id, as `keep` does."""
        for entry_id, data in entries:
            entry = self._hold(entry_id, data, self._clock())
            self._unsent.append(entry)
            self._forget(entry.time)

    def newest(self, seconds: float) -> tuple[tuple[str, bytes], ...]:
        """Return id and bytes of what was written in the last `seconds`, stored or not, oldest first."""
        since = self._clock() - seconds
        return tuple((entry.entry_id, entry.data) for entry in self._held if entry.time >= since)

    def take_over(self, entries: Sequence[tuple[str, bytes]], *, every_s: float = 0.0) -> None:
        """Hold what a predecessor has written: what of it the store lacks is sent first.

        Parameters
        ----------
        entries : sequence of (str, bytes)
            Their ids and bytes, oldest first.
        every_s : float
            They were written so long after one another (s), the last just now: each is kept as long as if its writer
            lived on.
        """
        now = self._clock()
        for place, (entry_id, data) in enumerate(entries, 1):
            self._hold(entry_id, data, now - every_s * (len(entries) - place)).tried = True

    def take_over_ticks(self, hop_s: float, saved: Iterable[tuple[str, bytes]] = ()) -> int:
        """Hold of a stream of ticks what a predecessor held when it died.

        Parameters
        ----------
        hop_s : float
            There is a tick every so many seconds.
        saved : iterable of (str, bytes)
            What its `newest` gave; of that the store may lack something.

        Returns
        -------
        int
            The last tick; -1 where there is none.

        Raises
        ------
        StoreLost
            The store does not answer.
        """
        newest = parse(self._connection.last_id(self.key))[1] - 1
        first = max(newest - math.ceil(self._hold_s / hop_s), 0)
        stored = [(i, data) for i, data in self._connection.range(self.key, tick_id(first)) if data is not None]
        entries = {**dict(saved), **dict(stored)}
        self.take_over(sorted(entries.items(), key=lambda entry: parse(entry[0])), every_s=hop_s)
        return self._last[1] - 1

    def flush(self) -> bool:
        """Send what the store has not acknowledged; return whether it has everything now.

        Call it every second or so where entries are rare: so none waits for the next one, and a store that came back
        empty is noticed and filled.

        Raises
        ------
        OutOfOrder
            The stream holds later entries than an unsent one, and not that one.
        LeaseLost
            Another worker writes this stream now.
        """
        return self._link.run(self._send_unsent)

    def close(self) -> None:
        """Send what can be sent and close the connection."""
        self.flush()
        if self._unsent:
            self._log.warning("closed while the store was lost", unsent=self.unsent)
        self._link.close()

    def _hold(self, entry_id: str, data: bytes, time: float) -> _Entry:
        place = parse(entry_id)
        if place <= self._last:
            raise ValueError(f"{self.key}: id {entry_id} is not above {self._last[0]}-{self._last[1]}, the one before")
        entry = _Entry(time, entry_id, data)
        self._last = place
        self._held.append(entry)
        self._retention.note(entry.time, entry_id)
        return entry

    def _resume(self, store: Connection) -> None:
        last = parse(store.last_id(self.key))
        self._unsent = deque(entry for entry in self._held if parse(entry.entry_id) > last or not entry.tried)

    def _send_unsent(self, store: Connection) -> None:
        if not self._unsent:
            store.ping()
            return
        min_id = self._retention.min_id(store)
        while self._unsent:
            entry = self._unsent[0]
            entry.tried = True
            try:
                self._add(store, entry, min_id)
            except IdRefused as refusal:
                # Stored before: by the try whose answer was lost, or by this worker before it was restarted.
                if not store.range(self.key, entry.entry_id, entry.entry_id):
                    raise OutOfOrder(f"{refusal} and the stream does not hold it") from refusal
            self._unsent.popleft()

    def _add(self, store: Connection, entry: _Entry, min_id: str | None) -> None:
        def add(fence: Fence | None) -> None:
            store.add(self.key, entry.entry_id, entry.data, min_id=min_id, fence=fence)

        if self._lease is None:
            add(None)
        else:
            self._lease.write(store, add)

    def _forget(self, now: float) -> None:
        dropped = 0
        while self._held[0].time < now - self._hold_s:
            entry = self._held.popleft()
            if self._unsent and self._unsent[0] is entry:
                self._unsent.popleft()
                dropped += 1
        if dropped and not self.dropped:
            self._log.error("the store is lost for too long: the oldest entries are given up", hold_s=self._hold_s)
        self.dropped += dropped
