"""From the pipeline's feature windows to arrays."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Bool, Float
from pipeline.modalities import Modality
from pipeline.records import FeatureWindow
from pipeline.signals.family import FEATURES


def stack(
    windows: Iterable[FeatureWindow], modalities: Sequence[Modality]
) -> tuple[NDArray[np.float64], dict[str, Float], Bool]:
    """Join the windows of all modalities by tick.

    Parameters
    ----------
    windows : iterable of FeatureWindow
        As `pipeline.signals.offline.extract` gives them.
    modalities : sequence of str
        Columns of `present`.

    Returns
    -------
    ends : ndarray
        Time of each tick ``(n_ticks,)`` (s).
    features : dict
        Modality -> ``(n_ticks, 2, *shape)``, zeros where missing.
    present : ndarray
        ``(n_ticks, n_modalities)``, bool.
    """
    by_tick: dict[int, dict[str, FeatureWindow]] = {}
    for window in windows:
        by_tick.setdefault(window.tick, {})[window.modality] = window
    ticks = sorted(by_tick)
    ends = np.array([next(iter(by_tick[tick].values())).end for tick in ticks], np.float64)
    features: dict[str, Float] = {
        name: np.zeros((len(ticks), 2, *FEATURES[name].shape), np.float32) for name in modalities
    }
    present = np.zeros((len(ticks), len(modalities)), np.bool_)
    for row, tick in enumerate(ticks):
        for column, name in enumerate(modalities):
            made = by_tick[tick].get(name)
            if made is not None and np.isfinite(made.features).all():
                features[name][row] = made.features
                present[row, column] = True
    return ends, features, present
