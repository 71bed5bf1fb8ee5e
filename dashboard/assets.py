"""The files that Streamlit serves to the page: the page's own modules, and Plotly's, copied from its wheel."""

import contextlib
import filecmp
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import plotly

from pipeline.errors import BadInput

SOURCES: Final = Path(__file__).parent / "charts"
#: Made by `install`; Streamlit serves it as ``app/static`` and refuses links that leave it, hence the copies.
STATIC: Final = Path(__file__).parent / "static"
_PLOTLY: Final = "plotly.min.js"


def install(folder: Path = STATIC) -> None:
    """Put what the page needs into the folder that is served, unless it is there.

    The page's modules go into a folder named by their content, so that no browser mixes two versions of them.

    Parameters
    ----------
    folder : Path
        Where to put it.

    Raises
    ------
    BadInput
        The wheel of Plotly lacks its file, or the folder cannot be written.
    """
    wanted = {_PLOTLY: plotly_file(), **{f"{version()}/{source.name}": source for source in _modules()}}
    try:
        for name, source in wanted.items():
            _copy(source, folder / name)
        _drop_others(folder)
    except OSError as error:
        raise BadInput(
            f"{folder}: cannot be written ({error}); the page is served from there: start helo once as the user who "
            "installed it"
        ) from error


def plotly_file() -> Path:
    """Return where Plotly's wheel keeps its JavaScript.

    Raises
    ------
    BadInput
        It is not there.
    """
    found = Path(plotly.__file__).parent / "package_data" / _PLOTLY
    if not found.is_file():
        raise BadInput(f"{found}: not found; reinstall plotly (`pip install --force-reinstall plotly`)")
    return found


def version() -> str:
    """Return a name for the present content of the page's own modules."""
    digest = hashlib.sha256()
    for source in _modules():
        digest.update(source.name.encode() + source.read_bytes())
    return f"page-{digest.hexdigest()[:12]}"


def _modules() -> list[Path]:
    return sorted(path for path in SOURCES.iterdir() if path.suffix in {".js", ".css"})


def _copy(source: Path, target: Path) -> None:
    """Copy under another name first: a second launch at the same moment never serves half a file."""
    if target.is_file() and filecmp.cmp(source, target, shallow=False):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")
    os.close(handle)
    try:
        shutil.copyfile(source, name)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def _drop_others(folder: Path) -> None:
    """Drop what an earlier program left; a second launch at the same moment does so, too."""
    for other in folder.glob("page-*"):
        if other.name != version():
            # Whoever moves it away drops it.
            with (
                tempfile.TemporaryDirectory(dir=folder, prefix="dropped.") as dropped,
                contextlib.suppress(FileNotFoundError),
            ):
                other.rename(Path(dropped) / other.name)
