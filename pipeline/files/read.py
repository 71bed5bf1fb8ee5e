"""Find out what kind of recording a path is, and read it."""

from pathlib import Path
from typing import Final

from pipeline.errors import BadInput
from pipeline.files.e4 import is_e4, read_e4
from pipeline.files.mne_file import read_mne
from pipeline.files.recording import Recording
from pipeline.files.table import TableOptions, read_table
from pipeline.files.xdf import read_xdf
from pipeline.session.folder import RAW

_TABLE: Final = ".csv"


def read_recording(path: Path, options: TableOptions | None = None) -> Recording:
    """Read a recording of any kind that helo knows.

    Parameters
    ----------
    path : Path
        A session folder, an .xdf file, a folder or zip of Empatica E4 CSV files, a .csv table, or any file that MNE
        reads.
    options : TableOptions | None
        What a .csv table does not say of itself; for other kinds there must be none.

    Raises
    ------
    BadInput
        There is nothing at the path, it cannot be read, nothing in it is usable, or options are given that do not
        apply.
    """
    options = options or TableOptions()
    if not path.exists():
        raise BadInput(f"{path}: there is no such file or folder; give the path of a recording")
    suffix = path.suffix.lower()
    if suffix == _TABLE and path.is_file():
        return read_table(path, options)
    if options.given():
        raise BadInput(
            f"{path}: {', '.join(options.given())} describe a {_TABLE} table, which this is not; leave them out"
        )
    if path.is_dir():
        return _read_folder(path)
    if suffix == ".xdf":
        return read_xdf(path)
    return read_e4(path) if suffix == ".zip" else read_mne(path)


def _read_folder(path: Path) -> Recording:
    names = [entry.name for entry in path.iterdir()]
    if RAW in names:
        return read_xdf(path / RAW)
    if is_e4(names):
        return read_e4(path)
    if path.suffix:  # some systems record into a folder, for example .mff and .ds
        return read_mne(path)
    raise BadInput(
        f"{path}: is a folder with neither {RAW} (a recorded session) nor E4 files (BVP.csv, EDA.csv, TEMP.csv, "
        "ACC.csv); give the recording itself"
    )
