"""Labelled feature windows: what every data set becomes before a model sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Bool = NDArray[np.bool_]
Names = NDArray[np.str_]
Times = NDArray[np.float64]


@dataclass(frozen=True)
class LabelledWindows:
    """Feature windows of several participants, each with a distribution over emotions."""

    emotions: tuple[str, ...]
    features: dict[str, Float]
    """Modality -> ``(n_windows, 2, *shape)``; zeros where missing."""
    present: Bool
    """``(n_windows, n_modalities)``, columns as `features`."""
    labels: Float
    """``(n_windows, n_emotions)``; each row sums to 1."""
    subject: Names
    """Participant of each window ``(n_windows,)``."""
    trial: Names
    """Trial of each window ``(n_windows,)``; names are unique within a participant. What stands after the last ``/`` is
    the condition, which several participants may share."""
    ends: Times
    """Where each window ends ``(n_windows,)`` (s), on a clock of the participant's own."""
    hop_s: float
    description: str
    """One sentence about the data."""
    eeg_channels: tuple[str, ...] = ()
    simulator_version: int | None = None
    family: str = "live"
    """Which definition of the features: ``live``, or ``dmer``, which no session computes."""
    ratings: Float | None = None
    """The raw ratings that the labels were made from ``(n_windows, n_emotions)``; None where there are none."""
    notes: tuple[str, ...] = field(default=())
    """What was repaired or left out, in words."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each modality's features."""
        return {name: array.shape[2:] for name, array in self.features.items()}

    @property
    def subjects(self) -> list[str]:
        """The participants, in order of first appearance."""
        return list(dict.fromkeys(self.subject.tolist()))

    def take(self, chosen: NDArray[Any]) -> "LabelledWindows":
        """Return some of the windows.

        Parameters
        ----------
        chosen : ndarray
            Indices, or a bool for each window.
        """
        return replace(
            self,
            features={name: array[chosen] for name, array in self.features.items()},
            present=self.present[chosen],
            labels=self.labels[chosen],
            subject=self.subject[chosen],
            trial=self.trial[chosen],
            ends=self.ends[chosen],
            ratings=None if self.ratings is None else self.ratings[chosen],
        )

    def of(self, subjects: Sequence[str]) -> "LabelledWindows":
        """Return the windows of some participants."""
        return self.take(np.isin(self.subject, list(subjects)))

    def trial_weights(self) -> NDArray[np.float64]:
        """Return a weight for each window ``(n_windows,)``: every trial weighs the same; they sum to 1."""
        _, group, counts = np.unique(self.groups(), return_inverse=True, return_counts=True)
        weights = 1 / counts[group]
        return np.asarray(weights / weights.sum())

    def groups(self) -> Names:
        """Return participant and trial of each window, as one name ``(n_windows,)``."""
        return np.char.add(np.char.add(self.subject, "/"), self.trial)

    def conditions(self) -> Names:
        """Return the condition of each window ``(n_windows,)``."""
        return np.array([name.rpartition("/")[2] for name in self.trial.tolist()], np.str_)

    def mean_label(self) -> Float:
        """Return the mean label ``(n_emotions,)``, every trial weighing the same."""
        mean = self.trial_weights() @ self.labels.astype(np.float64)
        return np.asarray(mean / mean.sum(), np.float32)


def join(parts: Sequence[LabelledWindows]) -> LabelledWindows:
    """Put the windows of several parts of one data set into one.

    Raises
    ------
    ValueError
        There is no part, or their modalities differ.
    """
    if not parts:
        raise ValueError("no windows to join")
    first = parts[0]
    if any(part.shapes != first.shapes for part in parts):
        raise ValueError("the parts have different modalities or feature shapes")
    return replace(
        first,
        features={name: np.concatenate([part.features[name] for part in parts]) for name in first.features},
        present=np.concatenate([part.present for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        subject=np.concatenate([part.subject for part in parts]),
        trial=np.concatenate([part.trial for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
        ratings=None if first.ratings is None else np.concatenate([_ratings(part) for part in parts]),
        notes=tuple(note for part in parts for note in part.notes),
    )


def _ratings(part: LabelledWindows) -> Float:
    if part.ratings is None:
        raise ValueError("some parts have ratings, others have none")
    return part.ratings
