"""What rises and what falls: how each share has changed within half a minute."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dashboard.history import SCALE, Point

#: The newest mean is compared with the one this long ago (s).
OVER_S: Final = 30.0
#: Each mean is of this long (s).
MEAN_S: Final = 5.0


def trend(points: Sequence[Point], hop_s: float) -> list[float] | None:
    """Return how much the mean share of the newest seconds is above that of half a minute before.

    Parameters
    ----------
    points : sequence of Point
        A participant's last minutes, the oldest first.
    hop_s : float
        Between two estimates (s).

    Returns
    -------
    list of float or None
        One an emotion; None where one of the two means would be of less than half of its estimates.
    """
    if not points:
        return None
    least = max(1.0, 0.5 * MEAN_S / hop_s)
    end = points[-1][1]
    now, before = [], []
    for point in reversed(points):
        age = (end - point[1]) / 1000
        if age >= OVER_S:
            break
        if point[2] is not None:
            if age < MEAN_S:
                now.append(point[2])
            elif age >= OVER_S - MEAN_S:
                before.append(point[2])
    if min(len(now), len(before)) < least:
        return None
    change = (np.mean(now, axis=0) - np.mean(before, axis=0)) / SCALE
    return [round(float(value), 4) for value in change]
