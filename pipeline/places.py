"""Whether something can be written at a place, asked before what takes long; nothing is made there yet."""

import os
from pathlib import Path

from pipeline.errors import BadInput


def require_file(path: Path, option: str) -> None:
    """Check that a file can be written, in a folder that is there or can be made.

    Parameters
    ----------
    path : Path
        The file; one that is there may be written anew.
    option : str
        What gave the path.

    Raises
    ------
    BadInput
        It cannot.
    """
    require_folder(path.parent, option)
    if path.is_dir():
        raise BadInput(f"{option}: {path} is a folder; give a file")
    if path.exists() and not os.access(path, os.W_OK):
        raise BadInput(f"{option}: {path} cannot be written; give another file")


def require_folder(path: Path, option: str) -> None:
    """Check that files can be written in a folder, which is there or can be made.

    Parameters
    ----------
    path : Path
        The folder.
    option : str
        What gave the path.

    Raises
    ------
    BadInput
        They cannot.
    """
    whole = path.absolute()
    nearest = next(place for place in (whole, *whole.parents) if os.path.lexists(place))
    if not nearest.is_dir():
        raise BadInput(f"{option}: {nearest} is no folder, so nothing can be written in it; give another place")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise BadInput(f"{option}: {nearest} cannot be written; give another place")
