"""What each trace of the EEG is the voltage between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from pipeline.records import Array

AS_RECORDED: Final = "as recorded"
AVERAGE: Final = "average"
LONGITUDINAL: Final = "longitudinal"

#: From front to back over the left temple, beside the middle, over it, and the same on the right: the chains of the
#: longitudinal bipolar montage (American Clinical Neurophysiology Society, Guideline 3, 2016).
CHAINS: Final = (
    ("fp1", "f7", "t7", "p7", "o1"),
    ("fp1", "f3", "c3", "p3", "o1"),
    ("fz", "cz", "pz"),
    ("fp2", "f4", "c4", "p4", "o2"),
    ("fp2", "f8", "t8", "p8", "o2"),
)
#: With fewer pairs than this there is no longitudinal montage to speak of.
FEWEST_PAIRS: Final = 4


@dataclass(frozen=True)
class Traces:
    """The traces of one montage."""

    labels: tuple[str, ...]
    made_of: tuple[tuple[int, ...], ...]
    """The channels that each trace is marked by, where they are bad."""
    derive: Callable[[Array], Array]
    """From samples ``(n_times, n_channels)`` to traces ``(n_times, n_traces)``."""


def montages(ch_names: Sequence[str], sources: Sequence[str]) -> dict[str, Traces]:
    """Return the montages that a stream's channels allow.

    Parameters
    ----------
    ch_names : sequence of str
        The channels, as the page calls them.
    sources : sequence of str
        Their names in the 10-20 system, in small letters; empty where they are not known.
    """
    alone = tuple((place,) for place in range(len(ch_names)))
    found = {AS_RECORDED: Traces(tuple(ch_names), alone, lambda samples: samples)}
    if len(ch_names) > 1:
        found[AVERAGE] = Traces(tuple(ch_names), alone, _less_mean)
    place = {name: index for index, name in reversed(list(enumerate(sources)))}
    pairs = [(a, b) for chain in CHAINS for a, b in pairwise(chain) if a in place and b in place]
    if len(pairs) >= FEWEST_PAIRS:
        found[LONGITUDINAL] = _between([(place[a], place[b]) for a, b in pairs], ch_names)
    return found


def _less_mean(samples: Array) -> Array:
    """Take the mean of all channels with a number from each."""
    usable = np.isfinite(samples)
    count = np.maximum(usable.sum(axis=1, keepdims=True), 1)
    return np.asarray(samples - np.where(usable, samples, 0).sum(axis=1, keepdims=True) / count)


def _between(pairs: Sequence[tuple[int, int]], ch_names: Sequence[str]) -> Traces:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    labels = tuple(f"{ch_names[a]}–{ch_names[b]}" for a, b in pairs)
    return Traces(labels, tuple(pairs), lambda samples: samples[:, first] - samples[:, second])
