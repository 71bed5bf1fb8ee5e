"""Fitting the distance from the training data."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows
from model.distance import TENSORS, Distance
from model.network.helo import HeLo
from model.network.released import ReleasedHeLo

#: Share of the validation participants' windows that the limit lets pass, a modality.
COVERED: Final = 0.99
#: How little the correlations between a modality's features are believed: 0 wholly, 1 not at all. How facial actions go
#: together is a habit of the training participants, which others need not have.
_SHRINKAGE: Final = {"EEG": 0.5, "Face": 1.0}
_SHRINKAGE_OTHERS: Final = 0.4
#: The limit for a modality that no window has: whatever comes of it is unlike what was learned from.
_ALL_UNLIKE: Final = 1e-6


def fit_distances(
    network: HeLo | ReleasedHeLo, training: LabelledWindows, validation: LabelledWindows
) -> dict[str, Distance]:
    """Return the distance of each modality.

    Parameters
    ----------
    network : HeLo or ReleasedHeLo
        Trained; its normalisation standardises the features.
    training, validation : LabelledWindows
        The correlations are those of the training windows; the validation participants' set the limit.
    """
    found = {}
    for column, (name, array) in enumerate(training.features.items()):
        state = network.normalisation[name].state_dict()
        centre, scale = (np.asarray(state[part].cpu().numpy()) for part in ("centre", "scale"))
        known = array[training.present[:, column]]
        held_out = validation.features[name][validation.present[:, column]]
        plain = Distance(centre, scale, np.eye(centre.size, dtype=np.float32), 1.0)
        whitening = _whitening(plain.standardised(known), _SHRINKAGE.get(name, _SHRINKAGE_OTHERS))
        unscaled = replace(plain, whitening=whitening)
        limit = _limit(unscaled(held_out if len(held_out) else known), len(validation.subjects))
        found[name] = replace(unscaled, limit=limit)
    return found


def distance_tensors(distances: dict[str, Distance]) -> dict[str, Float]:
    """Return what a checkpoint keeps of distances, by tensor name."""
    return {
        tensor.format(name): np.asarray(value, np.float32)
        for name, distance in distances.items()
        for tensor, value in zip(TENSORS, (distance.whitening, distance.limit), strict=True)
    }


def _limit(distances: Float, n_participants: int) -> float:
    """Return the limit: n participants bound the next one in n of n + 1 cases only, so that few leave more room."""
    if not len(distances):
        return _ALL_UNLIKE
    return float(np.quantile(distances, COVERED)) * (1 + 1 / n_participants)


def _whitening(standard: NDArray[np.float64], shrinkage: float) -> Float:
    """Return W with ``W^T W`` the inverse of the covariance of rows ``(n, n_features)``, shrunk to the identity."""
    identity = np.eye(standard.shape[1])
    covariance = standard.T @ standard / max(1, len(standard))
    return np.linalg.inv(np.linalg.cholesky((1 - shrinkage) * covariance + shrinkage * identity)).astype(np.float32)
