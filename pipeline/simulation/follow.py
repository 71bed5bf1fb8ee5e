"""How signals follow the state: late, and between the state's quarter-second points."""

from functools import cache

import numpy as np

from pipeline.records import Array
from pipeline.simulation.affect import STEPS


@cache
def _weights(n: int) -> Array:
    """Return the linear interpolation from a second's 5 points to `n` samples, ``(n, 5)``."""
    place = np.arange(n) * STEPS / n
    left = place.astype(int)
    weights = np.zeros((n, STEPS + 1))
    weights[np.arange(n), left] = 1 - (place - left)
    weights[np.arange(n), left + 1] = place - left
    weights.setflags(write=False)
    return weights


def to_samples(points: Array, n: int) -> Array:
    """Return a second's 5 points ``(5, k)`` at its `n` samples, ``(n, k)``."""
    return np.asarray(_weights(n) @ points)


class Lag:
    """A first-order lag: the body follows the state with a time constant.

    Parameters
    ----------
    tau : float
        Time constant (s).
    """

    def __init__(self, tau: float) -> None:
        self._keep = float(np.exp(-1 / (STEPS * tau)))
        self._last: Array | None = None

    def second(self, points: Array) -> Array:
        """Return a second's 5 points ``(5, k)`` as they are followed; the last is the next second's first."""
        followed = np.empty_like(points)
        followed[0] = points[0] if self._last is None else self._last
        for step in range(1, len(points)):
            followed[step] = points[step] + (followed[step - 1] - points[step]) * self._keep
        self._last = followed[-1]
        return followed


class Drift:
    """Slow movements that mean nothing: Ornstein-Uhlenbeck processes, a point a quarter of a second.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        How many, independent of each other.
    tau : float
        Time constant (s).
    spread : float | array, shape (n,)
        Stationary standard deviation.
    """

    def __init__(self, rng: np.random.Generator, n: int, *, tau: float, spread: float | Array) -> None:
        self._rng = rng
        self._keep = float(np.exp(-1 / (STEPS * tau)))
        self._spread = spread
        self._last: Array = spread * rng.standard_normal(n)

    def second(self) -> Array:
        """Return a second's 5 points, ``(5, n)``; the last is the next second's first."""
        points = np.empty((STEPS + 1, len(self._last)))
        points[0] = self._last
        kicks = self._spread * np.sqrt(1 - self._keep**2) * self._rng.standard_normal((STEPS, len(self._last)))
        for step in range(STEPS):
            points[step + 1] = points[step] * self._keep + kicks[step]
        self._last = points[-1]
        return points
