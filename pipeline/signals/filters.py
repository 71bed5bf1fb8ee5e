"""Causal filters with a state that is kept across chunks."""

from functools import lru_cache
from typing import Final

import mne
import msgspec
import numpy as np
from scipy.signal import sosfilt, sosfilt_zi

from pipeline.records import Array
from pipeline.signals.processor import finite

#: Mains frequencies (Hz): both are taken out, so that no setting can be wrong.
MAINS: Final = (50.0, 60.0)


@lru_cache(maxsize=64)
def band_pass(sfreq: float, low: float | None, high: float | None, order: int = 2) -> Array:
    """Design a Butterworth band-pass, low-pass (`low` None) or high-pass (`high` None).

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    low, high : float | None
        Edges (Hz), at -3 dB; `high` is lowered to 90 % of the Nyquist frequency where it lies above.
    order : int
        Order of each edge.

    Returns
    -------
    sos : Array
        Second-order sections, float64 ``(n_sections, 6)``.
    """
    return _design(sfreq, low, None if high is None else min(high, 0.45 * sfreq), order)


@lru_cache(maxsize=64)
def notches(sfreq: float) -> Array:
    """Design band-stops of 4 Hz around the mains frequencies that lie below 90 % of the Nyquist frequency.

    Returns
    -------
    sos : Array
        Second-order sections, float64 ``(n_sections, 6)``; none where no mains frequency is recorded.
    """
    sections = [band_stop(sfreq, line - 2, line + 2) for line in MAINS if line + 2 < 0.45 * sfreq]
    return np.concatenate(sections) if sections else np.empty((0, 6))


def band_stop(sfreq: float, low: float, high: float) -> Array:
    """Design a Butterworth band-stop of order 1 with these edges (Hz).

    Returns
    -------
    sos : Array
        Second-order sections, float64 ``(n_sections, 6)``.
    """
    return _design(sfreq, high, low, 1)


def _design(sfreq: float, low: float | None, high: float | None, order: int) -> Array:
    parameters = {"order": order, "ftype": "butter", "output": "sos"}
    design = mne.filter.create_filter(
        None, sfreq, low, high, method="iir", iir_params=parameters, phase="forward", verbose="ERROR"
    )
    return np.asarray(design["sos"], dtype=np.float64)


class FilterState(msgspec.Struct, tag="filter", eq=False):
    """Delay lines and the last finite value of each channel."""

    delays: Array | None = None
    """float64 ``(n_sections, 2, n_channels)``; None before the first sample."""
    held: Array | None = None
    """float64 ``(n_channels,)``."""


class CausalFilter:
    """Filter each channel forward in time.

    The filter starts as if the first sample had lasted for ever, so that an offset makes no step. A sample that is not
    a number counts as the one before it.

    Parameters
    ----------
    sos : Array
        Second-order sections, ``(n_sections, 6)``.
    """

    def __init__(self, sos: Array) -> None:
        self._sos = np.ascontiguousarray(sos)
        self._steady = sosfilt_zi(self._sos)
        self.state = FilterState()

    def process(self, samples: Array, usable: Array | None = None) -> Array:
        """Filter consecutive samples, float64 ``(n_times, n_channels)``.

        Parameters
        ----------
        samples : Array
            ``(n_times, n_channels)``.
        usable : Array | None
            bool ``(n_times, n_channels)``, where samples are numbers; found here when None.
        """
        if not len(samples):
            return samples.copy()
        usable = finite(samples) if usable is None else usable
        samples = samples if usable.all() else self._hold(samples, usable)
        state = self.state
        if state.delays is None:
            state.delays = self._steady[:, :, np.newaxis] * samples[0]
        filtered, state.delays = sosfilt(self._sos, samples, axis=0, zi=state.delays)
        state.held = samples[-1].copy()
        return np.asarray(filtered)

    def reset(self) -> None:
        """Forget the past."""
        self.state = FilterState()

    def _hold(self, samples: Array, usable: Array) -> Array:
        """Put in place of each unusable sample the last usable one of its channel, 0 where there is none."""
        held = np.zeros(samples.shape[1]) if self.state.held is None else self.state.held
        padded = np.concatenate([held[np.newaxis], samples])
        rows = np.where(usable, np.arange(1, len(padded))[:, np.newaxis], 0)
        return np.take_along_axis(padded, np.maximum.accumulate(rows, axis=0), axis=0)
