"""WESAD's wrist device: real recordings, with PANAS ratings after each condition.

Schmidt et al., Introducing WESAD, ICMI 2018. Read from a folder with ``SX/SX_E4_Data.zip`` for each participant and one
``windows.csv``, which gives each condition's place in the E4 recording and its ratings.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from model.data.dataset import Float, LabelledWindows, join
from model.data.parallel import run_all
from model.data.windows import stack
from pipeline.errors import BadInput
from pipeline.files.e4 import read_e4
from pipeline.modalities import Modality
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.family import FEATURES
from pipeline.signals.offline import Recorded, extract

#: The ten rated items that make the label: DMER's, with Annoyed for Upset.
ITEMS: Final = (
    "Inspired", "Alert", "Excited", "Enthusiastic", "Determined",
    "Afraid", "Annoyed", "Nervous", "Scared", "Distressed",
)  # fmt: skip
#: Physiological PPG, GSR and Temperature; behavioural Motion.
WRIST: Final[tuple[Modality, ...]] = ("PPG", "GSR", "Temperature", "Motion")
HOP_S: Final = 5.0
_WINDOWS: Final = "windows.csv"
#: A rating that is missing is read as "not at all".
_NOT_AT_ALL: Final = 1.0


class Condition(NamedTuple):
    """One rated condition of one participant."""

    name: str
    start: float
    """Seconds from the start of the E4 recording."""
    end: float
    ratings: tuple[float, ...]
    """1 to 5, in the order of `ITEMS`."""

    @property
    def label(self) -> Float:
        """Ratings over their sum ``(10,)``."""
        ratings = np.asarray(self.ratings)
        return np.asarray(ratings / ratings.sum(), np.float32)


def read_wesad(folder: Path, on_done: Callable[[], None] = lambda: None) -> LabelledWindows:
    """Read every participant of a wrist-only WESAD folder.

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
    conditions, notes = read_conditions(folder / _WINDOWS)
    tasks = [(folder / subject / f"{subject}_E4_Data.zip", subject, rated) for subject, rated in conditions.items()]
    for recording, _, _ in tasks:
        if not recording.is_file():
            raise BadInput(f"{recording}: no such file, but {_WINDOWS} names the participant; give the whole folder")
    windows = join(run_all(_participant, tasks, on_done))
    return LabelledWindows(**{**vars(windows), "notes": tuple(notes)})


def wesad_subjects(folder: Path) -> int:
    """Return the number of participants of a wrist-only WESAD folder; raises as `read_conditions`."""
    return len(read_conditions(folder / _WINDOWS)[0])


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
        raise BadInput(f"{path}: cannot be read ({error}); give a folder like WESAD's wrist-only one") from error
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
            ratings.append(_NOT_AT_ALL if row[item] == "" else _number(path, line, item, row[item]))
        start, end = (_number(path, line, column, row[column]) for column in ("e4_start_s", "e4_end_s"))
        condition = Condition(row["condition"], start, end, tuple(ratings))
        conditions.setdefault(row["subject"], []).append(condition)
    return conditions, notes


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        return float(text)
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path}: line {line}: {column}: {text!r} is not a number; correct it") from error


def _participant(task: tuple[Path, str, list[Condition]]) -> LabelledWindows:
    """Return one participant's windows."""
    path, subject, conditions = task
    recorded: dict[str, Recorded] = {}
    for stream in read_e4(path).streams:
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
    labels = np.stack([condition.label for condition in conditions])
    names = np.array([condition.name for condition in conditions])
    return LabelledWindows(
        emotions=ITEMS,
        features={name: array[kept] for name, array in features.items()},
        present=present[kept],
        labels=labels[number[kept]],
        subject=np.full(int(kept.sum()), subject),
        trial=names[number[kept]],
        hop_s=HOP_S,
        description="WESAD, wrist device (Schmidt et al. 2018): PANAS ratings after five conditions",
    )
