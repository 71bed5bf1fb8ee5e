"""Read an Empatica E4 recording: a folder or zip of CSV files, one a sensor."""

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.files.csv_columns import read_columns
from pipeline.files.recording import RecordedStream, Recording, describe, markers
from pipeline.records import Array

#: The most that one file may hold, unpacked: two days of the fastest sensor.
MAX_BYTES: Final = 128 * 1024 * 1024


@dataclass(frozen=True)
class _Sensor:
    type: str
    unit: str
    ch_names: tuple[str, ...]
    scale: float = 1.0


_SENSORS: Final = {
    "BVP": _Sensor("PPG", "a.u.", ("BVP",)),
    "EDA": _Sensor("GSR", "uS", ("EDA",)),
    "TEMP": _Sensor("Temperature", "degC", ("TEMP",)),
    "ACC": _Sensor("Motion", "g", ("ACC_X", "ACC_Y", "ACC_Z"), 1 / 64),
}
_DERIVED: Final = {"HR": "heart rate", "IBI": "intervals between beats"}
_FILES: Final = frozenset(f"{name}.csv" for name in (*_SENSORS, *_DERIVED, "tags"))


def is_e4(names: list[str]) -> bool:
    """Tell whether files of these names are an E4 recording."""
    return any(f"{sensor}.csv" in names for sensor in _SENSORS)


def read_e4(path: Path) -> Recording:
    """Read a folder or a zip of E4 CSV files.

    The first line of a file is its start (Unix s), the second its rate (Hz). BVP becomes PPG (a.u.), EDA becomes GSR
    (uS), TEMP becomes Temperature (degC), ACC becomes Motion (g; the file counts 1/64 g). All streams are named after
    the folder or zip, float32, timed in seconds from the earliest start. Button presses (tags.csv) become markers.

    Parameters
    ----------
    path : Path
        The folder or zip; nothing of a zip is written to disk.

    Raises
    ------
    BadInput
        It cannot be read, a file is not of that form, or no sensor has samples.
    """
    contents = _from_zip(path) if path.is_file() else _from_folder(path)
    starts: dict[str, float] = {}
    streams: dict[str, RecordedStream] = {}
    left_out = [f"{name}.csv: {what} as the device computed it, not a signal of its own; left out"
                for name, what in _DERIVED.items() if f"{name}.csv" in contents]  # fmt: skip
    notes: list[str] = []
    for name in _SENSORS:
        content = contents.get(f"{name}.csv")
        if content is None:
            left_out.append(f"{name}.csv: is not there")
        elif len(content.splitlines()) <= 2:
            left_out.append(f"{name}.csv: holds no samples; left out")
        else:
            starts[name], streams[name], cut = _sensor(path, name, content)
            notes += [f"{name}.csv: the last line is cut off and was left out"] if cut else []
    if not streams:
        raise BadInput(
            f"{path}: no sensor has samples ({', '.join(f'{name}.csv' for name in _SENSORS)}); give another recording"
        )
    start = min(starts.values())
    shifted = [
        RecordedStream(stream.info, stream.times + (starts[name] - start), stream.data)
        for name, stream in streams.items()
    ]
    shifted += _tags(path, contents.get("tags.csv", b""), start)
    return Recording(path, tuple(shifted), tuple(left_out), tuple(notes))


def _sensor(path: Path, name: str, content: bytes) -> tuple[float, RecordedStream, bool]:
    """Return a sensor's start (Unix s), its samples timed from there, and whether its last line is cut off."""
    sensor = _SENSORS[name]
    where = f"{path}: {name}.csv"
    columns = read_columns(content, where, names=sensor.ch_names)
    rows = np.column_stack([columns.numbers(channel, where, header_lines=0) for channel in sensor.ch_names])
    (start, sfreq), data = rows[:2, 0], rows[2:]
    if not np.isfinite(start) or not 0 < sfreq < np.inf:
        raise BadInput(
            f"{where}: the first line must be the start (Unix s) and the second the rate (Hz), "
            f"found {start} and {sfreq}; give the file as the device wrote it"
        )
    info = describe(
        path,
        name,
        name=path.stem,
        type=sensor.type,
        sfreq=float(sfreq),
        ch_names=sensor.ch_names,
        units=(sensor.unit,) * len(sensor.ch_names),
    )
    samples = (data * sensor.scale).astype(np.float32)
    return float(start), RecordedStream(info, np.arange(len(data)) / sfreq, samples), columns.cut


def _tags(path: Path, content: bytes, start: float) -> list[RecordedStream]:
    """Return the button presses as a stream of markers, if there are any."""
    if not content.strip():
        return []
    where = f"{path}: tags.csv"
    times: Array = read_columns(content, where, names=("time",)).numbers("time", where, header_lines=0)
    return [markers(path, f"{path.stem}-markers", times - start, ["tag"] * len(times))]


def _from_folder(path: Path) -> dict[str, bytes]:
    try:
        return {file.name: file.read_bytes() for file in path.iterdir() if file.name in _FILES and file.is_file()}
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error}); give a folder of E4 files") from error


def _from_zip(path: Path) -> dict[str, bytes]:
    """Return the E4 files of a zip by their bare names; read in memory, never extracted."""
    contents: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                place = PurePosixPath(member.filename)
                if place.name not in _FILES or "__MACOSX" in place.parts:
                    continue
                if place.name in contents:
                    raise BadInput(f"{path}: holds {place.name} twice; give a zip of one recording")
                with archive.open(member) as file:
                    contents[place.name] = file.read(MAX_BYTES + 1)
                if len(contents[place.name]) > MAX_BYTES:
                    raise BadInput(f"{path}: {place.name} is larger than {MAX_BYTES >> 20} MiB; an E4 file is not")
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"{path}: cannot be read as a zip ({error}); give the zip as it was downloaded") from error
    if not is_e4(list(contents)):
        raise BadInput(
            f"{path}: holds none of {', '.join(f'{name}.csv' for name in _SENSORS)}; give a zip of E4 CSV files"
        )
    return contents
