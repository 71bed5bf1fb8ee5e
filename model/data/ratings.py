"""Ratings become labels; what a distribution cannot tell, intensity and ambivalence, stays beside it."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float

Ratings = NDArray[np.floating]

#: PANAS' positive items, and WESAD's Happy.
POSITIVE: Final = frozenset(
    {
        "Active", "Alert", "Attentive", "Determined", "Enthusiastic", "Excited", "Happy", "Inspired", "Interested",
        "Proud", "Strong",
    }
)  # fmt: skip
#: PANAS' negative items, and those that WESAD adds.
NEGATIVE: Final = frozenset(
    {
        "Afraid", "Angry", "Annoyed", "Ashamed", "Distressed", "Frustrated", "Guilty", "Hostile", "Irritable",
        "Irritated", "Jittery", "Nervous", "Sad", "Scared", "Stressed", "Upset",
    }
)  # fmt: skip


def to_labels(ratings: Ratings) -> Float:
    """Return ratings over their sum ``(n, n_emotions)``, of ratings of that shape, each row with a sum above 0."""
    return np.asarray(ratings / ratings.sum(-1, keepdims=True), np.float32)


def intensity(ratings: Ratings) -> Float:
    """Return the mean rating ``(n,)`` of ratings ``(n, n_emotions)``: shares cannot tell all-low from all-high."""
    return np.asarray(ratings.mean(-1), np.float32)


def ambivalence(ratings: Ratings, emotions: Sequence[str]) -> Float:
    """Return ``min(positive, negative)`` ``(n,)``: how far both are felt at once.

    Each is the mean over the emotions of its kind, by `POSITIVE` and `NEGATIVE`.

    Parameters
    ----------
    ratings : ndarray
        ``(n, n_emotions)``.
    emotions : sequence of str
        Names of the columns.

    Raises
    ------
    ValueError
        An emotion is of neither kind, or a kind has none.
    """
    unknown = [name for name in emotions if name not in POSITIVE | NEGATIVE]
    if unknown:
        raise ValueError(f"{unknown[0]} is neither among the positive nor the negative items")
    kinds = [[column for column, name in enumerate(emotions) if name in kind] for kind in (POSITIVE, NEGATIVE)]
    if not all(kinds):
        raise ValueError("there are no emotions of one of the two kinds")
    positive, negative = (ratings[:, columns].mean(-1) for columns in kinds)
    return np.asarray(np.minimum(positive, negative), np.float32)
