"""Trials: the stretches between two markers, as a table beside the recording."""

import csv
import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.session.config import Trials

COLUMNS = ("onset", "duration", "name", "source")


@dataclass(frozen=True)
class Trial:
    """One trial."""

    onset: float
    """On the host's LSL clock (s), as the times of estimates and features are."""
    duration: float | None
    """None where the end was not marked (s)."""
    name: str
    source: str
    """Whose markers: ``<participant>/<stream>``."""


def trials_of(events: Iterable[Mapping[str, Any]], patterns: Trials) -> list[Trial]:
    """Return the trials that markers delimit, in the order of their onsets.

    Parameters
    ----------
    events : iterable of mapping
        Events as the recording holds them: ``time`` (s), ``kind``, ``text``, ``source``; only markers matter.
    patterns : Trials
        What a trial's start and end look like. A start whose trial is open already opens it anew; the earlier one then
        has no end.
    """
    trials: list[Trial] = []
    opened: dict[tuple[str, str], float] = {}
    for event in sorted((event for event in events if event["kind"] == "marker"), key=lambda event: event["time"]):
        time, text, source = event["time"], event["text"], event["source"]
        started, ended = _name(text, patterns.start), _name(text, patterns.end)
        if started is not None and fnmatch.fnmatchcase(started, patterns.name):
            if (source, started) in opened:
                trials.append(Trial(opened[source, started], None, started, source))
            opened[source, started] = time
        elif ended is not None and (onset := opened.pop((source, ended), None)) is not None:
            trials.append(Trial(onset, time - onset, ended, source))
    trials += [Trial(onset, None, name, source) for (source, name), onset in opened.items()]
    return sorted(trials, key=lambda trial: trial.onset)


def write_trials(path: Path, trials: Iterable[Trial]) -> None:
    """Write trials as tab-separated text; ``n/a`` stands for what is not known, as in BIDS."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for trial in trials:
            duration = "n/a" if trial.duration is None else f"{trial.duration:.6f}"
            table.writerow((f"{trial.onset:.6f}", duration, trial.name, trial.source))


def _name(text: str, pattern: str) -> str | None:
    """Return what ``*`` stands for, '' where the pattern has none; None where the text does not match."""
    before, star, after = pattern.partition("*")
    if not star:
        return "" if text == pattern else None
    if len(text) < len(before) + len(after) or not (text.startswith(before) and text.endswith(after)):
        return None
    return text[len(before) : len(text) - len(after)]
