"""A lock on a file or folder: any process can tell whether its holder lives, whatever clocks do meanwhile."""

import fcntl
import os
from pathlib import Path


def hold(descriptor: int) -> None:
    """Hold an open file or folder until it is closed, which the end of this process does, too.

    Parameters
    ----------
    descriptor : int
        Of the file, open for writing, or of the folder.

    Raises
    ------
    OSError
        Another process holds it, or its file system knows no locks.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def held(path: Path) -> bool:
    """Return whether a process holds a file or folder; False where there is none.

    On a shared drive that may be a process of another machine.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
