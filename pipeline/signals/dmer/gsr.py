"""GSR: statistics of the level, its steps and its spectrum."""

import math

import numpy as np
from scipy.signal import welch

from pipeline.signals.dmer.features import FEATURES, GSR_HZ
from pipeline.signals.dmer.steady import PASS_ALL, SteadyProcessor
from pipeline.signals.dmer.wave import wave_features
from pipeline.signals.eda import CONTACT_US, LOW_PASS_HZ
from pipeline.signals.filters import band_pass
from pipeline.signals.processor import Measured, Window


class DmerGsrProcessor(SteadyProcessor):
    """Features on windows of 5 s at 4 Hz.

    DMER's recordings were low-passed at 1 Hz before they were stored at 4 Hz. So a stream of 4 Hz is taken as it is,
    and a faster one is low-passed and resampled.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz).
    """

    spec = FEATURES["GSR"]
    picks = (0,)

    def __init__(self, sfreq: float) -> None:
        as_recorded = sfreq <= GSR_HZ
        sos = PASS_ALL if as_recorded else band_pass(sfreq, None, LOW_PASS_HZ, order=3)
        super().__init__(
            "GSR", sfreq, least=GSR_HZ, target=GSR_HZ, window_s=5.0, sos=sos, settle_s=0.0 if as_recorded else 1.0
        )

    def measure(self, window: Window) -> Measured:
        """Return the 28 features of a window (uS)."""
        wave = self.points(window)[:, 0]
        _, density = welch(wave, GSR_HZ, nperseg=len(wave))
        values = np.array([*wave_features(wave), float(density.mean())])
        if float(np.median(wave)) < CONTACT_US:
            return Measured(values, 0.0, (f"no skin contact (below {CONTACT_US:g} uS)",))
        if math.isclose(wave.max(), wave.min(), rel_tol=1e-12):  # resampling rounds
            return Measured(values, 0.2, ("flat",))
        return Measured(values, 1.0)
