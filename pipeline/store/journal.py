"""What a process must not forget though it is killed: records in a few files of the run's private folder.

A record is appended by one write into the system's memory. So it survives the process, not the machine, and costs some
microseconds; the disk is never waited for. A file is removed when all that it holds is old.
"""

import errno
import os
import struct
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

#: Before each record: how many bytes it has.
_LENGTH: Final = struct.Struct("<I")
#: What is kept is spread over so many files, and one that still grows.
_FILES: Final = 6


class Journal:
    """Append records for whoever comes after. Belongs to one thread of one process at a time.

    Parameters
    ----------
    folder : Path
        Where the files are; made if need be.
    keep_s : float
        Records are kept for this long, or a sixth longer (s). The newest file is kept however old it is.
    clock : callable
        Seconds, only ever rising, the same for all processes of the machine.
    """

    def __init__(self, folder: Path, *, keep_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._keep_s = keep_s
        self._clock = clock
        self._file = -1
        self._begun = float("-inf")
        self._end = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def turns(self) -> bool:
        """Whether the next record begins a file, which will outlive those before it."""
        return self._file < 0 or self._clock() - self._begun >= self._keep_s / _FILES

    def read(self) -> list[bytes]:
        """Return the records that are kept, oldest first; one that was cut off by its writer's death is left out."""
        return [record for file in self._files() for record in _records(file.read_bytes())]

    def append(self, record: bytes) -> None:
        """Keep a record.

        Raises
        ------
        OSError
            There is no room: the record is not kept, those before it are.
        """
        if self.turns:
            self._turn()
        framed = _LENGTH.pack(len(record)) + record
        try:
            if os.write(self._file, framed) < len(framed):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301 - as the system says it
        except OSError:
            os.ftruncate(self._file, self._end)  # half a record would hide those that follow
            raise
        self._end += len(framed)

    def close(self) -> None:
        """Close the file; what is kept stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _turn(self) -> None:
        """Begin a file, and remove those that hold nothing new enough."""
        now = self._clock()
        path = self._folder / f"{round(1000 * now):015d}"
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.close()
        self._file, self._begun, self._end = opened, now, 0
        for file, following in pairwise(self._files()[:-1]):
            if int(following.name) < 1000 * (now - self._keep_s):
                file.unlink()

    def _files(self) -> list[Path]:
        return sorted(self._folder.iterdir())


def _records(data: bytes) -> Iterator[bytes]:
    start = 0
    while start + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, start)
        start += _LENGTH.size
        if start + length > len(data):
            return
        yield data[start : start + length]
        start += length
