"""Which EEG channels of a window cannot be used, as far as a filtered signal tells: flat, popped, without contact.

The sentences hold ``{}`` where the channels' names go.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from pipeline.records import Array

#: A channel whose standard deviation (uV) is smaller is flat.
FLAT_UV: Final = 0.2

#: No brain and no eye gives more (uV): a channel beyond it is loose or pulled.
LARGE_UV: Final = 500.0

#: A channel whose steps from sample to sample are this many times those of the middle channel is noise. Steps, since
#: blinks make the forehead's channels far stronger than others, but not rougher.
ROUGH: Final = 8.0

#: What stays below it (uV) is not looked at for pops and drift: alpha and slow waves reach it.
SUSPECT_UV: Final = 100.0

#: An electrode pops: within 10 ms its voltage jumps by `SUSPECT_UV`, and by many times what it moves in 10 ms on
#: average (noise: up to 5) and what the middle channel can (a clenched jaw: up to 6). Eyes jump by less than `EYES_UV`,
#: since a blink of 300 uV takes 60 ms, and reach several channels.
POP_S: Final = 0.01
POP_OWN: Final = 8.0
POP_OTHERS: Final = 8.0
EYES_UV: Final = 200.0

#: A channel that moves like no other, and is this many times as strong as the weakest of the strongest quarter, has
#: lost its contact; eyes reach several channels, muscles many. That a good channel correlates with another is a
#: criterion of the PREP pipeline (Bigdely-Shamlo et al., Front. Neuroinform. 9 (2015) 16), over many windows with 0.4;
#: in a single second slow waves correlate by chance.
STRONG: Final = 3.0
SHARED: Final = 0.25
ALONE: Final = 0.6


class _Sizes(NamedTuple):
    """How large each source of a window is, ``(n_sources,)``, or of several windows (uV)."""

    largest: Array
    deviation: Array
    steps: Array
    """Standard deviation of the steps from sample to sample."""
    typical: Array
    """That of the middle channel, ``(1,)``."""
    strong: Array
    """bool: far stronger than most."""


def bad_channels(filtered: Array, sfreq: float) -> list[dict[int, str]]:
    """Return for each window the sources that cannot be used, and why.

    Parameters
    ----------
    filtered : Array
        ``(n_windows, n_sources, n_times)`` (uV), without what is slower than 1 Hz.
    sfreq : float
        Sampling rate (Hz).
    """
    largest = np.maximum(filtered.max(axis=-1), -filtered.min(axis=-1))
    deviation = _deviations(filtered, filtered @ np.ones(filtered.shape[-1], filtered.dtype))
    steps = _deviations(filtered[..., 1:] - filtered[..., :-1], filtered[..., -1] - filtered[..., 0])
    alive = deviation >= FLAT_UV
    typical = _middle(steps, alive)
    suspect = ~(alive & (largest <= SUSPECT_UV) & (steps <= ROUGH * typical))
    if not suspect.any():
        return [{} for _ in suspect]
    from_top = math.ceil(SHARED * deviation.shape[1])
    strong = deviation > STRONG * np.partition(np.where(alive, deviation, 0), -from_top, axis=1)[:, -from_top, None]
    sizes = zip(largest, deviation, steps, typical, strong, strict=True)
    return [
        _of_window(window, np.flatnonzero(channels).tolist(), _Sizes(*own), sfreq)
        for window, channels, own in zip(filtered, suspect, sizes, strict=True)
    ]


def _of_window(window: Array, suspects: list[int], sizes: _Sizes, sfreq: float) -> dict[int, str]:
    """Return those of the suspects that are bad, and why; `window` ``(n_sources, n_times)``."""
    found = {source: _why(window, source, sizes, sfreq) for source in suspects}
    return {source: why for source, why in found.items() if why}


def _why(window: Array, source: int, sizes: _Sizes, sfreq: float) -> str:
    """Return what is wrong with a source; empty where nothing is."""
    largest = float(sizes.largest[source])
    if math.isnan(largest):
        return "{} gave no number"
    if sizes.deviation[source] < FLAT_UV:
        return "{} flat"
    if largest > SUSPECT_UV and _popped(window, source, float(sizes.typical[0]), sfreq):
        return "{} popped"
    if largest > LARGE_UV or sizes.steps[source] > ROUGH * sizes.typical[0]:
        return "{} lost contact"
    return "{} lost contact" if sizes.strong[source] and largest > SUSPECT_UV and _alone(window, source) else ""


def _popped(window: Array, source: int, typical: float, sfreq: float) -> bool:
    """Return whether an electrode popped; `typical` is the step of the middle channel from sample to sample (uV)."""
    lag = max(2, round(POP_S * sfreq))  # the filter spreads a step over two samples even of a slow stream
    moved = np.abs(window[source, lag:] - window[source, :-lag])
    jump = float(moved.max())
    if jump <= max(SUSPECT_UV, POP_OWN * float(moved.mean()), POP_OTHERS * lag * typical):
        return False
    return jump > EYES_UV or _alone(window, source)


def _alone(window: Array, source: int) -> bool:
    """Return whether a source moves like no other one."""
    signals = window - window.mean(axis=1, keepdims=True)
    own = signals[source]
    norms = np.sqrt(np.vecdot(signals, signals))
    others = np.abs(signals @ own) > ALONE * norms * norms[source]
    return int(np.count_nonzero(others)) <= 1


def _deviations(signals: Array, sums: Array) -> Array:
    """Return the standard deviation of each row of a sum; of what passed a high-pass, whose mean square is small."""
    n_times = signals.shape[-1]
    variance = np.vecdot(signals, signals) / n_times - (sums / n_times) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0)))


def _middle(values: Array, counted: Array) -> Array:
    """Return the median of what counts in each row ``(n_rows, 1)``; 0 where nothing does."""
    ordered = np.sort(np.where(counted, values, np.inf), axis=1)
    count = counted.sum(axis=1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[1] - 1), axis=1)
    return np.where(count > 0, (low + high) / 2, 0.0)
