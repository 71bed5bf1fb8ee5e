"""The methods that an evaluation compares: each learns from participants and estimates for others."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec
import numpy as np

from model.data.dataset import Float, LabelledWindows
from model.learning.options import TrainOptions
from model.learning.scores import scores
from model.learning.train import estimate, train_network

#: One fold of one method: learn from the first, choose hyper-parameters by the second, estimate for the third; returns
#: distributions ``(len(third), n_emotions)``.
Method: TypeAlias = Callable[[LabelledWindows, LabelledWindows, LabelledWindows, TrainOptions], Float]


def mean_label(
    training: LabelledWindows, _validation: LabelledWindows, test: LabelledWindows, _options: TrainOptions
) -> Float:
    """Estimate the training participants' mean label, whatever the signals say."""
    return np.tile(training.mean_label(), (len(test), 1))


def nearest_neighbours(
    training: LabelledWindows, validation: LabelledWindows, test: LabelledWindows, _options: TrainOptions
) -> Float:
    """Estimate the mean label of the k nearest training windows; k by the validation participants' KL.

    Distance: Euclidean on the normalised features of all modalities; a missing modality is at the centre.
    """
    centre, scale = _statistics(training)
    reference, others = _flatten(training, centre, scale), [_flatten(w, centre, scale) for w in (validation, test)]
    candidates = [k for k in _NEIGHBOURS if k <= len(training)] or [len(training)]
    on_validation = _neighbour_means(reference, training.labels, others[0], candidates)
    best = min(candidates, key=lambda k: float(scores(validation.labels, on_validation[k])["kl"].mean()))
    return _neighbour_means(reference, training.labels, others[1], [best])[best]


def network(
    training: LabelledWindows, validation: LabelledWindows, test: LabelledWindows, options: TrainOptions
) -> Float:
    """Train the network that the options describe, and estimate with it."""
    return estimate(train_network(training, validation, options).network, test)


def _with(**changes: object) -> Method:
    """Return `network` with some of its settings changed: the release, or an ablation."""

    def changed(
        training: LabelledWindows, validation: LabelledWindows, test: LabelledWindows, options: TrainOptions
    ) -> Float:
        settings = msgspec.structs.replace(options.network, **changes)
        return network(training, validation, test, msgspec.structs.replace(options, network=settings))

    return changed


#: Every method by its name in tables.
METHODS: Final[Mapping[str, Method]] = {
    "helo": network,
    "mean-label": mean_label,
    "knn": nearest_neighbours,
    "released": _with(variant="released"),
    "helo/no-cross-attention": _with(cross_attention=False),
    "helo/no-transport": _with(transport="none"),
    "helo/no-label-embedding": _with(label_embedding=False),
    "helo/no-alignment": _with(alignment=0.0),
    "helo/no-correlation": _with(correlation=False),
}

_NEIGHBOURS: Final = (10, 50, 150, 400)
_ROWS = 512


def _statistics(windows: LabelledWindows) -> tuple[dict[str, Float], dict[str, Float]]:
    """Return mean and standard deviation of each modality's features over the windows that have it."""
    there = {name: a[windows.present[:, column]] for column, (name, a) in enumerate(windows.features.items())}
    centre = {name: a.mean(0) if len(a) else np.zeros(a.shape[1:], np.float32) for name, a in there.items()}
    scale = {
        name: np.maximum(a.std(0), 1e-3) if len(a) else np.ones(a.shape[1:], np.float32) for name, a in there.items()
    }
    return centre, scale


def _flatten(windows: LabelledWindows, centre: Mapping[str, Float], scale: Mapping[str, Float]) -> Float:
    """Return one vector a window; a modality counts by the square root of its number of features."""
    parts = []
    for column, (name, array) in enumerate(windows.features.items()):
        flat = ((array - centre[name]) / scale[name]).clip(-5, 5).reshape(len(windows), -1)
        flat = np.where(windows.present[:, column, None], flat, 0)
        parts.append(flat / np.sqrt(flat.shape[1]))
    return np.concatenate(parts, 1).astype(np.float32)


def _neighbour_means(reference: Float, labels: Float, queries: Float, numbers: list[int]) -> dict[int, Float]:
    """Return for each number of neighbours the mean of their labels ``(n_queries, n_emotions)``."""
    squares = (reference**2).sum(1)
    parts: dict[int, list[Float]] = {k: [] for k in numbers}
    largest = max(numbers)
    for start in range(0, len(queries), _ROWS):
        distance = squares - 2 * queries[start : start + _ROWS] @ reference.T
        nearest = np.argpartition(distance, largest - 1, axis=1)[:, :largest]
        order = np.argsort(np.take_along_axis(distance, nearest, 1), axis=1, kind="stable")
        nearest = np.take_along_axis(nearest, order, 1)
        for k in numbers:
            parts[k].append(labels[nearest[:, :k]].mean(1))
    return {k: np.concatenate(part) for k, part in parts.items()}
