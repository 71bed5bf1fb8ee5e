"""WESAD's wrist device: real recordings, with PANAS ratings after each condition.

Schmidt et al., Introducing WESAD, ICMI 2018. Read from the folder as downloaded (``SX/SX.pkl``,
``SX/SX_quest.csv``), or from a wrist-only one: ``SX/SX_E4_Data.zip`` for each participant and one ``windows.csv``,
which gives each condition's place in the E4 recording and its ratings.
"""

import csv
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from model.data.dataset import LabelledWindows, join
from model.data.parallel import run_all
from model.data.ratings import to_labels
from model.data.wesad_condition import ITEMS, NOT_AT_ALL, Condition
from model.data.wesad_full import read_pickle, read_questionnaire
from model.data.windows import stack
from pipeline.errors import BadInput
from pipeline.files.e4 import read_e4
from pipeline.files.recording import RecordedStream
from pipeline.modalities import Modality
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.family import FEATURES
from pipeline.signals.offline import Recorded, extract

#: Physiological PPG, GSR and Temperature; behavioural Motion.
WRIST: Final[tuple[Modality, ...]] = ("PPG", "GSR", "Temperature", "Motion")
HOP_S: Final = 5.0
_WINDOWS: Final = "windows.csv"


class Participant(NamedTuple):
    """One participant's files and rated conditions."""

    subject: str
    recording: Path
    """The pickle, or the zip of a wrist-only folder."""
    conditions: list[Condition]


def read_wesad(folder: Path, on_done: Callable[[], None] = lambda: None) -> LabelledWindows:
    """Read every participant of a WESAD folder.

    Windows of the live features end every 5 s; those that lie wholly inside a condition are kept, with the condition's
    label, as its trial.

    Parameters
    ----------
    folder : Path
        As described above.
    on_done : callable
        Called after each participant.

    Raises
    ------
    BadInput
        A file is missing or not of that form.
    """
    participants, notes = list_participants(folder)
    windows = join(run_all(_participant, participants, on_done))
    return replace(windows, notes=tuple(notes))


def list_participants(folder: Path) -> tuple[list[Participant], list[str]]:
    """Return the participants of a WESAD folder of either kind, and a sentence for each missing rating.

    Raises
    ------
    BadInput
        The folder is of neither kind, or a questionnaire cannot be used.
    """
    pickles = sorted(folder.glob("S*/S*.pkl"), key=lambda path: (len(path.stem), path.stem))
    if not pickles:
        conditions, notes = read_conditions(folder / _WINDOWS)
        return [
            Participant(subject, _there(folder / subject / f"{subject}_E4_Data.zip"), rated)
            for subject, rated in conditions.items()
        ], notes
    participants, notes = [], []
    for path in pickles:
        rated, lacking = read_questionnaire(path.with_name(f"{path.stem}_quest.csv"))
        participants.append(Participant(path.stem, path, rated))
        notes += lacking
    return participants, notes


def read_conditions(path: Path) -> tuple[dict[str, list[Condition]], list[str]]:
    """Read ``windows.csv``: each participant's conditions, and a sentence for each missing rating.

    Raises
    ------
    BadInput
        The file is missing, a column is missing, or a field is no number.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path}: cannot be read ({error}); give WESAD's folder as downloaded, with SX/SX.pkl, or a wrist-only one"
        ) from error
    columns = ("subject", "condition", "e4_start_s", "e4_end_s", *ITEMS)
    missing = [column for column in columns if not rows or column not in rows[0]]
    if missing:
        raise BadInput(f"{path}: column {missing[0]} is missing; its columns must be {', '.join(columns)}")
    conditions: dict[str, list[Condition]] = {}
    notes = []
    for line, row in enumerate(rows, 2):
        ratings = []
        for item in ITEMS:
            if row[item] == "":
                notes.append(f"{row['subject']}, {row['condition']}: no rating of {item}; read as 1, not at all")
            ratings.append(NOT_AT_ALL if row[item] == "" else _number(path, line, item, row[item]))
        start, end = (_number(path, line, column, row[column]) for column in ("e4_start_s", "e4_end_s"))
        condition = Condition(row["condition"], start, end, tuple(ratings))
        conditions.setdefault(row["subject"], []).append(condition)
    return conditions, notes


def _there(recording: Path) -> Path:
    if not recording.is_file():
        raise BadInput(f"{recording}: no such file, but {_WINDOWS} names the participant; give the whole folder")
    return recording


def _number(path: Path, line: int, column: str, text: str | None) -> float:
    try:
        return float(text)  # type: ignore[arg-type]  # a missing field is None, which float refuses
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path}: line {line}: {column}: {text!r} is not a number; correct it") from error


def _participant(task: Participant) -> LabelledWindows:
    """Return one participant's windows."""
    if task.recording.suffix == ".pkl":
        return labelled(task.subject, read_pickle(task.recording, task.conditions), task.conditions)
    return labelled(task.subject, read_e4(task.recording).streams, task.conditions)


def labelled(subject: str, streams: Iterable[RecordedStream], conditions: list[Condition]) -> LabelledWindows:
    """Return the windows of a participant's streams that lie inside a condition."""
    recorded: dict[str, Recorded] = {}
    for stream in streams:
        use = stream.info.type
        if use in WRIST:
            unit = stream.info.units[0]
            settings = StreamSettings(match=Match(type=use), use=use, unit=unit, stamps="regular")
            recorded[use] = Recorded(stream.info, settings, stream.times, stream.data)
    ends, features, present = stack(extract(recorded, hop_s=HOP_S), WRIST)
    longest = max(FEATURES[name].window_s for name in WRIST)
    number = np.full(len(ends), -1)
    for index, condition in enumerate(conditions):
        number[(ends - longest >= condition.start) & (ends <= condition.end)] = index
    kept = (number >= 0) & present.any(1)
    ratings = np.array([condition.ratings for condition in conditions], np.float32)[number[kept]]
    names = np.array([condition.name for condition in conditions])
    return LabelledWindows(
        emotions=ITEMS,
        features={name: array[kept] for name, array in features.items()},
        present=present[kept],
        labels=to_labels(ratings),
        subject=np.full(int(kept.sum()), subject),
        trial=names[number[kept]],
        ends=ends[kept],
        hop_s=HOP_S,
        description="WESAD, wrist device (Schmidt et al. 2018): PANAS ratings after five conditions",
        ratings=ratings,
    )
