"""The estimates of a session beside those that `helo analyze` has made of it again."""

from dataclasses import dataclass

import numpy as np

from dashboard.recorded.envelope import Ticks
from pipeline.records import Array


@dataclass(frozen=True)
class Compared:
    """How they differ."""

    sentence: str
    distance: Array
    """Largest difference of a share at each live tick, NaN where one of the two has no estimate; ``(n_ticks,)``."""


def compare(live: Ticks, again: Ticks) -> Compared:
    """Compare live estimates with those of a re-analysis, tick by tick.

    Parameters
    ----------
    live, again : Ticks
        Of the same participant and the same emotions.
    """
    _, here, there = np.intersect1d(live.ticks, again.ticks, assume_unique=True, return_indices=True)
    distance = np.full(len(live.ticks), np.nan)
    apart = np.abs(live.shares[here] - again.shares[there])
    distance[here] = apart.max(axis=1) if apart.size else 0.0
    one_abstained = int((live.abstained[here] != again.abstained[there]).sum())
    different = int((distance[here] > 0).sum())
    missing = len(live.ticks) - len(here)
    added = len(again.ticks) - len(there)
    faults = []
    if different:
        faults.append(f"{different} differ, by up to {100 * np.nanmax(distance):.2g} points of a share")
    if one_abstained:
        faults.append(f"{one_abstained} abstain in one of the two only")
    if missing:
        faults.append(f"{missing} are missing from it")
    if added:
        faults.append(f"{added} are only in it")
    if not faults:
        return Compared(f"All {len(here)} estimates of the re-analysis have the live shares, bit for bit.", distance)
    return Compared(f"Of {len(live.ticks)} live estimates, in the re-analysis: {'; '.join(faults)}.", distance)
