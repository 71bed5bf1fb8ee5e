"""Personalization: where one participant's estimates rest, learned from a few rated trials, and whether that helps.

A participant's shares lie, beside what the signals say, elsewhere than other people's; no signal tells where, ratings
do. Each estimate's log shares are moved by one offset b, the same for all windows: ``p' = softmax(log p + b)``.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root
from scipy.special import softmax

from model.learning.scores import scores

Array = NDArray[np.float64]

#: Fewer trials say nothing about the next one.
LEAST_TRIALS: Final = 3
#: Strengths of the pull of b towards 0, in trials of weight: what a new participant is believed to share with others.
PULLS: Final = (0.03, 0.1, 0.3, 1.0)
#: Held-out trials must be told better by this share on average, and so many of them: below that, three can be lucky.
LEAST_GAIN: Final = 0.2
LEAST_BETTER: Final = 0.75
#: The largest gradient that still counts as zero; a share moves by less than this.
_GRADIENT: Final = 1e-6


class Trial(NamedTuple):
    """One rated trial."""

    name: str
    shares: Array
    """The general model's estimates of its windows ``(n_windows, n_emotions)``."""
    label: Array
    """``(n_emotions,)``, 1 in sum."""


class Found(NamedTuple):
    """What a participant's trials say."""

    offset: Array
    """b, ``(n_emotions,)``; zeros where the general model stays."""
    pull: float | None
    """The strength that was chosen; None where the general model stays."""
    general_kl: Array
    """KL(label || estimate) of each trial with the general model ``(n_trials,)`` (nats)."""
    held_out_kl: Array
    """The same, personalized by the other trials ``(n_trials,)``."""

    @property
    def helps(self) -> bool:
        """Whether held-out trials are told better than by the general model."""
        return self.pull is not None


def find_offset(trials: Sequence[Trial]) -> Found:
    """Learn a participant's offset, and hold each trial out in turn to see whether it helps.

    The pull is the one that tells the held-out trials best. The general model stays unless their mean KL falls by a
    fifth, and three in four of them are told better.

    Parameters
    ----------
    trials : sequence of Trial
        Three or more.

    Raises
    ------
    ValueError
        There are fewer than three.
    """
    if len(trials) < LEAST_TRIALS:
        raise ValueError(f"{len(trials)} rated trials, of {LEAST_TRIALS} that are needed")
    general = np.array([trial_kl(trial, 0.0) for trial in trials])
    held_out = {
        pull: np.array(
            [trial_kl(trial, fit_offset(_others(trials, place), pull)) for place, trial in enumerate(trials)]
        )
        for pull in PULLS
    }
    best = min(PULLS, key=lambda pull: held_out[pull].mean())
    found = held_out[best]
    better = (found < general).mean() >= LEAST_BETTER
    if not better or found.mean() > (1 - LEAST_GAIN) * general.mean():
        return Found(np.zeros_like(trials[0].label), None, general, found)
    return Found(fit_offset(trials, best), best, general, found)


def fit_offset(trials: Sequence[Trial], pull: float) -> Array:
    """Return the offset ``(n_emotions,)`` that tells trials best.

    It minimises ``sum_t mean_w KL(d_t || softmax(log p_tw + b)) + pull / 2 |b|^2``, t over trials, w over a trial's
    windows: where its gradient is zero, by Powell's hybrid method; the sum is convex in b (a log-sum-exp), and with a
    pull strictly so. This is the most probable b under a normal prior of variance 1 / pull.

    Parameters
    ----------
    trials : sequence of Trial
        One or more.
    pull : float
        Above 0.
    """
    logs = np.concatenate([np.log(trial.shares) for trial in trials])
    weight = np.concatenate([np.full(len(trial.shares), 1 / len(trial.shares)) for trial in trials])
    wanted = np.sum([trial.label for trial in trials], axis=0)

    def gradient(offset: Array) -> Array:
        return np.asarray(weight @ softmax(logs + offset, axis=1) - wanted + pull * offset)

    def curvature(offset: Array) -> Array:
        shares = softmax(logs + offset, axis=1)
        return np.asarray(np.diag(weight @ shares + pull) - (shares * weight[:, np.newaxis]).T @ shares)

    found = root(gradient, np.zeros_like(wanted), jac=curvature, method="hybr")
    if np.abs(gradient(found.x)).max() > _GRADIENT:
        raise RuntimeError(f"the offset of {len(trials)} trials did not converge: {found.message}")
    return np.asarray(found.x, np.float64)


def trial_kl(trial: Trial, offset: Array | float) -> float:
    """Return KL(label || mean of the moved estimates) of a trial (nats)."""
    estimate = softmax(np.log(trial.shares) + offset, axis=1).mean(0, keepdims=True)
    return float(scores(trial.label[np.newaxis], estimate)["kl"][0])


def _others(trials: Sequence[Trial], place: int) -> list[Trial]:
    return [*trials[:place], *trials[place + 1 :]]
