"""The whole-session normalization, which cannot run live: for rows of a table that say so."""

from dataclasses import replace

import numpy as np

from model.data.dataset import LabelledWindows

_LIMIT = 5.0
_SMALLEST = 1e-6


def by_session(windows: LabelledWindows) -> LabelledWindows:
    """Return the windows with the second part of their features standardised by the participant's whole data.

    Mean and standard deviation are those of all of the participant's windows that have the modality, the later ones
    included: ``clip((x - mean) / sd, -5, 5)``.
    """
    features = {name: array.copy() for name, array in windows.features.items()}
    for subject in windows.subjects:
        mine = windows.subject == subject
        for column, array in enumerate(features.values()):
            rows = mine & windows.present[:, column]
            if not rows.any():
                continue
            values = array[rows, 0].astype(np.float64)
            scale = np.maximum(values.std(0), _SMALLEST)
            array[rows, 1] = ((values - values.mean(0)) / scale).clip(-_LIMIT, _LIMIT)
    return replace(windows, features=features)
