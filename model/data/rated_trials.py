"""The ratings file of one's own recordings: a row for each rated trial."""

import csv
import math
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.errors import BadInput

#: Columns that say which trial a row rates; every other column is an emotion.
_KEYS: Final = ("participant", "session", "trial", "start", "end")


class RatedTrial(NamedTuple):
    """One row of a ratings file."""

    line: int
    participant: str
    session: str
    trial: str
    """Name in ``trials.tsv``; empty where start and end are given."""
    start: float
    end: float
    """On the clock of the session's tables (s); NaN where a name is given."""
    ratings: tuple[float, ...]


class RatingsFile(NamedTuple):
    """What a ratings file says."""

    path: Path
    emotions: tuple[str, ...]
    trials: list[RatedTrial]

    def of(self, participant: str | None = None, sessions: Collection[str] | None = None) -> "RatingsFile":
        """Return the rows of one participant and of some sessions; None takes all.

        Raises
        ------
        BadInput
            There is no such row.
        """
        rows = [row for row in self.trials if participant in (None, row.participant)]
        if not rows:
            known = ", ".join(dict.fromkeys(row.participant for row in self.trials))
            raise BadInput(f"{self.path}: participant: no row is of {participant}; there are {known}")
        chosen = [row for row in rows if sessions is None or row.session in sessions]
        if not chosen:
            known = ", ".join(dict.fromkeys(row.session for row in rows))
            raise BadInput(f"{self.path}: session: no row is of {', '.join(sessions or ())}; there are {known}")
        return self._replace(trials=chosen)


def read_ratings(path: Path) -> RatingsFile:
    """Read a ratings file.

    A CSV table with the columns participant, session, then trial, or start and end (s, on the clock of the session's
    ``trials.tsv``), or all three, and a column for each emotion. A rating is a number of 0 or more; none may be
    missing, and one of a row is above 0.

    Raises
    ------
    BadInput
        A column is missing, a field is not as described, or a trial is rated twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            columns = [(name or "").strip() for name in table.fieldnames or ()]
            table.fieldnames = columns
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: cannot be read ({error}); give a CSV file, a row for each rated trial") from error
    emotions = _emotions(path, columns)
    trials = [_trial(path, line, row, emotions) for line, row in enumerate(rows, 2)]
    if not trials:
        raise BadInput(f"{path}: has no rows; give one for each rated trial")
    seen: dict[tuple[str, str, str, str], int] = {}
    for trial in trials:
        key = (trial.participant, trial.session, trial.trial, f"{trial.start}-{trial.end}")
        if key in seen:
            raise BadInput(f"{path}: line {trial.line}: rates the same trial as line {seen[key]}; leave one out")
        seen[key] = trial.line
    return RatingsFile(path, emotions, trials)


def _emotions(path: Path, columns: list[str]) -> tuple[str, ...]:
    lacking = [name for name in ("participant", "session") if name not in columns]
    if "trial" not in columns and not {"start", "end"} <= set(columns):
        lacking.append("trial (or start and end)")
    if lacking:
        raise BadInput(f"{path}: column {lacking[0]} is missing; there are {', '.join(columns) or 'none'}")
    emotions = tuple(name for name in columns if name not in _KEYS)
    if len(emotions) < 2 or len(set(emotions)) < len(emotions) or "" in emotions:
        raise BadInput(
            f"{path}: beside {', '.join(_KEYS)} there must be two or more columns, one an emotion, each with a name of "
            f"its own; found {', '.join(emotions) or 'none'}"
        )
    return emotions


def _trial(path: Path, line: int, row: dict[str, str], emotions: tuple[str, ...]) -> RatedTrial:
    where = f"{path}: line {line}"
    text = {name: (row.get(name) or "").strip() for name in (*_KEYS, *emotions)}
    for name in ("participant", "session"):
        if not text[name]:
            raise BadInput(f"{where}: {name}: is empty; name the {name}")
    start = end = math.nan
    if not text["trial"]:
        if not text["start"] or not text["end"]:
            raise BadInput(f"{where}: trial: is empty; give a trial's name, or its start and its end")
        start, end = (_number(where, name, text[name], least=-math.inf) for name in ("start", "end"))
        if end <= start:
            raise BadInput(f"{where}: end: {end:g} does not come after start, {start:g}; correct them")
    elif text["start"] or text["end"]:
        raise BadInput(f"{where}: names the trial {text['trial']} and gives start or end too; give one of both")
    ratings = tuple(_number(where, name, text[name], least=0) for name in emotions)
    if not any(ratings):
        raise BadInput(f"{where}: every rating is 0, so there is no distribution; leave the row out")
    return RatedTrial(line, text["participant"], text["session"], text["trial"], start, end, ratings)


def _number(where: str, name: str, text: str, *, least: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < least:
        wanted = "a number" if least < 0 else "a number of 0 or more"
        raise BadInput(f"{where}: {name}: {text!r} is not {wanted}; correct it")
    return value
