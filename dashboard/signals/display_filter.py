"""The filter that makes EEG readable on the screen; no model ever sees what comes out of it."""

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi

from dashboard.signals.choice import PASS_HZ
from pipeline.records import Array


class DisplayFilter:
    """Band-pass samples that come in chunks; what is no number counts as the last number of its channel.

    Parameters
    ----------
    sfreq : float
        Sampling rate (Hz).
    """

    def __init__(self, sfreq: float) -> None:
        self._sos = butter(2, [PASS_HZ[0], min(PASS_HZ[1], 0.45 * sfreq)], "bandpass", fs=sfreq, output="sos")
        self.reset()

    def process(self, samples: Array) -> Array:
        """Return float32 ``(n_times, n_channels)`` for as many samples; NaN where there was no number."""
        usable = np.isfinite(samples)
        if self._held is None:
            self._held = np.where(usable.any(axis=0), samples[usable.argmax(axis=0), range(samples.shape[1])], 0.0)
            self._delays = sosfilt_zi(self._sos)[:, :, np.newaxis] * self._held
        padded = np.concatenate([self._held[np.newaxis], samples])
        rows = np.where(usable, np.arange(1, len(padded))[:, np.newaxis], 0)
        whole = np.take_along_axis(padded, np.maximum.accumulate(rows, axis=0), axis=0)
        filtered, self._delays = sosfilt(self._sos, whole, axis=0, zi=self._delays)
        self._held = whole[-1]
        return np.where(usable, filtered, np.nan).astype(np.float32)

    def reset(self) -> None:
        """Begin a segment."""
        self._held: Array | None = None
        self._delays: Array | None = None
