"""What EEG, GSR and PPG of the family share: a causal filter, and windows at the rate of the definitions."""

from typing import Final

import msgspec
import numpy as np

from pipeline.errors import BadInput
from pipeline.records import Array
from pipeline.signals.dmer.resampling import HALF, Resampler, ResamplerState
from pipeline.signals.filters import CausalFilter, FilterState
from pipeline.signals.processor import Conditioned, OneByOne, Window, finite

#: A filter that changes nothing.
PASS_ALL: Final = np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])


class DmerState(msgspec.Struct, tag="dmer", eq=False):
    """States of filter and resampler."""

    filter: FilterState
    resampler: ResamplerState


class SteadyProcessor(OneByOne):
    """Filter causally at the stream's rate, then resample.

    A sample that is no number counts as the one before it.

    Parameters
    ----------
    modality : str
        The modality, for what is said.
    sfreq : float
        Nominal rate (Hz).
    least : float
        Lowest rate that carries what is measured (Hz).
    target : float
        Rate of the definition (Hz).
    window_s : float
        Length of a window (s).
    sos : Array
        The filter, ``(n_sections, 6)``.
    settle_s : float
        Seconds after a reset in which it has not settled.

    Raises
    ------
    BadInput
        The rate is too low.
    """

    notices: tuple[str, ...] = ()
    absent = "not a number"

    def __init__(
        self, modality: str, sfreq: float, *, least: float, target: float, window_s: float, sos: Array, settle_s: float
    ) -> None:
        if sfreq < least:
            raise BadInput(
                f"sfreq: {modality} at {sfreq:g} Hz is too slow for the model's features; "
                f"give a stream of {least:g} Hz or more"
            )
        self._n_points = round(window_s * target)
        self._filter = CausalFilter(sos)
        self._resampler = Resampler(round(window_s * sfreq), self._n_points)
        self.settle_s = settle_s + (0.0 if self._resampler.same else 2 * HALF / sfreq)

    @property
    def state(self) -> DmerState:
        """States of filter and resampler."""
        return DmerState(self._filter.state, self._resampler.state)

    @state.setter
    def state(self, state: DmerState) -> None:
        self._filter.state, self._resampler.state = state.filter, state.resampler

    def process(self, samples: Array) -> Conditioned:
        """Return the points that each sample brings, float64 ``(n_times, n_slots * n_picks)``; NaN in empty slots."""
        usable = finite(samples)
        points = self._resampler.process(self._prepare(self._filter.process(samples, usable)))
        return Conditioned(points, usable.sum(axis=1) * 2 >= samples.shape[1])

    def reset(self) -> None:
        """Forget the past."""
        self._filter.reset()
        self._resampler.reset()

    def points(self, window: Window) -> Array:
        """Return a window at the rate of the definition, float64 ``(n_points, n_channels)``."""
        points = np.ascontiguousarray(window.data).reshape(len(window.data) * self._resampler.slots, -1)
        return np.asarray(points[~np.isnan(points[:, 0])][-self._n_points :])

    def _prepare(self, filtered: Array) -> Array:
        """Change what was filtered before it is resampled, sample by sample."""
        return filtered
