"""The least and the most of each channel in each pixel's time: all that a screen can show of a signal."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from pipeline.records import Array


@dataclass(frozen=True)
class Columns:
    """Some columns of an envelope, in the order of time."""

    first: int
    """Number of the first of them, counted from the first that was ever made."""
    at: Array
    """Where each lies in time: multiples of the width, int64 ``(n_columns,)``."""
    breaks: Array
    """Whether no line leads to it from the one before: time is missing between them, bool ``(n_columns,)``."""
    low: Array
    high: Array
    """float32 ``(n_columns, n_channels)``; NaN where a channel had no number."""


class Envelope:
    """Minimum and maximum in columns of one width, of samples that come in chunks.

    A column is ready once a later sample is there, so that cutting the samples in other chunks changes nothing.
    A column without samples is not made: nothing is filled.

    Parameters
    ----------
    n_channels : int
        Channels of the signal.
    width_s : float
        How long a column lasts (s).
    kept_s : float
        Columns older than this are dropped (s).

    Attributes
    ----------
    restarts : int
        How often time went back, as after a jump of a clock: what was there before is forgotten then.
    """

    def __init__(self, n_channels: int, width_s: float, kept_s: float) -> None:
        self.width_s = width_s
        self.restarts = 0
        self._kept = round(kept_s / width_s)
        self._columns: deque[tuple[int, bool, Array, Array]] = deque()
        self._open: tuple[int, bool, Array, Array] | None = None
        self._n_channels = n_channels
        self._made = 0

    @property
    def made(self) -> int:
        """Columns made so far: the number of the next one."""
        return self._made

    def process(self, times: Array, data: Array, *, gap: bool) -> None:
        """Take consecutive samples.

        Parameters
        ----------
        times : Array
            float64 ``(n_times,)`` (s); where they go back within a segment, a sample counts to the newest column.
        data : Array
            float32 ``(n_times, n_channels)``; what is not finite is no number.
        gap : bool
            Samples are missing between these and those before.
        """
        if not len(times):
            return
        at = np.floor(times / self.width_s).astype(np.int64)
        if self._open is not None and gap and at[0] < self._open[0]:
            self._forget()
        if self._open is not None and not gap:
            at[0] = max(at[0], self._open[0])
        at = np.maximum.accumulate(at)
        starts = np.flatnonzero(np.diff(at, prepend=at[0] - 1))
        numbers = np.where(np.isfinite(data), data, np.float32(np.nan))
        low, high = np.fmin.reduceat(numbers, starts), np.fmax.reduceat(numbers, starts)
        for place, start in enumerate(starts.tolist()):
            self._add(int(at[start]), gap and place == 0, low[place], high[place])

    def since(self, number: int | None) -> Columns:
        """Return the columns from a number on; all there are for None, or where some of them are gone."""
        oldest = self._made - len(self._columns)
        first = oldest if number is None else min(max(number, oldest), self._made)
        rows = [self._columns[place - oldest] for place in range(first, self._made)]
        nothing = np.empty((0, self._n_channels), np.float32)
        return Columns(
            first,
            np.array([at for at, *_ in rows], np.int64),
            np.array([broken for _, broken, *_ in rows], bool),
            np.stack([low for _, _, low, _ in rows]) if rows else nothing,
            np.stack([high for *_, high in rows]) if rows else nothing,
        )

    def _add(self, at: int, gap: bool, low: Array, high: Array) -> None:
        if self._open is not None:
            open_at, broken, least, most = self._open
            if open_at == at and not gap:
                self._open = at, broken, np.fmin(least, low), np.fmax(most, high)
                return
            self._columns.append(self._open)
            self._made += 1
            while self._columns and self._columns[0][0] < at - self._kept:
                self._columns.popleft()
        self._open = at, gap, low, high

    def _forget(self) -> None:
        self._columns.clear()
        self._open = None
        self.restarts += 1
