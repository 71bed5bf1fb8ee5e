"""The newest snapshot of a participant's preprocessing: in the store, and in a file beside it.

The store's is for whichever worker takes over, on whichever machine. The file is for the day on which the store dies
together with the worker.
"""

import os
from pathlib import Path

from pipeline.log import get_log
from pipeline.states import Snapshot
from pipeline.store.codec import CorruptRecord, decode, encode
from pipeline.store.connection import Connection
from pipeline.store.lease import Lease
from pipeline.store.link import Link


class Snapshots:
    """Saves and loads snapshots of one participant. Belongs to one thread.

    Parameters
    ----------
    connection : Connection
        Says where the store is.
    key : str
        From `keys.snapshot`.
    file : Path
        Where the same is kept on this machine.
    lease : Lease
        Save only while this is held.
    """

    def __init__(self, connection: Connection, key: str, file: Path, lease: Lease) -> None:
        self._connection = connection
        self._key = key
        self._file = file
        self._lease = lease
        self._log = get_log("store", key=key)
        self._link = Link(connection, lambda _: None, what=key)

    def save(self, snapshot: Snapshot) -> bool:
        """Save a snapshot; return False if it is in the file alone, since the store is lost.

        Raises
        ------
        LeaseLost
            Another worker saves them now.
        """
        data = encode(snapshot)
        stored = self._link.run(
            lambda store: self._lease.write(store, lambda fence: store.put(self._key, data, fence=fence))
        )
        # Of its own name: a worker that was paused here, and goes on, must not take its successor's file away.
        fresh = self._file.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(data)
        fresh.replace(self._file)
        return stored

    def load(self) -> Snapshot | None:
        """Return the newest snapshot, None when there is none.

        Raises
        ------
        StoreLost
            The store does not answer.
        """
        stored = [self._connection.get(self._key), self._file.read_bytes() if self._file.exists() else None]
        found = [snapshot for data in stored if data is not None and (snapshot := self._decode(data))]
        return max(found, key=lambda snapshot: snapshot.time, default=None)

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def _decode(self, data: bytes) -> Snapshot | None:
        try:
            return decode(data, Snapshot)
        except CorruptRecord as error:
            self._log.error("snapshot left out", error=error)
            return None
