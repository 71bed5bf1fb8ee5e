"""From a stream's rate to the family's, causally."""

from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from pipeline.records import Array

#: Half of the interpolation kernel (samples of the stream); all but one of them are the delay.
HALF: Final = 8

#: Shape of its Kaiser window, which passes four fifths of the band below the stream's Nyquist frequency.
BETA: Final = 5.0


class ResamplerState(msgspec.Struct, tag="resampler", eq=False):
    """The samples that points to come still need."""

    history: Array | None = None
    """float64 ``(2 * HALF - 1, n_channels)``; None before the first sample."""
    row: int = 0
    """Samples so far, modulo the pattern's length."""


class Resampler:
    """Interpolate a band-limited signal so that `n_times` of its samples become `n_points`.

    The points that lie between a sample and the one before come with that sample, in as many slots as that takes, so
    that a chunk has one row a sample whatever the rate. Any `n_times` consecutive rows hold `n_points` points. The
    signal is delayed by ``HALF - 1`` samples. The kernel is a sinc under a Kaiser window, scaled to pass a constant
    unchanged (Smith, Digital Audio Resampling, https://ccrma.stanford.edu/~jos/resample/). It takes nothing away:
    whoever lowers a rate has filtered before.

    Parameters
    ----------
    n_times : int
        Samples of a window at the stream's rate.
    n_points : int
        Samples of a window at the wanted rate. When it is `n_times`, nothing is changed or delayed.
    """

    def __init__(self, n_times: int, n_points: int) -> None:
        shared = np.gcd(n_times, n_points)
        self._up, self._down = int(n_points // shared), int(n_times // shared)
        self.same = n_points == n_times
        self.slots = -(-self._up // self._down)
        self.state = ResamplerState()

    def process(self, samples: Array) -> Array:
        """Return the points that each sample brings, ``(n_times, slots * n_channels)``; NaN in slots without one.

        Parameters
        ----------
        samples : Array
            Consecutive and finite, float64 ``(n_times, n_channels)``.
        """
        if self.same or not len(samples):
            return np.repeat(samples, self.slots, axis=1)
        state = self.state
        if state.history is None:
            state.history = np.repeat(samples[:1], 2 * HALF - 1, axis=0)
        padded = np.concatenate([state.history, samples])
        rows = state.row + np.arange(len(samples))
        points = np.full((len(samples), self.slots, samples.shape[1]), np.nan)
        before = (rows - 1) * self._up // self._down
        last = rows * self._up // self._down
        for slot in range(self.slots):
            place = before + 1 + slot
            there = np.flatnonzero(place <= last)
            ahead = rows[there] * self._up - place[there] * self._down
            points[there, slot] = self._interpolate(padded, there, ahead)
        state.history = padded[-(2 * HALF - 1) :].copy()
        state.row = int(rows[-1] + 1) % self._down
        return points.reshape(len(samples), -1)

    def reset(self) -> None:
        """Forget the past."""
        self.state = ResamplerState()

    def _interpolate(self, padded: Array, rows: Array, ahead: Array) -> Array:
        """Return the point that lies `ahead` / up before each row, tap by tap, so that no chunk changes the sum."""
        weights = _kernel(self._up)[ahead]
        total = np.zeros((len(rows), padded.shape[1]))
        for tap in range(2 * HALF):
            total += weights[:, tap, np.newaxis] * padded[rows + 2 * HALF - 1 - tap]
        return total


@lru_cache(maxsize=64)
def _kernel(up: int) -> Array:
    """Return the weights of the newest samples, newest first, for each place between two, ``(up, 2 * HALF)``."""
    place = np.arange(up)[:, np.newaxis] / up + HALF - 1 - np.arange(2 * HALF)
    weights = np.sinc(place) * np.i0(BETA * np.sqrt(np.maximum(1 - (place / HALF) ** 2, 0)))
    weights /= weights.sum(axis=1, keepdims=True)
    weights.flags.writeable = False
    return weights
