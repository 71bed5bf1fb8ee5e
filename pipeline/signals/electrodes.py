"""What is wrong with EEG electrodes: which channels of a window cannot be used, and why, in words.

The sentences hold ``{}`` where the channels' names go.
"""

from typing import Final, NamedTuple

import numpy as np

from pipeline.records import Array
from pipeline.signals.contact import LARGE_UV, bad_channels
from pipeline.signals.held import cut_off, longest_hold, repeats
from pipeline.signals.line_noise import LineNoise, line_noise

#: A channel that stands still beyond `LARGE_UV` is at the end of the amplifier's range, which is at least some hundred
#: uV wide. Amplifiers that pass direct current show each electrode's own offset, tens of mV, and can be stuck there;
#: their range ends at many times the offset of the middle channel.
OFFSET: Final = 10.0

#: Share of samples at the end of the range with which a channel is cut off, and of equal samples in a row with which it
#: stands still.
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


def alone(sentence: str) -> str:
    """Return what a sentence says without a channel's name: ``flat``, ``50 Hz noise``."""
    return sentence.replace(" on {}", "").replace("{} ", "")


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


def _still(raw: Array) -> list[dict[int, str]]:
    """Return for each window the sources that stand still, or are cut off at the end of the amplifier's range."""
    suspect = repeats(raw)
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
