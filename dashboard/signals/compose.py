"""What the server sends to the page of signals: new columns only, and what the newest windows say."""

import base64
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from dashboard.deliveries import screen_name, silence
from dashboard.picture import base
from dashboard.signals import says
from dashboard.signals.choice import SPANS, Choice
from dashboard.signals.traces import Signal, View
from dashboard.signals.watched import Watched
from dashboard.signals.words import NO_FACE, SIGNALS
from dashboard.situation import Situation, unknown_to_model
from dashboard.theme import MODALITY_COLOURS
from dashboard.words import seconds
from pipeline.modalities import BLENDSHAPES, FACE_CHANNELS, HEAD_POSE, MODALITIES
from pipeline.records import Array, FeatureWindow
from pipeline.states import Scalp, StreamHealth

#: A face that was seen longer ago than this is not shown (s).
STALE_S: Final = 1.0
#: A frame has a face from this presence on.
FOUND: Final = 0.5


@dataclass(frozen=True)
class SentSignals:
    """What a page has been sent."""

    feed: str = ""
    columns: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Stream -> in which view, and the number of the next column."""
    scalps: dict[str, int] = field(default_factory=dict)
    """Stream -> the signal whose head has been sent."""


def compose(
    situation: Situation, watched: Watched, choice: Choice, epoch: float, sent: SentSignals | None
) -> tuple[dict[str, Any], SentSignals]:
    """Return the next update of a page, and what the page has with it.

    Parameters
    ----------
    situation : Situation
        What is known now.
    watched : Watched
        The participant's signals.
    choice : Choice
        How the viewer wants to see them.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    sent : SentSignals or None
        What the page has been sent; None for a new page.
    """
    update = base(situation, epoch)
    uses = {stream: use for stream, use in situation.uses.items() if use in MODALITIES}
    update["feed"] = f"{update['feed']}/{uses}"
    update["setup"] |= {
        "panels": [_panel(stream, use) for stream, use in uses.items()],
        "how": SIGNALS,
        "spans": SPANS,
    }
    known = sent if sent is not None and sent.feed == update["feed"] else SentSignals()
    now_sent = SentSignals(update["feed"], {}, {})
    update["choice"] = asdict(choice)
    update["signals"] = {}
    for stream, use in uses.items():
        signal = watched.signals.get(stream)
        told = _told(stream, use, situation, watched, choice, epoch)
        if signal is not None and use != "Face":
            view = signal.view(choice, situation.now)
            name, number = known.columns.get(stream, ("", 0))
            told["montages"] = list(signal.montages)
            told["traces"] = _traces(view, signal.ch_names, _current(use, situation, watched))
            told["columns"] = pack(view, number if name == view.name else None, epoch)
            now_sent.columns[stream] = view.name, view.envelope.made
        if signal is not None and signal.taken is not None and signal.taken.scalp is not None:
            if known.scalps.get(stream) != signal.number:
                told["scalp"] = _scalp(signal.taken.scalp)
            now_sent.scalps[stream] = signal.number
        update["signals"][stream] = told
    return update, now_sent


def pack(view: View, number: int | None, epoch: float) -> dict[str, Any]:
    """Return columns as they travel: those from a number on; all for None.

    Numbers are base64 of little-endian float32 (``low`` and ``high``, one row of channels a column) and int32 (``at``,
    from ``start``).
    """
    envelope = view.envelope
    columns = envelope.since(number)
    start = int(columns.at[0]) if len(columns.at) else 0
    return {
        "whole": number is None or columns.first > number,  # of a page that was away for long some are gone
        "width": envelope.width_s * 1000,
        "zero": epoch * 1000,
        "start": start,
        "at": _packed((columns.at - start).astype("<i4")),
        "breaks": np.flatnonzero(columns.breaks).tolist(),
        "low": _packed(columns.low.astype("<f4")),
        "high": _packed(columns.high.astype("<f4")),
    }


def _packed(numbers: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()


def _panel(stream: str, use: str) -> dict[str, str]:
    return {"key": stream, "use": use, "name": screen_name(stream, use), "colour": MODALITY_COLOURS[use]}


def _told(
    stream: str, use: str, situation: Situation, watched: Watched, choice: Choice, epoch: float
) -> dict[str, Any]:
    """Return what there is to say of a stream."""
    signal, health = watched.signals.get(stream), situation.streams.get(stream)
    windows = _current(use, situation, watched)
    family = situation.model.family if situation.model else ""
    told = {
        "source": signal.info.name if signal else "",
        "unit": signal.unit if signal else "",
        "silent": _silent(health, situation.now),
        "unused": signal is not None and signal.taken is None and unknown_to_model(use, situation),
        **says.quality(windows),
    }
    if use == "GSR" and family:
        past = watched.windows.get(use, ())
        told["skin"] = says.skin(past, family, epoch, choice.span, now_known=bool(windows))
    elif use == "PPG":
        told["pulse"] = says.pulse(windows, family)
    elif use == "Face":
        told["face"] = _face(signal, situation.now)
    elif use == "EEG" and signal is not None and signal.taken is not None and signal.taken.scalp is not None:
        told["heads"] = says.heads(windows, signal.taken, signal.taken.scalp, family)
    return told


def _current(use: str, situation: Situation, watched: Watched) -> Sequence[FeatureWindow]:
    """Return a modality's windows; none where they say nothing of now."""
    hop_s = situation.session.hop_s if situation.session is not None else 0.0
    return says.current(watched.windows.get(use, ()), situation.now, hop_s)


def _silent(health: StreamHealth | None, now: float) -> str:
    """Return why nothing comes, in words; empty while something does."""
    if health is None or health.state == "waiting":
        return "has not been found yet"
    return silence(health, now) or ""


def _traces(view: View, ch_names: tuple[str, ...], windows: Sequence[FeatureWindow]) -> list[dict[str, str]]:
    """Return the label of each trace, and what the newest window says against its channels."""
    bad = windows[-1].bad if windows else {}
    traces = []
    for label, places in zip(view.traces.labels, view.traces.made_of, strict=True):
        faults = [(ch_names[place], bad[ch_names[place]]) for place in places if ch_names[place] in bad]
        said = (why if len(places) == 1 else f"{name} {why}" for name, why in faults)
        traces.append({"label": label, "bad": "; ".join(said)})
    return traces


def _scalp(scalp: Scalp) -> dict[str, Any]:
    places = [[round(float(x), 3), round(float(y), 3)] for x, y in scalp.places]
    weights = _packed(scalp.weights.astype("<f4")) if len(scalp.weights) else ""
    return {"places": places, "side": scalp.side, "weights": weights}


def _face(signal: Signal | None, now: float) -> dict[str, Any]:
    """Return the newest face, as numbers, or why there is none."""
    if signal is None or signal.newest is None or signal.time is None:
        return {"message": "No sample yet."}
    values = {name: float(value) for name, value in zip(signal.ch_names, signal.newest, strict=True)}
    if not set(FACE_CHANNELS) <= values.keys():
        return {"message": "This stream has no blendshapes that could be drawn."}
    if now - signal.time > STALE_S:
        return {"message": f"{NO_FACE}: nothing new for {seconds(now - signal.time)}"}
    known = all(math.isfinite(values[name]) for name in FACE_CHANNELS)
    if not known or values["face_found"] < FOUND:
        return {"message": NO_FACE}
    return {
        "shapes": {name: round(values[name], 2) for name in BLENDSHAPES},
        "pose": {name.partition("_")[0]: round(values[name], 1) for name in HEAD_POSE},
    }
