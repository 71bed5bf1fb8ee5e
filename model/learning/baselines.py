"""The baselines that an honest reader asks for: mean label, nearest neighbours, ridge, condition classifier.

Each takes training windows and windows to estimate, and returns estimates for every setting that could be chosen.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows
from model.learning.inputs import Vectors, balanced, vectors
from model.learning.options import TrainOptions

#: Setting, in words -> distributions ``(n_test, n_emotions)``.
Settings = dict[str, Float]

_NEIGHBOURS: Final = (10, 50, 150, 400)
_PENALTIES: Final = (10.0, 100.0, 1e3, 1e4, 1e5)
_SHRUNKEN: Final = (0.1, 0.5, 0.9)
#: Shares below this are not taken apart further by their logarithm.
_SMALLEST: Final = 1e-3
_ROWS: Final = 512


def mean_label(training: LabelledWindows, test: LabelledWindows, _options: TrainOptions) -> Settings:
    """Estimate the training trials' mean label, whatever the signals say."""
    return {"": np.tile(training.mean_label(), (len(test), 1))}


def nearest_neighbours(training: LabelledWindows, test: LabelledWindows, _options: TrainOptions) -> Settings:
    """Estimate the mean label of the k nearest training windows, of all where these are fewer.

    Distance: Euclidean on standardised features; every modality counts the same.
    """
    chosen = balanced(training)
    inputs = vectors(chosen, test, "relative")
    weights = np.concatenate([np.full(size, size**-0.5) for size in inputs.sizes])
    return _neighbour_means(inputs.training * weights, chosen.labels, inputs.test * weights)


def ridge(training: LabelledWindows, test: LabelledWindows, _options: TrainOptions) -> Settings:
    """Regress the labels' centred log-ratios on the features, with a penalty on the weights' squares.

    ``clr(d) = ln d - mean(ln d)`` [1]_; the estimate is the softmax of what the regression says.

    References
    ----------
    .. [1] Aitchison, The Statistical Analysis of Compositional Data, 1986.
    """
    chosen = balanced(training)
    inputs = vectors(chosen, test, "relative")
    logs = np.log(np.maximum(chosen.labels.astype(np.float64), _SMALLEST))
    ratios = logs - logs.mean(1, keepdims=True)
    centre, middle = inputs.training.mean(0), ratios.mean(0)
    left, singular, right = np.linalg.svd(inputs.training - centre, full_matrices=False)
    turned = left.T @ (ratios - middle)
    made = {}
    for penalty in _PENALTIES:
        weights = right.T @ (turned * (singular / (singular**2 + penalty))[:, None])
        made[f"penalty {penalty:g}"] = _softmax((inputs.test - centre) @ weights + middle)
    return made


def condition(training: LabelledWindows, test: LabelledWindows, _options: TrainOptions) -> Settings:
    """Classify the condition, and mix the conditions' mean training labels by how likely each is.

    Linear discriminant analysis whose within-class covariance is shrunken to a multiple of the identity
    ``(1 - a) S + a tr(S) / p I`` [1]_; all conditions are equally likely beforehand.

    References
    ----------
    .. [1] Friedman, Regularized Discriminant Analysis, JASA 84, 1989.
    """
    chosen = balanced(training)
    inputs = vectors(chosen, test, "relative")
    names, place = np.unique(chosen.conditions(), return_inverse=True)
    of = [place == number for number in range(len(names))]
    means = np.stack([inputs.training[rows].mean(0) for rows in of])
    labels = np.stack([chosen.labels[rows].mean(0) for rows in of])
    within = inputs.training - means[place]
    covariance = within.T @ within / len(within)
    level = max(float(np.trace(covariance)) / len(covariance), 1e-9)
    made = {}
    for share in _SHRUNKEN:
        shrunken = (1 - share) * covariance + share * level * np.eye(len(covariance))
        directions = np.linalg.solve(shrunken, means.T)
        logits = inputs.test @ directions - 0.5 * np.einsum("kp,pk->k", means, directions)
        made[f"covariance shrunken by {share:g}"] = np.asarray(_softmax(logits) @ labels, np.float32)
    return made


def _softmax(logits: NDArray[np.float64]) -> Float:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float32)


def _neighbour_means(reference: Vectors, labels: Float, queries: Vectors) -> Settings:
    squares = (reference**2).sum(1)
    parts: dict[int, list[Float]] = {k: [] for k in _NEIGHBOURS}
    largest = min(max(_NEIGHBOURS), len(reference))
    for start in range(0, len(queries), _ROWS):
        distance = squares - 2 * queries[start : start + _ROWS] @ reference.T
        nearest = np.argpartition(distance, largest - 1, axis=1)[:, :largest]
        order = np.argsort(np.take_along_axis(distance, nearest, 1), axis=1, kind="stable")
        nearest = np.take_along_axis(nearest, order, 1)
        for k in _NEIGHBOURS:
            parts[k].append(labels[nearest[:, :k]].mean(1))
    return {f"{k} neighbours": np.concatenate(part) for k, part in parts.items()}
