"""A folder that appears when everything in it is written, or not at all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import BadInput


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes `target` when all went well and is gone when not.

    What a killed process has left of it, hidden beside the target, is removed by the next that writes there.

    Parameters
    ----------
    target : Path
        A folder that does not exist yet.

    Raises
    ------
    BadInput
        Something is there already, the place cannot be written, or another process is writing it.
    """
    fresh = target.with_name(f".{target.name}.part")
    try:
        require_absent(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700, exist_ok=True)  # signals of people, as in the session's folder
        lock = os.open(fresh, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(fresh)
            yield fresh
            require_absent(target)
            fresh.rename(target)
        except BlockingIOError as error:
            raise BadInput(f"{target}: another process is writing it; wait for it") from error
        except BaseException:
            shutil.rmtree(fresh)
            raise
        finally:
            os.close(lock)
    except OSError as error:
        raise BadInput(f"{target}: cannot be written ({error.strerror or error}); give another folder by -o") from error


def require_absent(target: Path) -> None:
    """Check that nothing is at a path, not even a link to nowhere.

    Raises
    ------
    BadInput
        Something is.
    """
    if os.path.lexists(target):
        raise BadInput(f"{target}: is there already, and nothing is overwritten; remove it, or give another by -o")


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
