"""DMER: public features of 73 people who watched 32 clips, with PANAS ratings of each clip.

Yang et al., A Multimodal Dataset for Mixed Emotion Recognition, Scientific Data 11:847 (2024). Read from a folder
with a ``.mat`` file for each participant, whose name ends in the participant's number, and ``Panas.csv``.
"""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from model.data.dataset import Float, LabelledWindows, join
from model.data.ratings import to_labels
from pipeline.errors import BadInput
from pipeline.modalities import EMOTIONS
from pipeline.signals.baseline import Baseline
from pipeline.signals.dmer.features import CHANNELS, COLUMNS, FEATURES
from pipeline.signals.families import DMER
from pipeline.signals.family import FeatureSpec

#: One window a second, end to end.
HOP_S: Final = 1.0
_PANAS: Final = "panas.csv"
#: What the two columns beside the items may be called, in any case.
_SUBJECT: Final = ("subject", "sub", "participant", "participant_id", "subject_id", "id")
_VIDEO: Final = ("video", "vid", "clip", "video_id", "video_index", "movie")

#: Ratings ``(10,)`` by participant's number and clip's number.
Ratings = dict[int, dict[int, Float]]


def dmer_files(folder: Path) -> tuple[list[Path], Path]:
    """Return a folder's ``.mat`` files, by the participants' numbers, and its ``Panas.csv``, at any depth.

    Raises
    ------
    BadInput
        There are none, two are of the same number, or there is not exactly one ``Panas.csv``.
    """
    files = sorted(path for path in folder.rglob("*.mat") if path.is_file())
    tables = [path for path in folder.rglob("*") if path.name.lower() == _PANAS]
    if not files:
        raise BadInput(f"{folder}: has no .mat file; give DMER's folder as downloaded, with a .mat file a participant")
    if len(tables) != 1:
        raise BadInput(f"{folder}: has {len(tables)} files named Panas.csv; give DMER's folder as downloaded, with one")
    numbers = [_number_of(path) for path in files]
    for path, number in zip(files, numbers, strict=True):
        if numbers.count(number) > 1:
            raise BadInput(f"{path}: another .mat file is of participant {number} too; give a file a participant")
    return [path for _, path in sorted(zip(numbers, files, strict=True))], tables[0]


def read_dmer(folder: Path, on_done: Callable[[], None] = lambda: None) -> LabelledWindows:
    """Read every participant of a DMER folder.

    A window is a row of ``feas``, a trial a clip of ``vids``, the label the clip's ratings over their sum. The relative
    half of the features looks back on the file's earlier rows.

    Parameters
    ----------
    folder : Path
        As described above.
    on_done : callable
        Called after each participant.

    Raises
    ------
    BadInput
        A file is missing or not of that form; the line names file and field.
    """
    files, table = dmer_files(folder)
    ratings = read_panas(table)
    read = [(path, *_read_mat(path)) for path in files]
    first = min(int(clips.min()) for _, _, clips in read)
    shift = min(clip for rated in ratings.values() for clip in rated) - first
    if shift not in {0, 1}:
        raise BadInput(
            f"{table}: its first clip is {first + shift}, but `vids` begin with {first}; give matching files"
        )
    parts = []
    for path, features, clips in read:
        parts.append(_participant(path, features, clips + shift, ratings, table))
        on_done()
    return join(parts)


def read_panas(path: Path) -> Ratings:
    """Read ``Panas.csv``: a row for each participant and clip, with a column for each of the ten items.

    Raises
    ------
    BadInput
        It cannot be read, a column is missing, a field is no number of 0 or more, or a row comes twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            names = {(name or "").strip().lower(): name for name in table.fieldnames or ()}
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: cannot be read ({error}); give DMER's file as downloaded") from error
    subject, video = (_column(path, names, known) for known in (_SUBJECT, _VIDEO))
    items = [_column(path, names, (item.lower(),)) for item in EMOTIONS]
    ratings: Ratings = {}
    for line, row in enumerate(rows, 2):
        number, clip = (_trailing(row[column]) for column in (subject, video))
        if number is None or clip is None:
            column = subject if number is None else video
            raise BadInput(f"{path}: line {line}: {column}: {row[column]!r} does not end in a number; correct it")
        rated = np.array([_rating(path, line, item, row[item]) for item in items], np.float32)
        if not rated.any():
            raise BadInput(f"{path}: line {line}: every rating is 0, so there is no distribution; leave the row out")
        if clip in ratings.setdefault(number, {}):
            raise BadInput(f"{path}: line {line}: participant {number} has rated clip {clip} before; leave one out")
        ratings[number][clip] = rated
    if not ratings:
        raise BadInput(f"{path}: has no rows; give DMER's file as downloaded")
    return ratings


def _read_mat(path: Path) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return features ``(n, 913)`` and clips ``(n,)`` of one participant."""
    try:
        content = loadmat(path, variable_names=("feas", "vids"))
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise BadInput(f"{path}: cannot be read as a .mat file ({error}); give it as it was downloaded") from error
    for field in ("feas", "vids"):
        if field not in content:
            raise BadInput(f"{path}: {field}: is missing; give the file as it was downloaded")
    features = np.real(_numbers(path, "feas", content["feas"])).astype(np.float64)
    clips = np.real(_numbers(path, "vids", content["vids"]))
    if features.ndim != 2 or features.shape[1] != COLUMNS or not len(features):
        raise BadInput(f"{path}: feas: has shape {features.shape}, not (n, {COLUMNS}); give the file as downloaded")
    if clips.shape != (len(features), 1):
        raise BadInput(f"{path}: vids: has shape {clips.shape}, not ({len(features)}, 1) as feas asks for")
    if not np.isfinite(features).all():
        row, column = np.argwhere(~np.isfinite(features))[0]
        raise BadInput(f"{path}: feas: row {row}, column {column} is not finite; correct it, or leave the row out")
    if not np.array_equal(clips, np.round(clips)):
        raise BadInput(f"{path}: vids: holds numbers that are not whole; give the file as it was downloaded")
    return features, clips[:, 0].astype(np.intp)


def _participant(
    path: Path, features: NDArray[np.float64], clips: NDArray[np.intp], ratings: Ratings, table: Path
) -> LabelledWindows:
    number = _number_of(path)
    rated = ratings.get(number, {})
    missing = [int(clip) for clip in np.unique(clips) if int(clip) not in rated]
    if missing:
        raise BadInput(f"{table}: has no ratings of participant {number} for clip {missing[0]}, which {path} holds")
    raw = np.stack([rated[int(clip)] for clip in clips])
    made: dict[str, Float] = {}
    start = 0
    for name, spec in FEATURES.items():
        made[name] = _with_past(features[:, start : start + len(spec.names)], spec)
        start += len(spec.names)
    return LabelledWindows(
        emotions=EMOTIONS,
        features=made,
        present=np.ones((len(features), len(FEATURES)), np.bool_),
        labels=to_labels(raw),
        subject=np.full(len(features), f"{number:02}"),
        trial=np.array([f"clip-{clip:02}" for clip in clips]),
        ends=HOP_S * np.arange(1.0, len(features) + 1),
        hop_s=HOP_S,
        description="DMER (Yang et al. 2024), public features: PANAS ratings of film clips",
        eeg_channels=CHANNELS,
        family=DMER,
        ratings=raw,
    )


def _with_past(values: NDArray[np.float64], spec: FeatureSpec) -> Float:
    """Return features ``(n, 2, *shape)``: as they are, and relative to the rows before."""
    shaped = values.reshape(len(values), *spec.shape)
    baseline = Baseline(spec, HOP_S)
    relative = np.stack([baseline.process(row) for row in shaped])
    return np.stack([shaped, relative], 1).astype(np.float32)


def _numbers(path: Path, field: str, content: Any) -> NDArray[Any]:
    array = np.asarray(content)
    if array.dtype.kind not in "iufc":
        raise BadInput(f"{path}: {field}: holds {array.dtype}, not numbers; give the file as it was downloaded")
    return array


def _column(path: Path, names: dict[str, str], known: tuple[str, ...]) -> str:
    found = [names[name] for name in known if name in names]
    if not found:
        raise BadInput(
            f"{path}: column {known[0]} is missing; its first line must name a participant, a video and "
            f"{', '.join(EMOTIONS)}"
        )
    return found[0]


def _rating(path: Path, line: int, item: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = np.nan
    if not 0 <= value < np.inf:
        raise BadInput(f"{path}: line {line}: {item}: {text!r} is not a rating of 0 or more; correct it")
    return value


def _number_of(path: Path) -> int:
    number = _trailing(path.stem)
    if number is None:
        raise BadInput(f"{path}: its name does not end in a participant's number; name it as it was downloaded")
    return number


def _trailing(text: str | None) -> int | None:
    """Return the whole number at the end of a text, or None; 3 of ``sub03`` and of ``3.0``."""
    found = re.search(r"(\d+)(?:\.0+)?\s*$", text or "")
    return int(found[1]) if found else None
