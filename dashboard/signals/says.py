"""What the newest feature windows say of a signal."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from pipeline.records import Array, FeatureWindow
from pipeline.signals.families import LIVE, family_specs
from pipeline.signals.family import GSR, PPG
from pipeline.states import Scalp, Taken

#: A head map is the mean of the windows of so many seconds: single ones flicker.
MAP_S: Final = 5.0
#: A window that ended longer ago than this, and a hop, says nothing of now (s).
OLD_S: Final = 3.0
#: Said of every channel where there is no window to measure it in.
UNMEASURED: Final = "not measured now"
#: The amplitude of a rise that is over differs by less than this from window to window (uS).
_GROWN_US: Final = 0.01
#: The phasic feature is ``asinh(mean / this)`` (uS).
_PHASIC_US: Final = 0.05
#: The low-pass of the features swings after a jump, as when an electrode comes back to the skin: after one of 40 uS by
#: as much as a small response for 1.5 s (s).
_SETTLED_S: Final = 2.0


def current(windows: Sequence[FeatureWindow], now: float, hop_s: float) -> Sequence[FeatureWindow]:
    """Return the windows; none where the newest says nothing of now, since no further one came when it was due.

    Parameters
    ----------
    windows : sequence of FeatureWindow
        Of one modality, the oldest first.
    now : float
        On the host's LSL clock (s).
    hop_s : float
        From one window to the next (s).
    """
    return windows if windows and now - windows[-1].end <= OLD_S + hop_s else ()


def quality(windows: Sequence[FeatureWindow]) -> dict[str, Any]:
    """Return what the newest window says of the signal itself."""
    if not windows:
        return {"quality": None, "reasons": []}
    newest = windows[-1]
    return {"quality": round(newest.quality, 6), "reasons": list(newest.reasons)}


def skin(
    windows: Sequence[FeatureWindow], family: str, epoch: float, span_s: float, *, now_known: bool
) -> dict[str, Any] | None:
    """Return tonic level, phasic part and responses over time; None where the features do not know them.

    Responses are counted in windows of which nothing is said to be wrong, from two seconds after the last other one on.

    Parameters
    ----------
    windows : sequence of FeatureWindow
        GSR's, the oldest first.
    family : str
        The model's feature family.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    span_s : float
        How much of the time before the newest is wanted (s).
    now_known : bool
        Whether the newest window says something of now: the curves stay, each at its time, what is said in words does
        not.

    Returns
    -------
    dict
        Of each window ``times`` (epoch, ms), ``tonic`` and ``phasic`` (uS; None without features) and ``responses``
        (None where none are counted); ``marks``, when a further response was first seen (epoch, ms); ``now_known``; of
        the newest window ``largest``, the largest response (uS), and its ``rise`` (s), None without one.
    """
    if family != LIVE:
        return None
    level, phasic, rate, height, rise = (
        GSR.names.index(name) for name in ("level_ln", "phasic_mean", "scr_rate", "scr_amplitude_ln", "scr_rise_s")
    )
    times, tonics, phasics, responses, rises = [], [], [], [], []
    spoiled = -math.inf
    for window in windows:
        spoiled = window.end if window.reasons else spoiled
        if window.end < windows[-1].end - span_s:
            continue
        values = window.features[0]
        part = _PHASIC_US * math.sinh(float(values[phasic]))
        times.append(round((window.end + epoch) * 1000))
        tonics.append(_number(math.exp(float(values[level])) - part))
        phasics.append(_number(part))
        # What rises as an electrode comes back to the skin is no response of the skin.
        counted = window.end - spoiled >= _SETTLED_S
        responses.append(_whole(float(values[rate]) * GSR.window_s) if counted else None)
        rises.append((math.exp(float(values[height])) - 0.01, float(values[rise])))
    largest, lasted_s = rises[-1] if rises and responses[-1] else (math.nan, math.nan)
    return {
        "times": times,
        "tonic": tonics,
        "phasic": phasics,
        "responses": responses,
        "marks": _first_seen(times, responses, rises),
        "now_known": now_known,
        "largest": _number(largest),
        "rise": _number(lasted_s),
    }


def _first_seen(times: Sequence[int], counts: Sequence[int | None], rises: Sequence[tuple[float, float]]) -> list[int]:
    """Return when a further response was seen first.

    There are more of them within a window than there were; or the largest is another one, which goes on rising: it may
    have come while another left the window.

    Parameters
    ----------
    times : sequence of int
        Where windows end (ms).
    counts : sequence of int or None
        Responses in each; None where they are not counted. What is counted after that, and was not before, is new.
    rises : sequence of (float, float)
        Amplitude (uS) and duration (s) of the largest in each.
    """
    marks: list[int] = []
    counted, before, largest = -math.inf, 0, (math.nan, math.nan)
    for time, count, (height, lasted_s) in zip(times, counts, rises, strict=True):
        if count is None:
            continue
        known = before if time - counted <= 1000 * GSR.window_s else 0
        rising = height > largest[0] + _GROWN_US and lasted_s != largest[1]
        began = time - 1000 * lasted_s
        if time > times[0] and (count > known or (rising and began > max([times[0], *marks[-1:]]))):
            marks.append(time)
        counted, before, largest = time, count, (height, lasted_s)
    return marks


def pulse(windows: Sequence[FeatureWindow], family: str) -> dict[str, Any] | None:
    """Return the heart rate (beats a minute) of the newest window; None where the features do not know it."""
    if family != LIVE or not windows:
        return None
    newest = windows[-1]
    if not _known(newest):
        return {"measured": False, "bpm": None}
    rate = 60 * math.exp(float(newest.features[0][PPG.names.index("heart_rate_ln")]))
    # A wave without a pulse still has a strongest period: it is no heart rate.
    return {"measured": True, "bpm": round(rate) if newest.quality >= 0.5 else None}


def heads(windows: Sequence[FeatureWindow], taken: Taken, scalp: Scalp, family: str) -> dict[str, Any]:
    """Return power in each band over the head, and which channels are bad.

    Parameters
    ----------
    windows : sequence of FeatureWindow
        EEG's, the oldest first; none where they say nothing of now.
    taken : Taken
        How the stream is taken.
    scalp : Scalp
        Where the channels lie.
    family : str
        The model's feature family.
    """
    names = family_specs(family, scalp.ch_names)["EEG"].names
    n_bands = len(names) // len(scalp.ch_names)
    measured = bool(windows) and _known(windows[-1])
    fallback = dict.fromkeys(taken.ch_names, UNMEASURED)
    bad = windows[-1].bad if measured else fallback
    taken_as = [taken.ch_names[place] if place >= 0 else None for place in scalp.found]
    states = ["not in the stream" if name is None else bad.get(name, "") for name in taken_as]
    return {
        "bands": [name.split(" ", 1)[1] for name in names[:n_bands]],
        "channels": list(scalp.ch_names),
        "states": states,
        "power": _means(windows) if measured else None,
    }


def _known(window: FeatureWindow) -> bool:
    return bool(np.isfinite(window.features[0]).all())


def _means(windows: Sequence[FeatureWindow]) -> list[list[float]]:
    """Return the mean entropy of the last seconds' windows, a row a band."""
    recent = [window.features[0] for window in windows if window.end > windows[-1].end - MAP_S and _known(window)]
    return [_row(row) for row in np.mean(recent, axis=0).T]


def _row(values: Array) -> list[float]:
    return [round(float(value), 3) for value in values]


def _number(value: float) -> float | None:
    """Return a number as JSON has it, which knows no NaN."""
    return round(value, 4) if math.isfinite(value) else None


def _whole(value: float) -> int | None:
    return round(value) if math.isfinite(value) else None
