"""Samples that stand still: a signal that is cut off where the device's range ends, or that is not measured any more.

What a living body gives is never twice the same for long, unless the device's steps are coarse. So stretches of equal
samples are looked at before any filter, which would smear them.
"""

from typing import Final

import numpy as np

from pipeline.records import Array

#: Where a signal is cut off, that value comes this many times as often as any other within the range. Of a device with
#: coarse steps every value comes often: the end of the range at the crest of a sine 2.4 times as often as the next.
OFTEN: Final = 4.0


#: Share of samples that equal the one before, from which a signal may stand still or be cut off.
EQUAL: Final = 0.05


def repeats(raw: Array) -> Array:
    """Return where enough samples equal the one before for more to be asked of signals ``(..., n_times)``."""
    equal = (raw[..., 1:] == raw[..., :-1]).view(np.uint8)  # summed far faster than as bool
    return np.asarray(equal.sum(axis=-1, dtype=np.uint32) >= EQUAL * raw.shape[-1])


def cut_off(raw: Array, share: float) -> float | None:
    """Return the value at which a signal is cut off; None where it is not.

    Parameters
    ----------
    raw : Array
        ``(n_times,)``, unfiltered.
    share : float
        Least share of samples that lie exactly at one end of the range.
    """
    ends = [end for end in (raw.max(), raw.min()) if np.count_nonzero(raw == end) >= share * len(raw)]
    if not ends:
        return None
    values, counts = np.unique(raw, return_counts=True)
    if len(values) < 3:
        return None
    at = max(ends, key=lambda end: counts[0] if end == values[0] else counts[-1])
    often = counts[0] if at == values[0] else counts[-1]
    return float(at) if often >= OFTEN * counts[1:-1].max() else None


def longest_hold(raw: Array) -> tuple[float, float]:
    """Return which share of a signal ``(n_times,)`` its longest stretch of equal samples is, and their value."""
    changes = np.flatnonzero(raw[1:] != raw[:-1]) + 1
    edges = np.concatenate([[0], changes, [len(raw)]])
    longest = int(np.argmax(np.diff(edges)))
    return float(edges[longest + 1] - edges[longest]) / len(raw), float(raw[edges[longest]])
