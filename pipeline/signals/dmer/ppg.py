"""PPG: statistics of the band-passed wave, its steps and its spectrum."""

import numpy as np

from pipeline.signals.dmer.features import FEATURES, PPG_HZ
from pipeline.signals.dmer.steady import SteadyProcessor
from pipeline.signals.dmer.wave import wave_features
from pipeline.signals.filters import band_pass
from pipeline.signals.ppg import PASS_HZ, PpgProcessor
from pipeline.signals.processor import Measured, Window


class DmerPpgProcessor(SteadyProcessor):
    """Band-pass 0.5-8 Hz (Butterworth of order 3, forward), features on windows of 5 s at 100 Hz.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz).
    """

    spec = FEATURES["PPG"]
    picks = (0,)

    def __init__(self, sfreq: float) -> None:
        super().__init__(
            "PPG", sfreq, least=20.0, target=PPG_HZ, window_s=5.0, sos=band_pass(sfreq, *PASS_HZ, order=3), settle_s=2.0
        )
        self._judge = PpgProcessor(PPG_HZ)

    def measure(self, window: Window) -> Measured:
        """Return the 27 features of a window (the device's unit), with the quality of the live family."""
        points = self.points(window)
        ok, times = np.ones(len(points), bool), np.arange(len(points)) / PPG_HZ
        # The wave stands for the raw samples too, which are not kept: no range is looked for.
        judged = self._judge.measure(Window(np.repeat(points, 2, axis=1), ok, times))
        return Measured(wave_features(points[:, 0]), judged.quality, judged.reasons)
