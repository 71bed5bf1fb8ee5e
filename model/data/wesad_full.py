"""WESAD as downloaded: of each participant ``SX/SX.pkl`` and ``SX/SX_quest.csv``.

The pickle has the wrist device's signals on the clock of the study, on which the questionnaire's times are given too.
So the device's own files (``SX_E4_Data.zip``) are not needed.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.data.plain_pickle import load_arrays
from model.data.wesad_condition import ITEMS, NOT_AT_ALL, Condition
from pipeline.errors import BadInput
from pipeline.files.recording import RecordedStream, describe

#: Places of `ITEMS` among the questionnaire's items, which it does not name.
_PLACES: Final = tuple(
    (
        "Active", "Distressed", "Interested", "Inspired", "Annoyed", "Strong", "Guilty", "Scared", "Hostile", "Excited",
        "Proud", "Irritable", "Enthusiastic", "Ashamed", "Alert", "Nervous", "Determined", "Attentive", "Jittery",
        "Afraid",
    ).index(item)
    for item in ITEMS
)  # fmt: skip
#: The rated conditions and their codes in the pickle's ``label``.
_CODES: Final = {"Base": 1, "TSST": 2, "Fun": 3, "Medi 1": 4, "Medi 2": 4}
_LABEL_HZ: Final = 700
#: The labels leave out some seconds at both ends of a condition; less agreement than this is no rounding.
_AGREEMENT: Final = 0.8


class _Sensor(NamedTuple):
    modality: str
    sfreq: float
    unit: str
    channels: tuple[str, ...]
    scale: float = 1.0


_SENSORS: Final = {
    "BVP": _Sensor("PPG", 64, "a.u.", ("BVP",)),
    "EDA": _Sensor("GSR", 4, "uS", ("EDA",)),
    "TEMP": _Sensor("Temperature", 4, "degC", ("TEMP",)),
    "ACC": _Sensor("Motion", 32, "g", ("ACC_X", "ACC_Y", "ACC_Z"), 1 / 64),
}


def read_questionnaire(path: Path) -> tuple[list[Condition], list[str]]:
    """Read ``SX_quest.csv``: the five rated conditions, and a sentence for each missing rating.

    The lines ``# ORDER``, ``# START`` and ``# END`` name the conditions and give their times (minutes.seconds, a zero
    at the end left out); the lines ``# PANAS`` follow in the order of the rated ones.

    Raises
    ------
    BadInput
        A line is missing, a condition has no ratings, or a field is no number.
    """
    try:
        rows = [line.split(";") for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); give the folder as it was downloaded") from error
    lines: dict[str, list[list[str]]] = {}
    for row in rows:
        lines.setdefault(row[0].strip("# :"), []).append([field.strip() for field in row[1:]])
    missing = [name for name in ("ORDER", "START", "END", "PANAS") if name not in lines]
    if missing:
        raise BadInput(f"{path}: the line `# {missing[0]}` is missing; give the file as it was downloaded")
    order = lines["ORDER"][0]
    times = [(line, lines[line][0]) for line in ("START", "END")]
    rated = [(place, name) for place, name in enumerate(order) if name in _CODES]
    if sorted(name for _, name in rated) != sorted(_CODES) or len(lines["PANAS"]) != len(rated):
        raise BadInput(
            f"{path}: `# ORDER` must name {', '.join(_CODES)}, with a line `# PANAS` for each; "
            f"found {', '.join(name for _, name in rated)} and {len(lines['PANAS'])} lines"
        )
    conditions, notes = [], []
    for (place, name), row in zip(rated, lines["PANAS"], strict=True):
        ratings, lacking = _ratings(path, name, row)
        start, end = (_seconds(path, line, "".join(column[place : place + 1])) for line, column in times)
        conditions.append(Condition(name, start, end, ratings))
        notes += [f"{path.parent.name}, {name}: no rating of {item}; read as 1, not at all" for item in lacking]
    return conditions, notes


def read_pickle(path: Path, conditions: list[Condition]) -> list[RecordedStream]:
    """Read the wrist device's streams from ``SX.pkl``, timed from the start of the study.

    Parameters
    ----------
    path : Path
        The pickle; only arrays are admitted.
    conditions : list of Condition
        From the questionnaire; they must agree with the pickle's labels.

    Raises
    ------
    BadInput
        The file is refused, a signal is missing or has another shape, or the labels disagree with the questionnaire.
    """
    content = load_arrays(path)
    labels = _array(path, content, ("label",), 1)
    for condition in conditions:
        inside = labels[round(condition.start * _LABEL_HZ) : round(condition.end * _LABEL_HZ)]
        agreeing = float(np.mean(inside == _CODES[condition.name])) if len(inside) else 0.0
        if agreeing < _AGREEMENT:
            raise BadInput(
                f"{path}: label: is {_CODES[condition.name]} in only {agreeing:.0%} of the time in which the "
                f"questionnaire has {condition.name}; give both files as they were downloaded"
            )
    streams = []
    for name, sensor in _SENSORS.items():
        data = _array(path, content, ("signal", "wrist", name), len(sensor.channels))
        info = describe(
            path,
            name,
            name=path.stem,
            type=sensor.modality,
            sfreq=sensor.sfreq,
            ch_names=sensor.channels,
            units=(sensor.unit,) * len(sensor.channels),
        )
        samples = (data.reshape(len(data), -1) * sensor.scale).astype(np.float32)
        streams.append(RecordedStream(info, np.arange(len(data)) / sensor.sfreq, samples))
    return streams


def _array(path: Path, content: Any, keys: tuple[str, ...], n_channels: int) -> NDArray[np.floating]:
    """Return an array of numbers ``(n_times,)`` or ``(n_times, n_channels)`` from nested mappings."""
    where = ".".join(keys)
    for key in keys:
        if not isinstance(content, dict) or key not in content:
            raise BadInput(f"{path}: {where}: is missing; give the file as it was downloaded")
        content = content[key]
    if not isinstance(content, np.ndarray) or content.dtype.kind not in "iuf" or not len(np.atleast_1d(content)):
        raise BadInput(f"{path}: {where}: is no array of numbers; give the file as it was downloaded")
    if content.shape not in {(len(content), n_channels), (len(content),) if n_channels == 1 else ()}:
        raise BadInput(f"{path}: {where}: has shape {content.shape}, not (n, {n_channels})")
    if not np.isfinite(content).all():
        raise BadInput(f"{path}: {where}: holds values that are not finite; give the file as it was downloaded")
    return content.reshape(-1) if n_channels == 1 else content


def _ratings(path: Path, condition: str, row: list[str]) -> tuple[tuple[float, ...], list[str]]:
    """Return the ratings of a condition, and which of them are missing."""
    ratings, lacking = [], []
    for item, place in zip(ITEMS, _PLACES, strict=True):
        text = row[place] if place < len(row) else ""
        if text.lower() in {"", "nan"}:
            lacking.append(item)
            ratings.append(NOT_AT_ALL)
        elif text.isdecimal() and 1 <= int(text) <= 5:
            ratings.append(float(text))
        else:
            raise BadInput(f"{path}: PANAS: {condition}: {item}: {text!r} is not a rating from 1 to 5; correct it")
    return tuple(ratings), lacking


def _seconds(path: Path, line: str, text: str) -> float:
    """Return minutes.seconds as seconds: 7.08 is 7:08, 50.3 is 50:30, 32 is 32:00."""
    minutes, _, rest = text.partition(".")
    seconds = f"{rest}00"[:2]
    if not minutes.isdecimal() or not seconds.isdecimal() or len(rest) > 2 or int(seconds) > 59:
        raise BadInput(f"{path}: {line}: {text!r} is not minutes.seconds; give the file as it was downloaded")
    return 60.0 * int(minutes) + int(seconds)
