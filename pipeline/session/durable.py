"""A file that grows by whole pieces: what was synced is on the disk, and a full disk leaves no half of a piece."""

import errno
import io
import os
from pathlib import Path
from typing import Any, Final

#: What the system says where a file cannot grow: the disk, a quota or a limit of the process is exhausted.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

#: What it says where the place of a file is lost: its disk was taken away, fails, or is read-only now; its folder was
#: moved, removed or closed to us; the machine that it is on does not answer.
_LOST: Final = frozenset(
    {
        errno.EIO, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ENODEV, errno.ENXIO,
        errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN,
    }
)  # fmt: skip


def is_full(error: OSError) -> bool:
    """Return whether an error says that there is no room."""
    return error.errno in _FULL


def refusal(error: OSError) -> str:
    """Return in words that a place takes no more, and why; empty where an error does not say so."""
    if is_full(error):
        return "is full"
    return f"cannot be written to any more ({error.strerror})" if error.errno in _LOST else ""


class DurableFile(io.RawIOBase):
    """Take bytes, and write them with the next `sync`: all of them, or none.

    Parameters
    ----------
    path : Path
        The file; made if need be.
    end : int
        Where what is there already ends; what comes after is removed.
    """

    def __init__(self, path: Path, end: int = 0) -> None:
        super().__init__()
        self._waiting = bytearray()
        self._end = end
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, end)

    @property
    def synced(self) -> int:
        """Bytes that are on the disk."""
        return self._end

    def writable(self) -> bool:
        """Return True, as every file that is written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Keep bytes for the next `sync`."""
        self._waiting += data
        return memoryview(data).nbytes

    def tell(self) -> int:
        """Return how long the file will be (bytes)."""
        return self._end + len(self._waiting)

    def sync(self) -> None:
        """Write what waits, to the disk itself.

        Raises
        ------
        OSError
            The system refuses; the file ends then where it ended after the last sync, and what waits still waits.
        """
        try:
            written = 0
            while written < len(self._waiting):
                written += os.pwrite(self._file, memoryview(self._waiting)[written:], self._end + written)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(self._waiting)
        self._waiting.clear()

    def finish(self) -> None:
        """Write what waits and close the file."""
        self.sync()
        self.close()

    def close(self) -> None:
        """Close the file as it is on the disk; what waits is given up."""
        if not self.closed:
            super().close()
            os.close(self._file)
