"""EEG: differential entropy in five bands, as DMER's programs compute it."""

import math
from typing import Final

import numpy as np
from scipy.signal.windows import hann

from pipeline.errors import BadInput
from pipeline.records import Array
from pipeline.signals.contact import bad_channels
from pipeline.signals.dmer.features import BANDS, EEG_HZ, FEATURES
from pipeline.signals.dmer.steady import SteadyProcessor
from pipeline.signals.electrodes import alone
from pipeline.signals.filters import band_pass, band_stop
from pipeline.signals.montage import canonical
from pipeline.signals.processor import Measured, Window

#: Pass band, and the stop band around the mains frequency of the place where DMER was recorded (Hz).
PASS_HZ: Final = (1.0, 50.0)
STOP_HZ: Final = (49.0, 51.0)

#: Below it the highest band is not carried (Hz).
LEAST_SFREQ: Final = 128.0

#: The electrode to which all others refer.
REFERENCE: Final = "Pz"

#: Points of a window, and of the transform: what is longer is cut off.
N_POINTS: Final = round(EEG_HZ)
N_FFT: Final = 256

#: Least energy told apart from none.
LEAST_ENERGY: Final = 1e-12

_TAPER: Final = hann(N_POINTS)
_BINS: Final = [(math.floor(low / EEG_HZ * N_FFT), math.floor(high / EEG_HZ * N_FFT)) for low, high in BANDS]
_SHIFT: Final = 0.5 * math.log(2 * math.pi * math.e / round(EEG_HZ / N_FFT))


class DmerEegProcessor(SteadyProcessor):
    """Band-pass 1-50 Hz, band-stop 49-51 Hz, referred to Pz; features on windows of 1 s at 300 Hz.

    Parameters
    ----------
    ch_names : tuple of str
        The stream's channels.
    sfreq : float
        Nominal rate (Hz).
    model : tuple of str
        The model's 18 channels, in its order.

    Raises
    ------
    BadInput
        A channel of the model is missing, or the rate is too low.
    """

    spec = FEATURES["EEG"]
    absent = "not a number in most channels"

    def __init__(self, ch_names: tuple[str, ...], sfreq: float, model: tuple[str, ...]) -> None:
        place = {canonical(name): i for i, name in reversed(list(enumerate(ch_names)))}
        missing = [name for name in model if canonical(name) not in place]
        if missing:
            raise BadInput(
                f"channels: the model takes {len(model)} EEG channels and interpolates none; the stream lacks "
                f"{', '.join(missing)}: rename them by `channels: {{name in the stream: {missing[0]}}}`"
            )
        reference = place.get(canonical(REFERENCE))
        self._n_model = len(model)
        self.picks = [place[canonical(name)] for name in model] + ([] if reference is None else [reference])
        if reference is None:
            self.notices = (f"EEG: no {REFERENCE} in the stream, which is taken as referred to it.",)
        self._names = [ch_names[i] for i in self.picks[: self._n_model]]
        sos = np.concatenate([band_pass(sfreq, *PASS_HZ, order=4), band_stop(sfreq, *STOP_HZ)])
        super().__init__("EEG", sfreq, least=LEAST_SFREQ, target=EEG_HZ, window_s=1.0, sos=sos, settle_s=2.0)

    def measure(self, window: Window) -> Measured:
        """Return differential entropy (nats), ``(18, 5)``."""
        points = self.points(window)
        bad = bad_channels(np.ascontiguousarray(points.T)[np.newaxis], EEG_HZ)[0]
        quality = 1.0 - len(bad) / self._n_model
        reasons = tuple(why.format(self._names[channel]) for channel, why in bad.items())
        named = {self._names[channel]: alone(why) for channel, why in bad.items()}
        return Measured(differential_entropy(points.T), quality if 2 * quality >= 1 else 0.0, reasons, named)

    def _prepare(self, filtered: Array) -> Array:
        """Refer every channel to the reference, where the stream has it."""
        if filtered.shape[1] == self._n_model:
            return filtered
        return filtered[:, : self._n_model] - filtered[:, self._n_model :]


def differential_entropy(signals: Array) -> Array:
    """Return 0.5 ln(mean energy of a band's bins) + 0.5 ln(2 pi e / round(300 / 256)).

    The window is longer than the transform, which therefore sees its first 256 points, under the first 256 of a
    symmetric Hann window of 300.

    Parameters
    ----------
    signals : Array
        float64 ``(n_channels, 300)`` (uV).

    Returns
    -------
    entropy : Array
        ``(n_channels, n_bands)``.
    """
    spectrum = np.fft.rfft(signals * _TAPER, N_FFT, axis=1)
    energy = spectrum.real**2 + spectrum.imag**2
    mean = np.stack([energy[:, low : high + 1].mean(axis=1) for low, high in _BINS], axis=1)
    return np.asarray(0.5 * np.log(np.maximum(mean, LEAST_ENERGY)) + _SHIFT)
