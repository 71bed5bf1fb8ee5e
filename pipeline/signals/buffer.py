"""The samples that windows still need, addressed by their index in the segment."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.records import Array

#: Whether a row is real data, and why not.
GOOD, SETTLING, ABSENT = 0, 1, 2

_ROWS = 64


@dataclass
class BufferState:
    """Rows `start` to `stop` of arrays that have room to grow."""

    data: Array
    """``(n_columns, capacity)``, of the processor's type: each column lies in one piece, as windows are measured."""
    times: Array
    """float64 ``(capacity,)``: time of each sample (s)."""
    newest: Array
    """float64 ``(capacity,)``: largest time up to each sample, which rises even where stamps do not."""
    arrivals: Array
    status: Array
    start: int = 0
    stop: int = 0
    index: int = 0
    """Index of the row at `start`."""

    def compact(self) -> "BufferState":
        """Return the same rows in arrays without room."""
        rows = slice(self.start, self.stop)
        data, times, newest, arrivals, status = (array[..., rows] for array in _arrays(self))
        return BufferState(data, times, newest, arrivals, status, stop=len(times), index=self.index)


class WindowBuffer:
    """A queue of samples: appended at the end, discarded at the front, moved only when its room is used up."""

    def __init__(self) -> None:
        self.state = _empty(0)

    def __len__(self) -> int:
        return self.state.stop - self.state.start

    def clear(self, index: int) -> None:
        """Forget all rows; the next one has `index`."""
        state = self.state
        state.start = state.stop = 0
        state.index = index

    def append(self, data: Array, times: Array, arrival: Array | float, status: Array) -> None:
        """Add consecutive samples.

        Parameters
        ----------
        data : Array
            ``(n_times, n_columns)``.
        times : Array
            ``(n_times,)`` (s).
        arrival : Array | float
            When they arrived, each or all (s).
        status : Array
            ``(n_times,)``: `GOOD`, `SETTLING` or `ABSENT`.
        """
        n_times = len(times)
        self._make_room(n_times, data)
        state = self.state
        new = slice(state.stop, state.stop + n_times)
        state.data[:, new], state.times[new], state.arrivals[new], state.status[new] = data.T, times, arrival, status
        np.maximum.accumulate(times, out=state.newest[new])
        if state.stop > state.start:
            np.maximum(state.newest[new], state.newest[state.stop - 1], out=state.newest[new])
        state.stop += n_times

    def after(self, time: float) -> int:
        """Return the row, counted from the oldest, of the first sample after `time`; `len` of the buffer if none is."""
        state = self.state
        return int(np.searchsorted(state.newest[state.start : state.stop], time, side="right"))

    def rows(self, first: int, stop: int) -> tuple[Array, Array, Array]:
        """Return data, times and status of rows `first` to `stop`, counted from the oldest.

        They are views: look at them before the buffer changes, and write nothing.
        """
        state = self.state
        rows = slice(state.start + first, state.start + stop)
        return state.data[:, rows].T, state.times[rows], state.status[rows]

    def time(self, row: int) -> float:
        """Return the time of a row, counted from the oldest (s)."""
        return float(self.state.times[self.state.start + row])

    def arrival(self, row: int) -> float:
        """Return the arrival of a row, counted from the oldest (s)."""
        return float(self.state.arrivals[self.state.start + row])

    def index(self, row: int) -> int:
        """Return the index in the segment of a row, counted from the oldest."""
        return self.state.index + row

    def discard(self, rows: int) -> None:
        """Forget the oldest rows."""
        rows = min(max(rows, 0), len(self))
        self.state.start += rows
        self.state.index += rows

    def _make_room(self, n_times: int, data: Array) -> None:
        state = self.state
        n_columns = data.shape[1]
        if len(state.data) != n_columns:
            state = self.state = _empty(n_columns, index=state.index, dtype=data.dtype)
        kept = len(self)
        if state.stop + n_times <= len(state.times):
            return
        old = state
        if 2 * (kept + n_times) > len(state.times):
            state = self.state = _empty(n_columns, 4 * (kept + n_times) + _ROWS, state.index, data.dtype)
        rows = slice(old.start, old.stop)
        for target, source in zip(_arrays(state), _arrays(old), strict=True):
            target[..., :kept] = source[..., rows].copy()
        state.start, state.stop = 0, kept


def _arrays(state: BufferState) -> tuple[Array, ...]:
    return state.data, state.times, state.newest, state.arrivals, state.status


def _empty(
    n_columns: int, capacity: int = 0, index: int = 0, dtype: "np.dtype[Any] | type[np.float64]" = np.float64
) -> BufferState:
    return BufferState(
        data=np.empty((n_columns, capacity), dtype),
        times=np.empty(capacity),
        newest=np.empty(capacity),
        arrivals=np.empty(capacity),
        status=np.empty(capacity, np.uint8),
        index=index,
    )
