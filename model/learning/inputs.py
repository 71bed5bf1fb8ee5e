"""What the baselines see of windows: one standardised vector each, every trial with as many rows."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import LabelledWindows

Vectors = NDArray[np.float64]
#: Which halves of the features: those relative to the participant's own past, or the absolute ones as well.
Halves = Literal["relative", "both"]

_LIMIT = 5.0
_SMALLEST = 1e-3


class Inputs(NamedTuple):
    """Vectors of the training windows and of those to estimate, on the same scale."""

    training: Vectors
    """``(n_training, n_features)``."""
    test: Vectors
    sizes: tuple[int, ...]
    """Number of features of each modality, in their order."""


def vectors(training: LabelledWindows, test: LabelledWindows, halves: Halves) -> Inputs:
    """Return features as vectors, standardised by the training windows' mean and deviation.

    A modality that is missing is at its mean. Values are cut at 5 deviations.

    Parameters
    ----------
    training, test : LabelledWindows
        With the same modalities.
    halves : {"relative", "both"}
        Which halves of the features are taken.
    """
    first = 1 if halves == "relative" else 0
    parts: tuple[list[Vectors], list[Vectors]] = ([], [])
    sizes = []
    for column, name in enumerate(training.features):
        there = training.present[:, column]
        known = training.features[name][there, first:].reshape(int(there.sum()), -1).astype(np.float64)
        centre = known.mean(0) if len(known) else 0.0
        scale = np.maximum(known.std(0), _SMALLEST) if len(known) else 1.0
        for windows, part in zip((training, test), parts, strict=True):
            flat = windows.features[name][:, first:].reshape(len(windows), -1)
            scaled = ((flat - centre) / scale).clip(-_LIMIT, _LIMIT)
            part.append(np.where(windows.present[:, column, None], scaled, 0.0))
        sizes.append(parts[0][-1].shape[1])
    return Inputs(np.concatenate(parts[0], 1), np.concatenate(parts[1], 1), tuple(sizes))


def balanced(windows: LabelledWindows) -> LabelledWindows:
    """Return as many windows of each trial as the middle trial has: spread evenly, or repeated.

    So every trial weighs the same for methods that know no weights.
    """
    _, group, counts = np.unique(windows.groups(), return_inverse=True, return_counts=True)
    size = int(np.median(counts))
    rows = []
    for number, count in enumerate(counts):
        rows.append(np.flatnonzero(group == number)[np.linspace(0, count - 1, size).round().astype(int)])
    return windows.take(np.concatenate(rows))
