"""A channel that counts samples proves how many are missing, whatever the stamps say."""

from typing import Final

import numpy as np

from pipeline.records import Array

#: A counter is believed once it has counted by one so often, until it does so less than four times out of five.
_TRUST: Final = 16
_MOST_TRUST: Final = 64
_DOUBT: Final = 4
#: Where counters of 8, 16, 24 and 32 bits begin anew.
_WRAPS: Final = (1 << 8, 1 << 16, 1 << 24, 1 << 32)
#: By so many samples stamps may miscount what is missing where a counter begins anew for the first time.
_MISCOUNT: Final = 3


class Counter:
    """Tell from a counter channel how many samples are missing.

    A counter that begins anew while the stamps go on has wrapped: after 255 or at another power of two where that fits,
    else after the number that it reached. What is missing is exact as long as the stamps tell how often it wrapped.

    Parameters
    ----------
    channel : int
        Index of the channel.
    """

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._last: int | None = None
        self._highest = 0
        self._score = 0
        self._trusted = False
        self._period: int | None = None
        """How far it counts before it begins anew; None while it never has."""

    def forget(self) -> None:
        """Compare what comes with nothing before it: it may be of another device."""
        self._last, self._highest, self._score, self._trusted, self._period = None, 0, 0, False, None

    def read(self, data: Array) -> list[int | None]:
        """Return by how much each sample counts on from the one before it; None where that is not to be believed.

        Parameters
        ----------
        data : Array
            ``(n_times, n_channels)``, consecutive samples, at least one.
        """
        column = data[:, self._channel]
        if column.dtype.kind == "f" and not np.isfinite(column).all():
            self._last, self._score, self._trusted = None, 0, False
            return [None] * len(column)
        values: list[int] = column.astype(np.int64).tolist()
        return [self._step(value) for value in values]

    def missing(self, step: int, by_stamps: int) -> int | None:
        """Return how many samples are missing before one that counts on by `step`.

        Parameters
        ----------
        step : int
            From `read`.
        by_stamps : int
            How many are missing by the stamps.

        Returns
        -------
        int | None
            None if the counter began anew for no reason that it knows: the device was restarted.
        """
        if step < 0 and self._period is None:
            return self._first_wrap(step, by_stamps)
        left = step - 1
        if self._period is not None:
            left += self._period * max(0, round((by_stamps - left) / self._period))
        return max(left, 0)  # a sample that came twice counts on by nothing

    def _step(self, value: int) -> int | None:
        before, self._last = self._last, value
        self._highest = max(self._highest, value)
        if before is None:
            return None
        step = value - before
        if self._period is not None:
            step %= self._period
        trusted = self._trusted
        if step == 1:
            self._score = min(self._score + 1, _MOST_TRUST)
            self._trusted = trusted or self._score >= _TRUST
        elif step >= 0 or self._period is not None:
            self._score = max(self._score - _DOUBT, 0)
            self._trusted = trusted and self._score > 0
        return step if trusted else None

    def _first_wrap(self, step: int, by_stamps: int) -> int | None:
        period = next((wrap for wrap in _WRAPS if wrap > self._highest), None)
        if period is not None and step % period - 1 <= by_stamps + _MISCOUNT:
            self._period = period
            return self.missing(step % period, by_stamps)
        if by_stamps == 0:
            self._period = 1 - step
            return 0
        self._score, self._trusted, self._highest = 0, False, 0
        return None
