"""What is wrong with EEG electrodes: which channels of a window cannot be used, and why, in words.

The sentences hold ``{}`` where the channels' names go.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from pipeline.records import Array
from pipeline.signals.held import cut_off, longest_hold
from pipeline.signals.line_noise import LineNoise, line_noise

#: A channel whose standard deviation (uV) is smaller is flat.
FLAT_UV: Final = 0.2

#: No brain and no eye gives more (uV): a channel beyond it after the filter is loose or pulled, and one that stands
#: still beyond it is at the end of the amplifier's range, which is at least some hundred uV wide.
LARGE_UV: Final = 500.0

#: Amplifiers that pass direct current show each electrode's own offset, tens of mV, and can be stuck there; their range
#: ends at many times the offset of the middle channel.
OFFSET: Final = 10.0

#: A channel whose steps from sample to sample are this many times those of the middle channel is noise. Steps, since
#: blinks make the forehead's channels far stronger than others, but not rougher.
ROUGH: Final = 8.0

#: What stays below it (uV) is not looked at for pops and drift: alpha and slow waves reach it.
SUSPECT_UV: Final = 100.0

#: An electrode pops: within 10 ms its voltage jumps by `SUSPECT_UV`, and by many times what it moves in 10 ms on average
#: (noise: up to 5) and what the middle channel can (a clenched jaw: up to 6). Eyes jump by less than `EYES_UV`, since a
#: blink of 300 uV takes 60 ms, and reach several channels.
POP_S: Final = 0.01
POP_OWN: Final = 8.0
POP_OTHERS: Final = 8.0
EYES_UV: Final = 200.0

#: A channel that moves like no other, and is this many times as strong as the weakest of the strongest quarter, has lost
#: its contact; eyes reach several channels, muscles many. That a good channel correlates with another is a criterion of the PREP pipeline (Bigdely-Shamlo et
#: al., Front. Neuroinform. 9 (2015) 16), for many windows 0.4; in one second slow waves correlate by chance.
STRONG: Final = 3.0
SHARED: Final = 0.25
ALONE: Final = 0.6

#: Share of equal samples from which a channel is looked at; of samples at the end of the range, with which it is cut
#: off; of equal samples in a row, with which it stands still.
EQUAL: Final = 0.05
CUT_OFF: Final = 0.05
STILL: Final = 0.5

#: A channel whose mains noise is this many times the middle channel's hardly touches the skin. Noise that all channels
#: share tells of the room instead, and the filter takes it out: it is said, and costs nothing.
LINE: Final = 5.0

#: Most channels below this (uV, standard deviation) and yet not still: volts that are said to be microvolts.
VOLTS: Final = 1e-3

#: The middle channel above this (uV, standard deviation): raw counts or nanovolts.
COUNTS: Final = 1000.0


class Judged(NamedTuple):
    """What is wrong with the electrodes in one window."""

    bad: dict[int, str]
    """Sources that cannot be used, and why."""
    common: tuple[str, ...]
    """What is wrong with the whole cap."""


_NOTHING: Final = Judged({}, ())


def judge(filtered: Array, raw: Array, sfreq: float) -> list[Judged]:
    """Judge windows, each by itself.

    Parameters
    ----------
    filtered, raw : Array
        float32 ``(n_windows, n_sources, n_times)`` (uV), the sources after and before the filter; NaN in both where
        there was no number.
    sfreq : float
        Sampling rate (Hz).
    """
    loose, still, lines = bad_channels(filtered, sfreq), _still(raw), line_noise(raw, sfreq)
    return [
        _joined(filtered[i], raw[i], *found) if any(found) else _NOTHING
        for i, found in enumerate(zip(loose, still, lines, strict=True))
    ]


def bad_channels(filtered: Array, sfreq: float) -> list[dict[int, str]]:
    """Return for each window the sources that cannot be used, as far as a filtered signal tells, and why.

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
    rough = steps > ROUGH * typical
    from_top = math.ceil(SHARED * deviation.shape[1])
    strong = deviation > STRONG * np.partition(np.where(alive, deviation, 0), -from_top, axis=1)[:, -from_top, None]
    return [
        {
            int(i): why
            for i in np.flatnonzero(channels)
            if (
                why := _why(
                    filtered[window],
                    int(i),
                    sfreq,
                    _Size(float(largest[window, i]), float(deviation[window, i]), float(typical[window, 0])),
                    loose=bool(rough[window, i]),
                    strong=bool(strong[window, i]),
                )
            )
        }
        for window, channels in enumerate(suspect)
    ]


class _Size(NamedTuple):
    """How large a channel is, and how large the middle channel's steps are (uV)."""

    largest: float
    deviation: float
    typical: float


def _why(window: Array, source: int, sfreq: float, size: _Size, *, loose: bool, strong: bool) -> str:
    """Return what is wrong with a source ``(n_sources, n_times)``; empty where nothing is."""
    if math.isnan(size.largest):
        return "{} gave no number"
    if size.deviation < FLAT_UV:
        return "{} flat"
    if size.largest > SUSPECT_UV and _popped(window, source, sfreq, size.typical):
        return "{} popped"
    if loose or size.largest > LARGE_UV or (strong and size.largest > SUSPECT_UV and _alone(window, source)):
        return "{} lost contact"
    return ""


def _popped(window: Array, source: int, sfreq: float, typical: float) -> bool:
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


def _still(raw: Array) -> list[dict[int, str]]:
    """Return for each window the sources that stand still, or are cut off at the end of the amplifier's range."""
    equal = (raw[..., 1:] == raw[..., :-1]).view(np.uint8).sum(axis=-1, dtype=np.uint16)
    suspect = equal >= EQUAL * raw.shape[-1]
    if not suspect.any():
        return [{} for _ in suspect]
    return [_still_sources(one, channels) if channels.any() else {} for one, channels in zip(raw, suspect, strict=True)]


def _still_sources(raw: Array, suspect: Array) -> dict[int, str]:
    """Return what is said of the sources of one window ``(n_sources, n_times)`` that may stand still."""
    offsets = np.abs(raw[~suspect].mean(axis=-1))
    offsets = offsets[np.isfinite(offsets)]
    far = max(LARGE_UV, OFFSET * float(np.median(offsets)) if len(offsets) else 0.0)
    found = {}
    for source in np.flatnonzero(suspect).tolist():
        share, value = longest_hold(raw[source])
        if share >= STILL:
            found[source] = "{} railed" if abs(value) > far else "{} flat"
        else:
            end = cut_off(raw[source], CUT_OFF)
            if end is not None and abs(end) > far:
                found[source] = "{} railed"
    return found


def _joined(
    filtered: Array, raw: Array, loose: dict[int, str], still: dict[int, str], lines: list[LineNoise]
) -> Judged:
    """Join what was found in one window; of two reasons of a channel, that of standing still counts, then contact."""
    far, shared = _line_channels(lines)
    bad = far | loose | still
    return Judged(dict(sorted(bad.items())), (*_unit(filtered, raw, bad), *shared))


def _line_channels(lines: list[LineNoise]) -> tuple[dict[int, str], list[str]]:
    """Return the sources with far more mains noise than the others, and what most have."""
    bad: dict[int, str] = {}
    shared = []
    for line in lines:
        far = line.is_line & (line.amplitude > LINE * float(np.median(line.amplitude)))
        why = f"{line.hz:g} Hz noise on {{}}"
        bad |= dict.fromkeys(np.flatnonzero(far).tolist(), why)
        if 2 * np.count_nonzero(line.is_line & ~far) > len(far):
            shared.append(why.format("most channels"))
    return bad, shared


def _unit(filtered: Array, raw: Array, bad: dict[int, str]) -> tuple[str, ...]:
    """Say where most channels have a size that only another unit explains."""
    if 2 * len(bad) <= len(filtered):
        return ()
    deviation = float(np.median(filtered.std(axis=-1)))
    if deviation > COUNTS:
        return ("looks like raw counts or nV, not uV",)
    moves = 2 * np.count_nonzero(np.ptp(raw, axis=-1)) > len(raw)
    return ("looks like V, not uV",) if deviation < VOLTS and moves else ()


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
