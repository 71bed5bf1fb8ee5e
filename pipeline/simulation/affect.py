"""The latent state: a slowly moving mixture of emotions with label correlation.

The mixture is a softmax of ten log-shares. They are the participant's resting log-shares, plus the pull of three shared
axes (positive affect, negative affect, arousal), plus a small movement of each emotion's own. All move as
Ornstein-Uhlenbeck processes with time constants of tens of seconds, and a film clip shifts where the axes rest. The
loadings follow PANAS' two factors, positive and negative affect (Watson, Clark and Tellegen 1988), and the circumplex'
arousal (Russell 1980): emotions of one family rise together, and against the other family.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.simulation.trials import Trials

#: The state moves in steps of a quarter of a second.
STEPS: Final = 4

#: Loadings of each emotion on positive affect, negative affect and arousal.
LOADINGS: Final = np.array([
    [0.80, -0.10, -0.15],  # Inspired
    [0.35, 0.00, 0.45],  # Alert
    [0.80, -0.15, 0.55],  # Excited
    [0.90, -0.20, 0.25],  # Enthusiastic
    [0.50, 0.05, 0.20],  # Determined
    [-0.15, 0.80, 0.35],  # Afraid
    [-0.35, 0.75, -0.35],  # Upset
    [-0.10, 0.55, 0.30],  # Nervous
    [-0.15, 0.80, 0.50],  # Scared
    [-0.25, 0.85, -0.10],  # Distressed
])  # fmt: skip

#: The population's resting shares: more positive than negative affect, none absent.
RESTING_SHARES: Final = np.array([0.115, 0.130, 0.100, 0.110, 0.120, 0.080, 0.080, 0.095, 0.080, 0.090])

#: What the body follows: readouts of the mixture's log-shares, relative to the population's rest.
DRIVES: Final = ("valence", "arousal", "threat", "sadness", "engagement")
_READOUT: Final = np.array([
    # Ins   Ale   Exc   Ent   Det   Afr   Ups   Ner   Sca   Dis
    [0.20, 0.08, 0.24, 0.28, 0.10, -0.18, -0.20, -0.12, -0.18, -0.22],
    [-0.30, 0.30, 0.45, 0.20, 0.05, 0.20, -0.55, 0.15, 0.30, -0.30],
    [-0.10, -0.05, -0.10, -0.10, -0.10, 0.40, -0.25, 0.30, 0.40, -0.10],
    [-0.05, -0.15, -0.15, -0.15, -0.05, -0.05, 0.45, -0.05, -0.05, 0.35],
    [0.25, 0.30, -0.15, 0.05, 0.40, -0.15, -0.15, -0.20, -0.20, -0.15],
])  # fmt: skip


@dataclass(frozen=True)
class State:
    """The state over one second: 5 points a quarter of a second apart; the last is the next second's first."""

    mixture: Array
    """Shares, ``(5, 10)``; the simulated truth."""
    drives: Array
    """What the body follows, ``(5, 5)``: columns as `DRIVES`."""
    shown: Array
    """The mixture that the face shows, ``(5, 10)``: another one while an expression is masked."""


class Affect:
    """One participant's state.

    Parameters
    ----------
    rng : numpy.random.Generator
    trials : Trials
        The film clips that move the state.
    """

    def __init__(self, rng: np.random.Generator, trials: Trials) -> None:
        self._rng = rng
        self._trials = trials
        self._resting = np.log(RESTING_SHARES) + rng.normal(0.0, 0.22, 10) + LOADINGS @ rng.normal(0.0, 0.18, 3)
        self._reactivity = rng.lognormal(0.0, 0.3, 3)
        # Time constants (s) and stationary spreads of the axes and of the emotions' own movements.
        self._axes = _Wander(rng, 3, tau=rng.uniform(18.0, 35.0, 3), spread=0.30)
        self._own = _Wander(rng, 10, tau=rng.uniform(20.0, 40.0, 10), spread=0.14)
        self._mask = _Mask(rng)
        self._step = 0
        self._last = self._point()

    def second(self) -> State:
        """Return the state over the next second."""
        points = [self._last, *(self._point() for _ in range(STEPS))]
        self._last = points[-1]
        mixture = np.array([mixture for mixture, _ in points])
        return State(mixture, drives(mixture), np.array([shown for _, shown in points]))

    def _point(self) -> tuple[Array, Array]:
        time = self._step / STEPS
        self._step += 1
        axes = self._axes.step(self._reactivity * self._trials.target(time))
        mixture = _softmax(self._resting + LOADINGS @ axes + self._own.step(0.0))
        masked = self._mask.step(time)
        return mixture, mixture if masked is None else _softmax(self._resting + LOADINGS @ masked)


def drives(mixture: Array) -> Array:
    """Return what the body follows of mixtures ``(n, 10)``: ``(n, 5)``, 0 at the population's rest, about 1 at most."""
    change = np.log(mixture) - np.log(RESTING_SHARES)
    return np.asarray((change - change.mean(axis=1, keepdims=True)) @ _READOUT.T)


class _Wander:
    """Ornstein-Uhlenbeck processes, exact at any step: x' = m + (x - m) a + s sqrt(1 - a^2) n, a = exp(-dt / tau)."""

    def __init__(self, rng: np.random.Generator, n: int, tau: Array, spread: float) -> None:
        self._rng = rng
        self._keep = np.exp(-1 / (STEPS * tau))
        self._kick = spread * np.sqrt(1 - self._keep**2)
        self._value = spread * rng.standard_normal(n)

    def step(self, mean: Array | float) -> Array:
        kicks = self._kick * self._rng.standard_normal(len(self._value))
        self._value = mean + (self._value - mean) * self._keep + kicks
        return self._value


class _Mask:
    """Masked expressions: now and then the face shows something else for 5 to 20 s, mostly a smile."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._every = rng.uniform(50.0, 160.0)
        self._from = rng.exponential(self._every)
        self._until = self._from
        self._axes = np.zeros(3)
        self._draw()

    def _draw(self) -> None:
        self._until = self._from + self._rng.uniform(5.0, 20.0)
        social = self._rng.random() < 0.6
        self._axes = np.array([1.3, -0.6, 0.3]) if social else self._rng.normal(0.0, 0.9, 3)

    def step(self, time: float) -> Array | None:
        if time >= self._until:
            self._from = time + self._rng.exponential(self._every)
            self._draw()
        return self._axes if self._from <= time < self._until else None


def _softmax(logits: Array) -> Array:
    shares = np.exp(logits - logits.max())
    return np.asarray(shares / shares.sum())
