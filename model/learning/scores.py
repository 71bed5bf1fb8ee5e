"""The six scores of label distribution learning, as PyLDL defines them, and bootstrap intervals over participants."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Names of the scores; for the first four less is better, for the last two more.
SCORES: Final = ("chebyshev", "clark", "canberra", "kl", "cosine", "intersection")
#: Shares are cut here before their logarithm is taken.
SMALLEST: Final = float(np.finfo(np.float64).eps)
_RESAMPLES = 2000


class Spread(NamedTuple):
    """A mean over participants and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def scores(labels: NDArray[np.floating], estimates: NDArray[np.floating]) -> dict[str, Array]:
    """Compare estimated distributions with labels.

    With label d and estimate p: Chebyshev ``max |d - p|``, Clark ``sqrt(sum ((d - p) / (d + p))^2)``, Canberra
    ``sum |d - p| / (d + p)``, KL ``sum d ln(d / p)`` (nats), cosine ``d.p / (|d| |p|)``, intersection
    ``sum min(d, p)``. For Clark, Canberra and KL shares are cut below at the machine epsilon of float64, as PyLDL does.

    Parameters
    ----------
    labels, estimates : ndarray
        ``(n, n_emotions)`` each.

    Returns
    -------
    dict of str to ndarray
        Score -> ``(n,)``.
    """
    d, p = np.asarray(labels, np.float64), np.asarray(estimates, np.float64)
    cut_d, cut_p = np.clip(d, SMALLEST, 1), np.clip(p, SMALLEST, 1)
    ratio = np.abs(cut_d - cut_p) / (cut_d + cut_p)
    return {
        "chebyshev": np.abs(d - p).max(1),
        "clark": np.sqrt((ratio**2).sum(1)),
        "canberra": ratio.sum(1),
        "kl": (cut_d * np.log(cut_d / cut_p)).sum(1),
        "cosine": (d * p).sum(1) / (np.linalg.norm(d, axis=1) * np.linalg.norm(p, axis=1)),
        "intersection": np.minimum(d, p).sum(1),
    }


def bootstrap(per_subject: Array, seed: int = 0) -> Spread:
    """Return the mean over participants and its 95 % interval, by drawing participants with replacement 2000 times.

    Parameters
    ----------
    per_subject : ndarray
        One value a participant ``(n_subjects,)``.
    seed : int
        Of the draws.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(per_subject), size=(_RESAMPLES, len(per_subject)))
    low, high = np.quantile(per_subject[drawn].mean(1), [0.025, 0.975])
    return Spread(float(per_subject.mean()), float(low), float(high))
