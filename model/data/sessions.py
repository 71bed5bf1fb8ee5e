"""One's own recordings: session folders as `helo run` leaves them, with a ratings file."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.data.dataset import LabelledWindows, join
from model.data.rated_trials import RatedTrial, RatingsFile
from model.data.ratings import to_labels
from model.data.windows import stack
from pipeline.errors import BadInput
from pipeline.modalities import EEG_CHANNELS, MODALITIES, Modality
from pipeline.records import FeatureWindow
from pipeline.session import folder
from pipeline.session.tables import read_table
from pipeline.signals.families import LIVE
from pipeline.signals.family import FEATURES
from pipeline.signals.windows import usable

_TABLE: Final = "features"


class _Trial(NamedTuple):
    rated: RatedTrial
    start: float
    end: float


def read_sessions(
    root: Path, ratings: RatingsFile, *, hop_s: float, on_done: Callable[[], None] = lambda: None
) -> LabelledWindows:
    """Read the rated trials of recorded sessions.

    The features are those that the session recorded. A window counts if it lies wholly inside a rated trial.

    Parameters
    ----------
    root : Path
        The folder that the sessions' folders are in.
    ratings : RatingsFile
        Which trials are rated, and how.
    hop_s : float
        Seconds between the windows that are taken; a session's own hop where that is longer.
    on_done : callable
        Called after each session.

    Raises
    ------
    BadInput
        A session, participant or trial that is rated is not there, or has no window; the line of the ratings file is
        named.
    """
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; give the folder that the sessions' folders are in")
    taken = {trial.session: _table(root, ratings, trial) for trial in ratings.trials}
    modalities = [name for name in MODALITIES if any(name in _values(table, "modality") for table in taken.values())]
    parts = []
    for session, table in taken.items():
        wanted = [trial for trial in ratings.trials if trial.session == session]
        for participant in dict.fromkeys(trial.participant for trial in wanted):
            mine = [trial for trial in wanted if trial.participant == participant]
            parts.append(_participant(root / session, table, mine, ratings, modalities, hop_s))
        on_done()
    return join(parts)


def read_folders(
    sessions: Sequence[Path], ratings: RatingsFile, *, hop_s: float, on_done: Callable[[], None] = lambda: None
) -> LabelledWindows:
    """Read the rated trials of some recorded sessions, which may lie in different folders.

    Parameters
    ----------
    sessions : sequence of Path
        The sessions' folders; the ratings of others are not looked at.
    ratings, hop_s, on_done
        As `read_sessions` takes them.

    Raises
    ------
    BadInput
        As `read_sessions`; a session has no rated trial, or the sessions have different modalities.
    """
    by_root: dict[Path, list[str]] = {}
    for session in sessions:
        place = session.resolve()
        by_root.setdefault(place.parent, []).append(place.name)
        ratings.of(sessions=[place.name])
    parts = [
        read_sessions(root, ratings.of(sessions=names), hop_s=hop_s, on_done=on_done) for root, names in by_root.items()
    ]
    try:
        return join(parts)
    except ValueError as error:
        raise BadInput(f"{', '.join(map(str, sessions))}: {error}; give sessions with the same streams") from error


def _participant(
    session: Path,
    table: pa.Table,
    rated: list[RatedTrial],
    ratings: RatingsFile,
    modalities: list[Modality],
    hop_s: float,
) -> LabelledWindows:
    """Return the windows of one participant's rated trials in one session."""
    participant = rated[0].participant
    rows = table.filter(pc.equal(table["participant"], participant))
    if not len(rows):
        raise BadInput(
            f"{ratings.path}: line {rated[0].line}: participant: {participant} has no windows in {session / _TABLE}.*; "
            f"there are {', '.join(sorted(_values(table, 'participant'))) or 'none'}"
        )
    ends, features, present = stack(_windows(session, rows), modalities)
    own_hop = float(np.median(np.diff(ends))) if len(ends) > 1 else hop_s
    longest = max(FEATURES[name].window_s for name in modalities)
    number = np.full(len(ends), -1)
    for index, trial in enumerate(_place(session, rated, ratings.path)):
        inside = (ends - longest >= trial.start - 1e-6) & (ends <= trial.end + 1e-6) & present.any(1)
        if not inside.any():
            raise BadInput(
                f"{ratings.path}: line {trial.rated.line}: no whole window of {longest:g} s of {participant} lies "
                f"between {trial.start:.3f} s and {trial.end:.3f} s in {session}; correct it, or leave the row out"
            )
        if (number[inside] >= 0).any():
            raise BadInput(f"{ratings.path}: line {trial.rated.line}: overlaps with another rated trial; correct it")
        number[inside] = index
    step = max(1, round(hop_s / own_hop))
    # From each trial's own first window on: a short one may lie between two places of a grid over the session.
    kept = np.sort(np.concatenate([np.flatnonzero(number == index)[::step] for index in range(len(rated))]))
    raw = np.array([trial.ratings for trial in rated], np.float32)[number[kept]]
    names = np.array([f"{session.name}/{_name(trial)}" for trial in rated])
    return LabelledWindows(
        emotions=ratings.emotions,
        features={name: array[kept] for name, array in features.items()},
        present=present[kept],
        labels=to_labels(raw),
        subject=np.full(len(kept), participant),
        trial=names[number[kept]],
        ends=ends[kept],
        hop_s=step * own_hop,
        description="recorded sessions with the participants' ratings",
        eeg_channels=EEG_CHANNELS if "EEG" in modalities else (),
        ratings=raw,
    )


def _name(trial: RatedTrial) -> str:
    """Return a trial's name; times to the millisecond, since two trials that began closer would overlap."""
    return trial.trial or f"{trial.start:.3f}-{trial.end:.3f} s"


def _table(root: Path, ratings: RatingsFile, trial: RatedTrial) -> pa.Table:
    session = root / trial.session
    if not any((session / f"{_TABLE}.{kind}").is_file() for kind in ("parquet", "arrows")):
        raise BadInput(
            f"{ratings.path}: line {trial.line}: session: {session} is no recorded session, it has no "
            f"{_TABLE}.parquet; correct the name, or give another folder"
        )
    family = (folder.read_provenance(session).get("model") or {}).get("family", LIVE)
    if family != LIVE:
        raise BadInput(
            f"{session / folder.PROVENANCE}: model: its features are of the family {family}, not {LIVE}; "
            "compute them anew by `helo analyze` with another model, or leave its rows out"
        )
    try:
        return read_table(session / _TABLE)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadInput(f"{session / _TABLE}: cannot be read ({error}); give the session as it was recorded") from error


def _windows(session: Path, rows: pa.Table) -> list[FeatureWindow]:
    """Return the recorded windows that an estimate could have been made from."""
    made = []
    for row in rows.to_pylist():
        modality = cast("Modality", row["modality"])
        features = np.asarray(row["features"], np.float32).reshape(row["shape"])
        if features.shape != (2, *FEATURES[modality].shape):
            raise BadInput(
                f"{session / _TABLE}: features of {modality} have shape {features.shape}, not "
                f"{(2, *FEATURES[modality].shape)}; compute them anew by `helo analyze`"
            )
        window = FeatureWindow(row["tick"], row["end"], modality, features, row["valid"], row["quality"])
        # One that is not usable still has its place on the grid.
        made.append(window if usable(window) else _emptied(window))
    return made


def _emptied(window: FeatureWindow) -> FeatureWindow:
    features = np.full_like(window.features, np.nan)
    return FeatureWindow(window.tick, window.end, window.modality, features, window.valid, window.quality)


def _place(session: Path, rated: list[RatedTrial], path: Path) -> list[_Trial]:
    """Return where each rated trial begins and ends."""
    marked = _marked(session) if any(trial.trial for trial in rated) else []
    found = []
    for trial in rated:
        if not trial.trial:
            found.append(_Trial(trial, trial.start, trial.end))
            continue
        of_name = [row for row in marked if row["name"] == trial.trial and _whose(row) == trial.participant]
        if len(of_name) != 1 or of_name[0]["duration"] == "n/a":
            why = "is not" if not of_name else "has no end" if len(of_name) == 1 else f"is {len(of_name)} times"
            raise BadInput(
                f"{path}: line {trial.line}: trial: {trial.trial} of {trial.participant} {why} in "
                f"{session / folder.TRIALS}; give start and end instead"
            )
        onset = float(of_name[0]["onset"])
        found.append(_Trial(trial, onset, onset + float(of_name[0]["duration"])))
    return found


def _marked(session: Path) -> list[dict[str, str]]:
    file = session / folder.TRIALS
    try:
        with file.open(newline="", encoding="utf-8") as opened:
            return list(csv.DictReader(opened, delimiter="\t"))
    except OSError as error:
        raise BadInput(
            f"{file}: cannot be read ({error.strerror}); name `trials` in the session file, or give start and end "
            "in the ratings file"
        ) from error


def _whose(row: dict[str, str]) -> str:
    """Return whose markers delimit a trial."""
    return row["source"].partition("/")[0]


def _values(table: pa.Table, column: str) -> set[Any]:
    return set(pc.unique(table[column]).to_pylist())
