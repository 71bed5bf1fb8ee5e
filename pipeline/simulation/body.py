"""What happens to the body and disturbs more than one stream at once: movements, blinks, jaw clenches."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.records import Array


@dataclass(frozen=True)
class Happening:
    """Something that lasts for a while."""

    start: float
    """Seconds since the participant's start."""
    duration: float
    strength: float

    @property
    def end(self) -> float:
        """When it is over (s)."""
        return self.start + self.duration


@dataclass(frozen=True)
class Body:
    """Everything that happens within one second; what began before and is not yet over is included."""

    second: int
    movements: tuple[Happening, ...]
    blinks: tuple[Happening, ...]
    clenches: tuple[Happening, ...]


def envelope(happenings: Iterable[Happening], times: Array) -> Array:
    """Return how strongly they act at `times`: a raised cosine each, as high as its strength."""
    total = np.zeros(len(times))
    for happening in happenings:
        phase = (times - happening.start) / happening.duration
        inside = (phase > 0) & (phase < 1)
        total[inside] += happening.strength * 0.5 * (1 - np.cos(2 * np.pi * phase[inside]))
    return total


class BodyProcess:
    """One participant's movements, blinks and jaw clenches.

    Blinks come more often with arousal and threat and less often with engagement, between 6 and 40 a minute (after
    Stern, Walrath and Goldstein 1984).

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._blinks_hz = rng.uniform(0.12, 0.45)
        self._moves_hz = rng.uniform(0.008, 0.035)
        self._clenches_hz = rng.uniform(0.003, 0.02)
        self._active: dict[str, tuple[Happening, ...]] = {"movements": (), "blinks": (), "clenches": ()}

    def second(self, second: int, drives: Array) -> Body:
        """Return what happens in a second; `drives` ``(5, 5)`` as in `State`."""
        _, arousal, threat, _, engagement = drives.mean(axis=0)
        blinks_hz = self._blinks_hz * float(np.exp(0.35 * arousal + 0.35 * threat - 0.4 * engagement))
        self._happen("movements", second, self._moves_hz * float(np.exp(0.3 * arousal)), (0.8, 3.5), 0.5)
        self._happen("blinks", second, min(max(blinks_hz, 0.1), 0.7), (0.20, 0.34), 0.2)
        self._happen("clenches", second, self._clenches_hz * float(np.exp(0.3 * threat)), (0.5, 2.0), 0.4)
        return Body(second, **self._active)

    def _happen(self, what: str, second: int, rate: float, lasting: tuple[float, float], spread: float) -> None:
        begun = tuple(
            Happening(second + self._rng.random(), self._rng.uniform(*lasting), self._rng.lognormal(0.0, spread))
            for _ in range(self._rng.poisson(rate))
        )
        self._active[what] = tuple(one for one in self._active[what] if one.end > second) + begun
