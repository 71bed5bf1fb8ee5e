"""Inference: numpy in, numpy out, in passes of one fixed size."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from model.abstention import abstentions
from model.distance import Distance, read_distances
from model.header import MEAN_LABEL, Header, model_hash, pattern
from model.learning.checkpoint import load_network
from model.network.helo import HeLo
from model.network.released import ReleasedHeLo
from pipeline.errors import BadInput

Float = NDArray[np.float32]

#: Rows of the call that one forward pass takes. More cost less each offline, and a single one more live: on one core
#: 1.2 ms a row in a full pass, 6 ms alone.
ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of n rows."""

    distribution: Float
    """Shares ``(n, n_emotions)``; each row sums to 1."""
    low: Float
    high: Float
    """90 % interval of each share ``(n, n_emotions)``."""
    weights: Float
    """Share of each modality in the estimate ``(n, n_modalities)``: how far the distribution moves (total variation)
    when that modality is left out, over the sum of these; a row sums to 1, or is 0 when none moves it."""
    distance: Float
    """Distance of each modality from the training data ``(n, n_modalities)``, in multiples of the limit; NaN where it
    is missing."""
    abstained: NDArray[np.bool_]
    """``(n,)``; an abstained row is the mean label, with the mean label's interval."""
    reasons: list[str]
    """Why, in words (`model.abstention`); empty when nothing is amiss."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model made one row's estimate of; beside weights and distances in `Prediction`."""

    plan: Float | None
    """Transport plan between the tokens of the physiological (rows) and of the behavioural representation (columns),
    ``(n_tokens, n_tokens)``, 1 in sum; None for a model without transport."""
    carried: float
    """How much of the physiological tokens is carried over by the plan; of the model, the same for every row: 1 is all
    of them, 0 that there is no transport."""
    correlation: Float
    """Learned correlation of the labels ``(n_emotions, n_emotions)``; of the model, the same for every row."""


class Predictor:
    """A trained model, ready to estimate; made by `Predictor.load`, of what `load_network` and others have read.

    One forward pass is `ROWS` rows of the call, each with all its modalities and with each modality left out, whether
    it was there or not; what is missing of `ROWS` is rows without any modality. So every pass has the same size, and
    the same bits come out for a row, whatever its place and whatever else the call holds, live and offline.
    """

    def __init__(
        self,
        network: HeLo | ReleasedHeLo,
        header: Header,
        distances: Mapping[str, Distance],
        digest: str,
        device: str,
    ) -> None:
        # One thread: what this network needs, and how the same bits come out on any number of cores.
        torch.set_num_threads(1)
        self.header = header
        self.model_hash = digest
        self.device = device
        self._network = network.to(device).eval()
        self._distances = distances
        self._prior = np.asarray(header.mean_label, np.float32)
        # One row's variants: the whole row, and without each modality.
        self._masks = ~np.eye(1 + len(header.modalities), len(header.modalities), -1, dtype=np.bool_)

    @classmethod
    def load(cls, path: Path, device: str = "auto") -> "Predictor":
        """Load a checkpoint.

        Parameters
        ----------
        path : Path
            A .safetensors file.
        device : {"auto", "cuda", "mps", "cpu"}
            Where to run; ``auto`` takes the first of the three that is there.

        Raises
        ------
        BadInput
            The file is no model of helo's, or the device is not there.
        """
        chosen = choose_device(device)
        network, header = load_network(path)
        return cls(network, header, read_distances(path, header), model_hash(path), chosen)

    def warm_up(self) -> None:
        """Run one estimate, so that the first real one is as fast as the others."""
        self.predict(self.typical(), np.ones((1, len(self.header.modalities)), np.bool_))

    def typical(self) -> dict[str, Float]:
        """Return one row of features from the middle of the training data, ``(1, 2, *shape)`` for each modality."""
        return {name: distance.centre[np.newaxis] for name, distance in self._distances.items()}

    def predict(self, features: Mapping[str, Float], present: NDArray[np.bool_]) -> Prediction:
        """Estimate distributions.

        Parameters
        ----------
        features : mapping of str to ndarray
            Modality -> ``(n, 2, *shape)``. A modality that no row has may be left out; where `present` is False the
            content, NaN included, is not looked at.
        present : ndarray
            ``(n, n_modalities)``, bool, columns as the header's modalities.

        Raises
        ------
        ValueError
            A shape is wrong, or a present row holds a value that is not finite.
        """
        arrays = self._checked(features, present)
        n_rows = len(present)
        distribution = np.tile(self._prior, (n_rows, 1))
        half = np.tile(np.asarray(self.header.intervals[MEAN_LABEL], np.float32), (n_rows, 1))
        weights = np.zeros((n_rows, len(arrays)), np.float32)
        distance = self._distance(arrays, present)
        reasons = abstentions(self.header, present, distance)
        abstained = np.array([bool(reason) for reason in reasons], np.bool_)
        estimated = np.flatnonzero(~abstained)
        for first in range(0, len(estimated), ROWS):
            rows = estimated[first : first + ROWS]
            variants = self._pass({name: array[rows] for name, array in arrays.items()}, present[rows])
            distribution[rows] = variants[:, 0]
            moved = np.abs(variants[:, 1:] - variants[:, :1]).sum(2)
            total = moved.sum(1, keepdims=True)
            weights[rows] = np.divide(moved, total, out=np.zeros_like(moved), where=total > 0)
        for row in estimated:
            names = [name for name, there in zip(self.header.modalities, present[row], strict=True) if there]
            half[row] = self.header.intervals[pattern(names)]
        low, high = np.maximum(distribution - half, 0), np.minimum(distribution + half, 1)
        return Prediction(distribution, low, high, weights, distance, abstained, reasons)

    def explain(self, features: Mapping[str, Float], present: NDArray[np.bool_]) -> Explanation:
        """Say what the estimate of one row is made of; costs a forward pass, so that it is for whoever asks.

        Parameters
        ----------
        features, present : mapping of str to ndarray, ndarray
            As `predict` takes them, of one row.

        Raises
        ------
        ValueError
            As `predict`, or there is not one row.
        """
        arrays = self._checked(features, present)
        if len(present) != 1:
            raise ValueError(f"one row is explained at a time, not {len(present)}")
        batch = {name: torch.from_numpy(array).to(self.device) for name, array in arrays.items()}
        with torch.inference_mode():
            output = self._network(batch, torch.from_numpy(present).to(self.device))
        correlation = np.asarray(output.correlation.cpu().numpy())
        if output.plan is None:
            return Explanation(None, 0.0, correlation)
        carried = self._network.carried.item() if isinstance(self._network, HeLo) else 1.0  # the release carries all
        return Explanation(np.asarray(output.plan[0].cpu().numpy()), carried, correlation)

    def _distance(self, arrays: Mapping[str, Float], present: NDArray[np.bool_]) -> Float:
        """Return how far each modality that is there lies from the training data ``(n, n_modalities)``."""
        found = np.full(present.shape, np.nan, np.float32)
        for column, (name, array) in enumerate(arrays.items()):
            there = present[:, column]
            found[there, column] = self._distances[name](array[there])
        return found

    def _pass(self, rows: Mapping[str, Float], present: NDArray[np.bool_]) -> Float:
        """Return each row's distribution and those with each modality left out, ``(n_rows, 1 + n_modalities, K)``."""
        n_rows, n_variants = len(present), len(self._masks)
        mask = np.zeros((ROWS, n_variants, present.shape[1]), np.bool_)
        mask[:n_rows] = self._masks & present[:, np.newaxis]
        batch = {}
        for name, array in rows.items():
            padded = np.zeros((ROWS, n_variants, *array.shape[1:]), np.float32)
            padded[:n_rows] = array[:, np.newaxis]
            batch[name] = torch.from_numpy(padded).flatten(0, 1).to(self.device)
        with torch.inference_mode():
            shares = self._network(batch, torch.from_numpy(mask).flatten(0, 1).to(self.device)).log_shares.exp()
            shares = shares / shares.sum(1, keepdim=True)
        return np.asarray(shares.cpu().numpy()).reshape(ROWS, n_variants, -1)[:n_rows]

    def _checked(self, features: Mapping[str, Float], present: NDArray[np.bool_]) -> dict[str, Float]:
        """Return every modality's array; one that no row has is zeros."""
        n_modalities = len(self.header.modalities)
        if present.ndim != 2 or present.shape[1] != n_modalities:
            raise ValueError(f"present has shape {present.shape}, not (n, {n_modalities})")
        arrays = {}
        for column, (name, modality) in enumerate(self.header.modalities.items()):
            shape = (len(present), 2, *modality.shape)
            there = present[:, column]
            if name not in features:
                if there.any():
                    raise ValueError(f"{name} is present but has no features")
                arrays[name] = np.zeros(shape, np.float32)
                continue
            array = np.asarray(features[name], np.float32)
            if array.shape != shape:
                raise ValueError(f"features of {name} have shape {array.shape}, not {shape}")
            if not np.isfinite(array[there]).all():
                raise ValueError(f"features of {name} are not finite in a row where {name} is present")
            arrays[name] = array
        return arrays


def choose_device(device: str) -> str:
    """Return the device to run on.

    Raises
    ------
    BadInput
        The device is unknown or not there.
    """
    there = devices()
    if device == "auto":
        return there[0]
    if device not in there:
        raise BadInput(f"device: {device!r} is not there; choose auto or one of {', '.join(there)}")
    return device


def devices() -> tuple[str, ...]:
    """Return the devices that are there, the one that ``auto`` means first."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return tuple(name for name, available in there.items() if available)
