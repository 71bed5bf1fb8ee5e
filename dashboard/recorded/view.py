"""What page and report get of one participant's session: one JSON object, a few megabytes at most."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dashboard.history import SCALE
from dashboard.recorded.compare import compare
from dashboard.recorded.envelope import Moments, Ticks, moments, ticks_of, uses_of
from dashboard.recorded.tables import clocks, facts, reasons
from dashboard.theme import emotion_colours
from dashboard.words import ALWAYS, DEMONSTRATION, MODALITY_NAMES
from pipeline.modalities import MODALITIES
from pipeline.records import Array
from pipeline.session.outline import Outline
from pipeline.session.ratings import in_words

#: A chart marks so many events at most; of more, the rest is counted.
EVENTS: Final = 3000
_OTHER_EMOTIONS: Final = (
    "The re-analysis is of a model with other emotions, or these in another order: it is not compared."
)


@dataclass(frozen=True)
class _Drawn:
    """One participant's estimates, and the moments into which they go."""

    live: Ticks
    moments: Moments
    start: float
    """From which the page counts (s)."""


def compose(outline: Outline, participant: str, *, estimates_too: bool) -> dict[str, Any]:
    """Return what is shown of a participant's session.

    Parameters
    ----------
    outline : Outline
        The session.
    participant : str
        One of its participants.
    estimates_too : bool
        Whether a blind session's estimates are shown: never on a page that anybody may see.
    """
    hidden = outline.blind and not estimates_too
    estimates = outline.estimates()
    emotions = outline.emotions
    live = ticks_of(estimates, participant, len(emotions)) if emotions else None
    common = {
        "kind": "session",
        "setup": _setup(outline, live),
        "session": _session(outline, participant, live),
        "notices": _notices(outline),
        "hidden": ALWAYS["blind"] if hidden else "",
        "facts": facts(outline),
        "clocks": clocks(outline, participant),
    }
    start = live.times[0] if live is not None and len(live.times) else _first_event(outline)
    happened = {"events": _events(outline, participant, start), "trials": _trials(outline, participant, start)}
    if live is None or not len(live.times):
        return {**common, **happened, "chart": None, "reasons": []}
    drawn = _Drawn(live, moments(live.times, outline.settings.hop_s), start)
    chart = {
        "t": _rounded(drawn.moments.times - start, 3),
        "width": drawn.moments.width,
        "ticks": len(live.times),
        "estimated": _thousandths(1 - drawn.moments.mean(live.abstained.astype(float))),
        "shares": None if hidden else _shares(drawn),
        "why": _why(drawn),
        "uses": _uses(estimates, participant, drawn, hidden=hidden),
        "again": None if hidden else _again(outline, participant, drawn),
    }
    return {**common, **happened, "chart": chart, "reasons": reasons(estimates, participant, outline)}


def _setup(outline: Outline, live: Ticks | None) -> dict[str, Any]:
    emotions = list(outline.emotions)
    mean = live.mean[0] if live is not None and len(live.mean) else np.zeros(len(emotions))
    return {
        "emotions": [
            {"name": name, "colour": colour} for name, colour in zip(emotions, emotion_colours(emotions), strict=True)
        ],
        "mean": _rounded(mean, 4),
        "hop": outline.settings.hop_s,
        "state": None,
        "blind": outline.blind,
        "words": ALWAYS,
    }


def _session(outline: Outline, participant: str, live: Ticks | None) -> dict[str, Any]:
    length = live.times[-1] - live.times[0] + outline.settings.hop_s if live is not None and len(live.times) else 0.0
    return {
        "name": outline.path.name,
        "participant": participant,
        "participants": list(outline.settings.participants),
        "model": str(outline.model.get("description", "")),
        "begun": str(outline.provenance.get("begun") or ""),
        "length": round(float(length), 3),
        "running": outline.running,
    }


def _notices(outline: Outline) -> list[str]:
    demonstration = [DEMONSTRATION] if outline.model.get("demonstration") else []
    return [*demonstration, *([outline.settings.notice] if outline.settings.notice else [])]


def _shares(drawn: _Drawn) -> dict[str, Any]:
    """Return a list a moment for every emotion: mean share and interval, least and most departure from the mean."""
    at, live = drawn.moments, drawn.live
    departure = live.shares - live.mean
    each = {
        "share": at.mean(live.shares), "low": at.mean(live.low), "high": at.mean(live.high),
        "least": at.least(departure), "most": at.most(departure),
    }  # fmt: skip
    return {name: [_parts(column) for column in values.T] for name, values in each.items()}


def _why(drawn: _Drawn) -> list[str | None]:
    """Return for each moment without an estimate why there was none, as its first tick said; None for the others."""
    live = drawn.live
    gone = drawn.moments.mean(live.abstained.astype(float)) == 1
    firsts = zip(drawn.moments.firsts.tolist(), gone.tolist(), strict=True)
    return [(live.reasons[first] or None) if without else None for first, without in firsts]


def _uses(estimates: pa.Table, participant: str, drawn: _Drawn, *, hidden: bool) -> list[dict[str, Any]]:
    at, found = drawn.moments, uses_of(estimates, participant)
    # Where the model abstains nothing weighs anything: no measured nought. Of a hidden estimate weights would tell.
    estimated = np.where(drawn.live.abstained | hidden, np.nan, 1.0)
    return [
        {
            "name": MODALITY_NAMES.get(modality, modality),
            "weight": _thousandths(at.mean(estimated * found[modality]["weight"])),
            "valid": _thousandths(at.least(found[modality]["valid"])),
            "least": _thousandths(at.least(found[modality]["quality"])),
            "most": _thousandths(at.most(found[modality]["quality"])),
        }
        for modality in MODALITIES
        if modality in found
    ]


def _again(outline: Outline, participant: str, drawn: _Drawn) -> dict[str, Any] | None:
    """Return how the re-analysis in ``analysis/`` differs; None where there is none."""
    estimates = outline.again()
    if not len(estimates):
        return None
    n_emotions = len(outline.emotions)
    if outline.emotions_again not in {(), outline.emotions} or len(estimates["distribution"][0]) != n_emotions:
        return {"sentence": _OTHER_EMOTIONS, "most": None}
    found = compare(drawn.live, ticks_of(estimates, participant, n_emotions))
    return {"sentence": found.sentence, "most": _parts(drawn.moments.most(found.distance))}


def _events(outline: Outline, participant: str, start: float) -> dict[str, Any]:
    mine = f"{participant}/"
    told = [event for event in outline.events if "/" not in event["source"] or event["source"].startswith(mine)]
    rows = [
        {
            "t": round(event["time"] - start, 3),
            "kind": str(event["kind"]),
            "text": in_words(event["kind"], str(event["text"])),
            "source": str(event["source"]),
        }
        for event in told[:EVENTS]
    ]
    return {"rows": rows, "more": len(told) - len(rows)}


def _trials(outline: Outline, participant: str, start: float) -> list[dict[str, Any]]:
    return [
        {
            "t": round(trial.onset - start, 3),
            "duration": None if trial.duration is None else round(trial.duration, 3),
            "name": trial.name,
            "condition": trial.condition,
        }
        for trial in outline.trials
        if trial.source.startswith(f"{participant}/")
    ]


def _first_event(outline: Outline) -> float:
    return float(outline.events[0]["time"]) if outline.events else 0.0


def _parts(values: Array) -> list[int | None]:
    """Return shares as whole numbers of a ten-thousandth, None for what is no number."""
    return _whole(values, SCALE)


def _thousandths(values: Array) -> list[int | None]:
    return _whole(values, 1000)


def _whole(values: Array, scale: int) -> list[int | None]:
    return [None if math.isnan(value) else round(scale * value) for value in values.tolist()]


def _rounded(values: Iterable[float], digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def first_participant(outline: Outline, wanted: str) -> str:
    """Return the participant who is wanted, or the first one where the session has no such."""
    participants: Mapping[str, Any] = outline.settings.participants
    return wanted if wanted in participants else next(iter(participants))
