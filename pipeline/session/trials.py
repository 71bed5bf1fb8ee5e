"""Trials: the stretches between two markers, as a table beside the recording, while it is made and afterwards."""

import csv
import fnmatch
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files.recording import RecordedStream
from pipeline.session import folder
from pipeline.session.config import Trials
from pipeline.session.event_table import EventTable

COLUMNS = ("onset", "duration", "name", "condition", "source")


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
    condition: str = ""
    """By the session file; empty where it names none."""


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
                trials.append(_trial(opened[source, started], None, started, source, patterns))
            opened[source, started] = time
        elif ended is not None and (onset := opened.pop((source, ended), None)) is not None:
            trials.append(_trial(onset, time - onset, ended, source, patterns))
    trials += [_trial(onset, None, name, source, patterns) for (source, name), onset in opened.items()]
    return sorted(trials, key=lambda trial: trial.onset)


def delimits(text: str, patterns: Trials) -> bool:
    """Return whether a marker begins or ends a trial."""
    return any(_name(text, pattern) is not None for pattern in (patterns.start, patterns.end))


def markers_of(source: str, stream: RecordedStream, delay_ms: float) -> list[dict[str, Any]]:
    """Return the markers of a recorded stream as events, strings as they are and numbers as text.

    Parameters
    ----------
    source : str
        Whose they are: ``<participant>/<stream>``.
    stream : RecordedStream
        Its first channel holds them.
    delay_ms : float
        How much later the stream stamps them than they happened (ms).
    """
    texts = [sample[0] for sample in stream.strings] or [str(value) for value in stream.data[:, 0].tolist()]
    times = (stream.times - delay_ms / 1000).tolist()
    return [
        {"time": time, "kind": "marker", "text": text, "source": source}
        for time, text in zip(times, texts, strict=True)
    ]


def write_trials(path: Path, trials: Iterable[Trial]) -> None:
    """Write trials as tab-separated text; ``n/a`` stands for what is not known, as in BIDS."""
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    for trial in trials:
        duration = "n/a" if trial.duration is None else f"{trial.duration:.6f}"
        table.writerow((f"{trial.onset:.6f}", duration, trial.name, trial.condition or "n/a", trial.source))
    folder.write_whole(path, text.getvalue())


def trials_table(path: Path, patterns: Trials) -> EventTable:
    """Return what keeps ``trials.tsv`` up with the markers that come; a trial that is open has no duration yet.

    Parameters
    ----------
    path : Path
        The session folder.
    patterns : Trials
        What a trial looks like.
    """
    file = path / folder.TRIALS
    return EventTable(path, {"marker"}, lambda markers: write_trials(file, trials_of(markers, patterns)))


def _trial(onset: float, duration: float | None, name: str, source: str, patterns: Trials) -> Trial:
    fits = (condition for pattern, condition in patterns.condition.items() if fnmatch.fnmatchcase(name, pattern))
    return Trial(onset, duration, name, source, next(fits, ""))


def _name(text: str, pattern: str) -> str | None:
    """Return what ``*`` stands for, '' where the pattern has none; None where the text does not match."""
    before, star, after = pattern.partition("*")
    if not star:
        return "" if text == pattern else None
    if len(text) < len(before) + len(after) or not (text.startswith(before) and text.endswith(after)):
        return None
    return text[len(before) : len(text) - len(after)]
