"""How regular a stream's stamps are."""

from collections import deque
from typing import Final

import numpy as np

from pipeline.records import Array

#: Of how many intervals, in seconds of a stream at its nominal rate.
_OVER_S: Final = 5.0
_FEWEST: Final = 8


class Regularity:
    """The median deviation of the intervals between stamps from the nominal one, over the last seconds.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz).
    """

    def __init__(self, sfreq: float) -> None:
        self._period = 1 / sfreq
        self._most = max(_FEWEST, round(_OVER_S * sfreq))
        self._times: deque[Array] = deque()
        self._count = 0

    def add(self, times: Array) -> None:
        """Take consecutive stamps, at least one."""
        self._times.append(times)
        self._count += len(times)
        while self._count - len(self._times[0]) > self._most:
            self._count -= len(self._times.popleft())

    @property
    def deviation(self) -> float | None:
        """The deviation (s); None of too few stamps."""
        if self._count <= _FEWEST:
            return None
        intervals = np.diff(np.concatenate(self._times))
        return float(np.median(np.abs(intervals - self._period)))
