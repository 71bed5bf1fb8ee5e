"""Read a plain CSV table: a column a channel, a row a sample."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.files.csv_columns import Columns, read_columns
from pipeline.files.recording import RecordedStream, Recording, describe
from pipeline.modalities import MODALITIES, UNIT_FACTORS
from pipeline.records import Array

#: Units of a Face table's columns, by the end of their names; all others are a.u.
_FACE_UNITS: Final = {"_deg": "deg", "_cm": "cm"}
#: A stream is regular where no interval differs from the mean one by more than this share of it.
_REGULAR_WITHIN: Final = 0.5


@dataclass(frozen=True)
class TableOptions:
    """What a table does not say of itself."""

    type: str | None = None
    """The stream's type, for example GSR."""
    channels: tuple[str, ...] | None = None
    """Columns to take; None for all but the time column."""
    unit: str | None = None
    """Unit of all channels; only a Face table knows its own."""
    sfreq: float | None = None
    """Rate (Hz); with `time` the nominal one."""
    time: str | None = None
    """Column of the timestamps (s)."""

    def given(self) -> list[str]:
        """Return the options that are set, as they are written on the command line."""
        return [f"--{name}" for name, value in vars(self).items() if value is not None]


def read_table(path: Path, options: TableOptions) -> Recording:
    """Read a CSV file whose first line names its columns.

    Values are double64; empty cells are NaN. The stream is named after the file. A Face stream may drop samples.

    Parameters
    ----------
    path : Path
        A .csv file.
    options : TableOptions
        Type and unit must be given (a Face table's units are known), and either the rate or the time column.

    Raises
    ------
    BadInput
        An option is missing or names a column that is not there, a cell is not a number, times do not rise, or there
        are no rows.
    """
    type_, unit = _type_and_unit(path, options)
    columns = read_columns(_content(path), str(path))
    names = _channels(path, columns, options)
    data = np.column_stack([columns.numbers(name, str(path)) for name in names])
    if not len(data):
        raise BadInput(f"{path}: holds column names and no rows; give a table with samples")
    times, sfreq = _times(path, columns, options, len(data), droppable=type_ == "Face")
    info = describe(
        path,
        "table",
        name=path.stem,
        type=type_,
        sfreq=sfreq,
        ch_names=names,
        units=tuple(unit or _face_unit(name) for name in names),
        format="double64",
        can_drop_samples=type_ == "Face",
    )
    notes = ("the last line is cut off and was left out",) if columns.cut else ()
    return Recording(path, (RecordedStream(info, times, data),), notes=notes)


def _type_and_unit(path: Path, options: TableOptions) -> tuple[str, str | None]:
    if options.type is None:
        raise BadInput(
            f"{path}: --type is missing: a table does not say what it holds; give {', '.join(MODALITIES)} or another"
        )
    if options.unit is None and options.type != "Face":
        known = [unit for modality, factors in UNIT_FACTORS.items() if modality == options.type for unit in factors]
        example = f", for example {' or '.join(known[:3])}" if known else ""
        raise BadInput(f"{path}: --unit is missing: a table does not say its unit; give it{example}")
    if options.sfreq is None and options.time is None:
        raise BadInput(
            f"{path}: --sfreq (Hz) or --time (the column of timestamps in seconds) is missing; give one of them"
        )
    if options.sfreq is not None and not 0 < options.sfreq < float("inf"):
        raise BadInput(f"{path}: --sfreq is {options.sfreq}; give a rate above 0 Hz")
    return options.type, options.unit


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); give a .csv file") from error


def _channels(path: Path, columns: Columns, options: TableOptions) -> tuple[str, ...]:
    there = list(columns.values)
    if options.time is not None and options.time not in there:
        raise BadInput(f"{path}: --time: no column {options.time!r}; the columns are {', '.join(there)}")
    names = options.channels or tuple(name for name in there if name != options.time)
    missing = [name for name in names if name not in there]
    if missing:
        raise BadInput(f"{path}: --channels: no column {missing[0]!r}; the columns are {', '.join(there)}")
    if not names:
        raise BadInput(
            f"{path}: there is no column besides {options.time!r}; give a table with a column for each channel"
        )
    return names


def _times(
    path: Path, columns: Columns, options: TableOptions, n_times: int, *, droppable: bool
) -> tuple[Array, float]:
    """Return the timestamps and the nominal rate; 0 where the timestamps are irregular."""
    if options.sfreq is not None and options.time is None:
        return np.arange(n_times) / options.sfreq, options.sfreq
    assert options.time is not None  # noqa: S101 - `_type_and_unit` made sure of one of the two
    times = columns.numbers(options.time, str(path))
    fault = np.flatnonzero(~np.isfinite(times) | (np.diff(times, prepend=-np.inf) <= 0))
    if fault.size:
        raise BadInput(
            f"{path}: --time: column {options.time!r} does not rise at line {fault[0] + 2} ({times[fault[0]]}); "
            "give timestamps in seconds that rise from row to row, or --sfreq instead"
        )
    return times, options.sfreq or _rate(times, droppable=droppable)


def _rate(times: Array, *, droppable: bool) -> float:
    intervals = np.diff(times)
    if not intervals.size:
        return 0.0
    typical = float(np.median(intervals) if droppable else np.mean(intervals))
    regular = bool(np.all(np.abs(intervals - typical) <= _REGULAR_WITHIN * typical))
    if regular:
        typical = float(np.mean(intervals))
    return float(f"{1 / typical:.6g}") if regular or droppable else 0.0


def _face_unit(name: str) -> str:
    return next((unit for end, unit in _FACE_UNITS.items() if name.endswith(end)), "a.u.")
