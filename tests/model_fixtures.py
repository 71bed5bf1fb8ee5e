"""Made-up labelled windows, small and quick to learn, for the tests of the model."""

from collections.abc import Callable

import numpy as np
import pytest

from model.data.dataset import LabelledWindows
from pipeline.modalities import EEG_CHANNELS, EMOTIONS
from pipeline.signals.family import FEATURES

MakeWindows = Callable[..., LabelledWindows]


@pytest.fixture(scope="session")
def make_windows() -> MakeWindows:
    """Return a function that makes windows whose features follow their labels, the same way for all participants."""

    def make(
        n_subjects: int = 6,
        n_windows: int = 40,
        modalities: tuple[str, ...] = ("EEG", "GSR", "PPG", "Face"),
        seed: int = 0,
    ) -> LabelledWindows:
        rng = np.random.default_rng(seed)
        mixing = {name: np.random.default_rng(99).normal(size=(10, *FEATURES[name].shape)) for name in modalities}
        n = n_subjects * n_windows
        logits = np.repeat(rng.normal(size=(n // 10, 10)), 10, 0)
        labels = np.exp(0.5 * logits)
        labels /= labels.sum(1, keepdims=True)
        features = {}
        for name in modalities:
            clean = np.tensordot(logits, mixing[name], 1)
            features[name] = np.stack([clean, clean], 1) + rng.normal(size=(n, 2, *FEATURES[name].shape))
        return LabelledWindows(
            emotions=EMOTIONS,
            features={name: array.astype(np.float32) for name, array in features.items()},
            present=np.ones((n, len(modalities)), np.bool_),
            labels=labels.astype(np.float32),
            subject=np.repeat([f"S{i}" for i in range(n_subjects)], n_windows),
            trial=np.array([f"t{i % n_windows // 10}" for i in range(n)]),
            ends=np.tile(np.arange(1.0, n_windows + 1), n_subjects),
            hop_s=1.0,
            description="made-up windows for a test",
            eeg_channels=EEG_CHANNELS if "EEG" in modalities else (),
        )

    return make
