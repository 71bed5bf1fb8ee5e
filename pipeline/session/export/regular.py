"""A raw stream at one rate without holes, as BIDS wants it: what was not recorded stays empty."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.session.raw_stream import Part

#: From this length on a segment tells the stream's rate better than its header does (s).
_TELLING_S: Final = 60.0


@dataclass(frozen=True)
class Regular:
    """Samples on a grid of time."""

    start: float
    """Time of the first place (s), on the host's LSL clock."""
    sfreq: float
    """As measured over the longest segment, nominal where none is long (Hz)."""
    data: Array
    """float64 ``(n_times, n_channels)``; NaN where nothing was recorded."""
    holes: tuple[tuple[int, int], ...]
    """First place and number of places of each stretch that was not recorded."""
    shift_s: float
    """The largest difference between a sample's time and that of its place (s)."""


def regular(part: Part, delay_s: float) -> Regular:
    """Put the samples of a stream on a grid; within a segment none is left out and none is put in.

    Parameters
    ----------
    part : Part
        A stream of numbers with a nominal rate.
    delay_s : float
        How much later the stream stamps its samples than they happened (s).
    """
    segments, indices, times, data = _columns(part, delay_s)
    order = np.lexsort((indices, segments))
    segments, indices, times, data = segments[order], indices[order], times[order], data[order]
    beginnings = np.flatnonzero(np.r_[True, np.diff(segments) != 0])
    stretches = [np.s_[a:b] for a, b in zip(beginnings, [*beginnings[1:], len(segments)], strict=True)]
    sfreq = _rate(part.info.sfreq, [(indices[one], times[one]) for one in stretches])
    places = np.empty(len(times), np.int64)
    start, following = _begins(indices[stretches[0]], times[stretches[0]], sfreq), 0
    for one in stretches:
        begin = _begins(indices[one], times[one], sfreq)
        first = max(following, round((begin - start) * sfreq))
        places[one] = first + indices[one] - indices[one.start]
        following = int(places[one.stop - 1]) + 1
    whole = np.full((following, data.shape[1]), np.nan)
    whole[places] = data
    shift = float(np.abs(start + places / sfreq - times).max())
    return Regular(start, sfreq, whole, _holes(places), shift)


def _columns(part: Part, delay_s: float) -> tuple[Array, Array, Array, Array]:
    segments = np.concatenate([np.full(len(stamps), run.segment) for run, stamps, _ in part.runs])
    indices = np.concatenate([run.first + np.arange(len(stamps)) for run, stamps, _ in part.runs])
    times = np.concatenate([stamps + run.offset - delay_s for run, stamps, _ in part.runs])
    return segments, indices, times, np.concatenate([values for *_, values in part.runs]).astype(np.float64)


def _rate(nominal: float, stretches: list[tuple[Array, Array]]) -> float:
    """Return the slope of index over time in the longest segment."""
    indices, times = max(stretches, key=lambda stretch: len(stretch[0]))
    if times[-1] - times[0] < _TELLING_S:
        return nominal
    return float(1 / np.polyfit(indices - indices[0], times - times[0], 1)[0])


def _begins(indices: Array, times: Array, sfreq: float) -> float:
    """Return the time of a segment's first sample, as all its stamps have it: each alone is late by some jitter."""
    return float(np.median(times - (indices - indices[0]) / sfreq))


def _holes(places: Array) -> tuple[tuple[int, int], ...]:
    gaps = np.flatnonzero(np.diff(places) > 1)
    return tuple((int(places[gap]) + 1, int(places[gap + 1] - places[gap]) - 1) for gap in gaps)
