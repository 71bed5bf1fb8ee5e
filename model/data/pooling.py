"""Longer windows: the mean of the live windows that lie in a stretch of a trial."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows


def pooled(windows: LabelledWindows, window_s: float, hop_s: float) -> LabelledWindows:
    """Return windows of another length, cut inside each trial.

    A window's features are the means over the live windows that end in it and have the modality; its label is their
    mean label. They run from the trial's first live window on, and none looks beyond its end, so that they can be had
    live. A trial that is shorter than one window is one window.

    Parameters
    ----------
    windows : LabelledWindows
        Live windows.
    window_s, hop_s : float
        Length of a window, and seconds from one to the next.
    """
    members = []
    for group in _trials(windows):
        ends = windows.ends[group]
        begin = ends.min() - windows.hop_s
        stops = np.arange(begin + window_s, ends.max() + windows.hop_s / 2, hop_s)
        half = windows.hop_s / 2  # ends are sums of floats: none of them lies near these borders
        cut = [group[(ends > stop - window_s + half) & (ends < stop + half)] for stop in stops] or [group]
        members += [rows for rows in cut if len(rows)]
    return _means(replace(windows, hop_s=hop_s), members)


def whole_trials(windows: LabelledWindows) -> LabelledWindows:
    """Return one window a trial: the mean of its windows. It needs the trial's end, so it cannot be had live."""
    return _means(windows, _trials(windows))


def _trials(windows: LabelledWindows) -> list[NDArray[np.intp]]:
    """Return the rows of each trial, trials in the order in which they first appear."""
    _, first, group = np.unique(windows.groups(), return_index=True, return_inverse=True)
    return [np.flatnonzero(group == number) for number in np.argsort(first)]


def _means(windows: LabelledWindows, members: list[NDArray[np.intp]]) -> LabelledWindows:
    """Return a window for each set of rows; everything that is not a mean is that of its last row."""
    last = windows.take(np.array([rows[-1] for rows in members]))
    features: dict[str, Float] = {}
    present = np.zeros_like(last.present)
    for column, (name, array) in enumerate(windows.features.items()):
        there = windows.present[:, column]
        present[:, column] = [there[rows].any() for rows in members]
        chosen = [rows[there[rows]] for rows in members]
        features[name] = np.stack(
            [array[rows].mean(0) if len(rows) else np.zeros(array.shape[1:], array.dtype) for rows in chosen]
        )
    labels = np.stack([windows.labels[rows].mean(0) for rows in members])
    return replace(last, features=features, present=present, labels=labels)
