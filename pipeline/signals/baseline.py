"""Features relative to the participant's own past."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.signals.family import FeatureSpec

#: Relative values are cut off here (standard deviations).
LIMIT: Final = 5.0

#: Seconds of past at which a relative value has half of its weight.
TRUST_S: Final = 30.0


@dataclass
class BaselineState:
    """Mean and scatter of the windows so far."""

    count: int
    mean: Array
    scatter: Array
    """Sum of squared departures from the mean."""


class Baseline:
    """Say how far a window departs from the participant's windows before it.

    ``clip((x - mean) / max(sd, floor), -5, 5) * s / (s + 30)``, where mean and standard deviation are those of all
    earlier windows with features, ``s`` is the seconds that these windows stand for (their number times the hop, so
    that another hop changes little) and ``floor`` is the feature's own (`FeatureSpec.floors`). Nothing of the future is
    used, so it can run live; the first window is 0 throughout.

    Parameters
    ----------
    spec : FeatureSpec
        The modality's features.
    hop_s : float
        Seconds between windows.

    References
    ----------
    Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962) 419-420.
    """

    def __init__(self, spec: FeatureSpec, hop_s: float) -> None:
        self._hop_s = hop_s
        self._floors = np.array(spec.floors).reshape(spec.shape)
        self.state = BaselineState(0, np.zeros(spec.shape), np.zeros(spec.shape))

    def process(self, values: Array, *, learn: bool = True) -> Array:
        """Return the relative values of a window, then count it as past.

        Parameters
        ----------
        values : Array
            float64, of the features' shape; finite.
        learn : bool
            Count it; False for a window that says nothing of the participant.
        """
        state = self.state
        departure = values - state.mean
        deviation = np.maximum(np.sqrt(state.scatter / max(state.count, 1)), self._floors)
        seconds = state.count * self._hop_s
        limited = np.minimum(np.maximum(departure / deviation, -LIMIT), LIMIT)
        relative = limited * (seconds / (seconds + TRUST_S))
        if learn:
            count = state.count + 1
            mean = state.mean + departure / count
            self.state = BaselineState(count, mean, state.scatter + departure * (values - mean))
        return np.asarray(relative)
