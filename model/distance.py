"""How far a modality's features lie from the training data, and whether an estimate may rest on them; without torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from model.header import Header

Float = NDArray[np.float32]

#: Tensors of a checkpoint, for each modality.
TENSORS: Final = ("distance.{}.whitening", "distance.{}.limit")
#: Standardised features are cut here, as the network cuts them: it is shown no more of an absurd value either.
CLIP: Final = 5.0


@dataclass(frozen=True)
class Distance:
    """Mahalanobis' distance from the training windows, in multiples of the limit.

    ``sqrt(mean((W z)^2)) / limit`` with z the standardised features, cut at ±5, and ``W^T W`` the inverse of their
    shrunken correlation over the training windows (Lee et al., NeurIPS 2018, take such a distance in a network's last
    layer; here it is taken of what goes in, since a network may well map the strange onto the familiar).
    """

    centre: Float
    """``(2, *shape)``."""
    scale: Float
    whitening: Float
    """W ``(n_features, n_features)``."""
    limit: float
    """The distance that 99 % of the validation participants' windows keep within, and room for others."""

    def __call__(self, features: Float) -> Float:
        """Return the distance ``(n,)`` of rows of features ``(n, 2, *shape)``; above 1 is unlike the training data.

        A row's distance is the same bits whatever its neighbours: it is a product of its own.
        """
        whitened = self.whitening.astype(np.float64) @ self.standardised(features)[:, :, np.newaxis]
        return np.asarray(np.sqrt((whitened**2).mean((1, 2))) / self.limit, np.float32)

    def standardised(self, features: Float) -> NDArray[np.float64]:
        """Return z ``(n, n_features)`` of features ``(n, 2, *shape)``."""
        standard = (features.astype(np.float64) - self.centre) / self.scale
        return np.asarray(standard.clip(-CLIP, CLIP).reshape(len(features), self.centre.size))


def read_distances(path: Path, header: Header) -> dict[str, Distance]:
    """Read the distance of each modality from a checkpoint, whose shapes `read_header` has checked."""
    with safe_open(path, framework="np") as file:
        found = {}
        for name in header.modalities:
            centre, scale = (file.get_tensor(f"normalisation.{name}.{part}") for part in ("centre", "scale"))
            whitening, limit = (file.get_tensor(tensor.format(name)) for tensor in TENSORS)
            found[name] = Distance(centre, scale, whitening, float(limit))
    return found
