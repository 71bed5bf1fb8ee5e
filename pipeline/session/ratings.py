"""What participants rated at the end of their trials: an event for each trial, and a table as `--ratings` takes it."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from pipeline.errors import BadInput
from pipeline.session import folder
from pipeline.session.config import SessionFile, Trials
from pipeline.session.event_table import EventTable
from pipeline.session.scale import TRIAL_COLUMNS, Scale
from pipeline.session.trials import Trial, trials_of

#: Kind of the events that hold ratings.
RATING: Final = "rating"


class Plan(BaseModel):
    """What is asked at the end of which trials."""

    scale: Scale
    trials: Trials


def plan_text(settings: SessionFile) -> str:
    """Return what is asked in a session as JSON, a `Plan`; empty where nothing is."""
    if settings.rating is None or settings.trials is None:
        return ""
    return Plan(scale=settings.rating, trials=settings.trials).model_dump_json()


class ItemRating(msgspec.Struct, frozen=True):
    """One item as it was rated."""

    name: str
    value: int
    """As chosen, on the scale's own range."""
    reaction_s: float
    """From when the items were shown until this one was last changed (s)."""
    changes: int
    """How often an answer was chosen; 1 where the first one stayed."""


class TrialRating(msgspec.Struct, frozen=True):
    """What a participant rated at the end of one trial; as JSON, the text of an event."""

    participant: str
    trial: str
    onset: float
    """When the trial began, as in ``trials.tsv`` (s)."""
    scale: str
    """Its title."""
    least: int
    most: int
    items: tuple[ItemRating, ...]
    """In the order in which the items were shown."""

    def as_text(self) -> str:
        """Return it as the text of an event."""
        return msgspec.json.encode(self).decode()


def rating_in(text: str) -> TrialRating:
    """Return what the text of an event says was rated.

    Raises
    ------
    ValueError
        It is no rating.
    """
    return msgspec.json.decode(text, type=TrialRating)


def in_words(kind: str, text: str) -> str:
    """Return what a page shows of an event: of a rating which trial it is of, not the values."""
    try:
        return rating_in(text).trial if kind == RATING else text
    except ValueError:
        return text  # of a recording that somebody else wrote: shown as it is


def check_items(scale: Scale, items: Iterable[ItemRating]) -> None:
    """Check that every item is rated once, within the scale.

    Raises
    ------
    ValueError
        It is not so.
    """
    given = list(items)
    if sorted(item.name for item in given) != sorted(item.name for item in scale.items):
        raise ValueError(f"{', '.join(item.name for item in given) or 'nothing'} was rated, and not every item once")
    for item in given:
        if not scale.least <= item.value <= scale.most or not 0 <= item.reaction_s < math.inf or item.changes < 1:
            raise ValueError(f"{item} is outside of the scale")


def trials_of_participant(trials: Iterable[Trial], participant: str) -> list[Trial]:
    """Return a participant's trials."""
    return [trial for trial in trials if trial.source.startswith(f"{participant}/")]


def write_ratings(path: Path, session: str, settings: SessionFile, events: Iterable[Mapping[str, Any]]) -> None:
    """Write the ratings of a session as `helo train --ratings` takes them.

    A rating is the value less the scale's least one. A trial in which every item got the least has no distribution, and
    no row; of a trial that was rated twice the first counts.

    Parameters
    ----------
    path : Path
        The file.
    session : str
        The session's name, which is that of its folder.
    settings : SessionFile
        With trials and a scale.
    events : iterable of mapping
        As the recording holds them.

    Raises
    ------
    BadInput
        An event that should be a rating is none.
    """
    scale, patterns = settings.rating, settings.trials
    if scale is None or patterns is None:
        raise ValueError("the session asks for no ratings")
    told = list(events)
    ratings = _first_ratings(path, told)
    trials = trials_of(told, patterns)
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow((*TRIAL_COLUMNS, *(item.name for item in scale.items)))
    for participant in settings.participants:
        mine = trials_of_participant(trials, participant)
        names = Counter(trial.name for trial in mine)
        for trial in mine:
            values = _values(scale, ratings.get((participant, trial.onset)))
            if trial.duration is not None and any(values):
                table.writerow((participant, session, *_which(trial, alone=names[trial.name] == 1), *values))
    folder.write_whole(path, text.getvalue())


def ratings_table(path: Path, settings: SessionFile) -> EventTable:
    """Return what keeps ``ratings.csv`` up with the ratings that come.

    Parameters
    ----------
    path : Path
        The session folder.
    settings : SessionFile
        With trials and a scale.
    """
    file = path / folder.RATINGS
    return EventTable(path, {"marker", RATING}, lambda events: write_ratings(file, path.name, settings, events))


def _first_ratings(path: Path, events: Iterable[Mapping[str, Any]]) -> dict[tuple[str, float], TrialRating]:
    """Return (participant, onset) -> how that trial was rated the first time."""
    found: dict[tuple[str, float], TrialRating] = {}
    for event in events:
        if event["kind"] != RATING:
            continue
        try:
            rating = rating_in(event["text"])
        except ValueError as error:
            raise BadInput(
                f"{path.with_name(folder.EVENTS)}: the rating at {event['time']:.3f} s cannot be read ({error}); give "
                "the recording as it was written"
            ) from error
        found.setdefault((rating.participant, rating.onset), rating)
    return found


def _values(scale: Scale, rated: TrialRating | None) -> list[int]:
    """Return how far above the least each item was rated, in the order of the scale; nothing where one was not."""
    given = {item.name: item.value - scale.least for item in rated.items} if rated is not None else {}
    names = [item.name for item in scale.items]
    return [given[name] for name in names] if given.keys() >= set(names) else []


def _which(trial: Trial, *, alone: bool) -> tuple[str, str, str]:
    """Return trial, start and end of a row: the name, or the times where the name does not tell which it is."""
    if alone and trial.name:
        return trial.name, "", ""
    return "", f"{trial.onset:.6f}", f"{trial.onset + (trial.duration or 0.0):.6f}"
