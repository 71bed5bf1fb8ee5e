"""Pulse wave (PPG, BVP): heart rate three ways, variability, amplitude and shape."""

import math
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np
from scipy.signal import find_peaks

from pipeline.errors import BadInput
from pipeline.records import Array
from pipeline.signals.family import PPG
from pipeline.signals.filters import CausalFilter, FilterState, band_pass
from pipeline.signals.held import cut_off, longest_hold, repeats
from pipeline.signals.processor import Conditioned, Measured, OneByOne, Window, finite

#: Pass band (Hz): the pulse wave and its harmonics.
PASS_HZ: Final = (0.5, 8.0)

#: Shortest and longest beat (s): 180 and 40 beats a minute.
BEAT_S: Final = (1 / 3, 1.5)

#: Windows are thinned to about this rate (Hz).
MEASURE_HZ: Final = 64.0

#: Said of a window with too few beats: a common standard deviation of beats (s), and amplitude variation.
TYPICAL_IBI_SD_S: Final = 0.05
TYPICAL_VARIATION: Final = 0.2


#: Share of samples at an end of the device's range with which the wave is cut off, and of equal samples in a row with
#: which it is flat.
CUT_OFF: Final = 0.1
STILL: Final = 0.5

#: A pulse wave stays below this many of its standard deviations, and none of its seconds is this many times as strong
#: as the middle one; a movement does not.
PEAK: Final = 4.0
UNEVEN: Final = 2.5


class PpgProcessor(OneByOne):
    """Band-pass 0.5-8 Hz, features on windows of 5 s.

    The heart rate comes from the autocorrelation, from the spectrum and from single beats; the first two need no beat
    to be found, so that a noisy window still has a rate, and their agreement makes the quality.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz).
    """

    spec = PPG
    settle_s = 2.0
    absent = "not a number"
    notices: tuple[str, ...] = ()
    picks = (0,)

    def __init__(self, sfreq: float) -> None:
        if sfreq < 20:
            raise BadInput(f"sfreq: PPG at {sfreq:g} Hz is too slow for a pulse wave; give a stream of 20 Hz or more")
        self._filter = CausalFilter(band_pass(sfreq, *PASS_HZ))
        self._step = max(1, int(sfreq / MEASURE_HZ))
        self._rate = sfreq / self._step

    @property
    def state(self) -> FilterState:
        """The filter's state."""
        return self._filter.state

    @state.setter
    def state(self, state: FilterState) -> None:
        self._filter.state = state

    def process(self, samples: Array) -> Conditioned:
        """Return columns band-passed wave and raw for samples ``(n_times, 1)``."""
        usable = finite(samples)
        return Conditioned(np.concatenate([self._filter.process(samples, usable), samples], axis=1), usable[:, 0])

    def reset(self) -> None:
        """Forget the past."""
        self._filter.reset()

    def measure(self, window: Window) -> Measured:
        """Return the features named in `family.PPG`."""
        wave = np.ascontiguousarray(window.data[:: -self._step, 0][::-1])
        wave = wave - wave.mean()
        deviation = float(wave.std())
        if deviation < 1e-6:
            return Measured(_flat(), 0.0, ("flat",))
        wave = wave / deviation
        period, periodicity = _period(wave, self._rate)
        spectral = _spectral_rate(wave, self._rate)
        peaks, _ = find_peaks(wave, distance=max(1.0, 0.6 * period * self._rate), prominence=0.5)
        beats = _beat_times(wave, peaks.tolist(), self._rate)
        values = np.array(
            [
                -math.log(period),
                periodicity,
                math.log(spectral),
                *_variability(beats, 1 / period),
                math.log(deviation),
                math.log(_variation(wave[peaks].tolist()) + 0.01),
                min(max(float((wave * wave * wave).mean()), -3.0), 3.0),
                math.log(float(np.sqrt((np.diff(wave) ** 2).mean())) * self._rate + 0.1),
            ]
        )
        return Measured(values, *self._quality(window, wave, periodicity, 1 / period / spectral))

    def _quality(self, window: Window, wave: Array, periodicity: float, ratio: float) -> tuple[float, tuple[str, ...]]:
        """Return the quality of a window and why; `ratio` is that of the heart rates by two ways."""
        quality = min(max((periodicity - 0.2) / 0.5, 0.0), 1.0)
        if abs(math.log(ratio)) > 0.15:
            quality *= 0.6
        raw = window.data[window.ok, 1]
        if repeats(raw):
            if longest_hold(raw)[0] >= STILL:
                return 0.0, ("flat",)
            if cut_off(raw, CUT_OFF) is not None:
                return min(quality, 0.2), ("railed",)
        if _moved(wave, self._rate):
            return min(quality, 0.4), ("movement",)
        return quality, ("no clear pulse",) if quality < 0.5 else ()


def _flat() -> Array:
    """Return the features of a wave that does not move: a typical rate, no periodicity, least amplitude."""
    spread = math.log(TYPICAL_IBI_SD_S + 0.005)
    return np.array(
        [0.0, 0.0, 0.0, 1.0, spread, spread, math.log(1e-6), math.log(TYPICAL_VARIATION + 0.01), 0.0, math.log(0.1)]
    )


def _period(wave: Array, rate: float) -> tuple[float, float]:
    """Return the beat's period (s) and the autocorrelation there, 0..1.

    Of the autocorrelation's maxima within `BEAT_S`, the first that reaches 85 % of the highest is taken, since twice
    the period correlates as well as the period.
    """
    n_times = len(wave)
    spectrum = _power(wave, 2 * n_times)
    lags = _lags(n_times, rate)
    correlation = np.fft.irfft(spectrum)[: lags[-1] + 2] / np.arange(n_times, n_times - lags[-1] - 2, -1)
    inner = correlation[lags]
    maxima = lags[(inner >= correlation[lags - 1]) & (inner > correlation[lags + 1])]
    if not len(maxima):
        maxima = lags[[int(np.argmax(inner))]]
    heights = correlation[maxima]
    best = int(maxima[np.argmax(heights >= 0.85 * heights.max())]) if heights.max() > 0 else int(maxima[0])
    lag = best + _vertex(*correlation[best - 1 : best + 2].tolist())
    return lag / rate, min(max(float(correlation[best]), 0.0), 1.0)


@lru_cache(maxsize=64)
def _lags(n_times: int, rate: float) -> Array:
    """Return the lags, in samples, that a beat may last."""
    return np.arange(math.floor(BEAT_S[0] * rate), min(math.ceil(BEAT_S[1] * rate), n_times - 2) + 1)


def _spectral_rate(wave: Array, rate: float) -> float:
    """Return the frequency of the strongest spectral line within the range of heart rates (Hz)."""
    n_fft = 4 * len(wave)
    power = _power(wave * _taper(len(wave)), n_fft)
    low, high = math.ceil(n_fft / rate / BEAT_S[1]), math.floor(n_fft / rate / BEAT_S[0])
    best = low + int(np.argmax(power[low : high + 1]))
    return (best + _vertex(*power[best - 1 : best + 2].tolist())) * rate / n_fft


def _power(wave: Array, n_fft: int) -> Array:
    """Return the power spectrum of a wave that is filled up with zeros."""
    spectrum = np.fft.rfft(wave, n_fft)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


@lru_cache(maxsize=64)
def _taper(n_times: int) -> Array:
    return np.hanning(n_times)


def _vertex(before: float, here: float, after: float) -> float:
    """Return where the parabola through three neighbours has its vertex, -0.5..0.5 from the middle one."""
    bend = before - 2 * here + after
    return min(max(0.5 * (before - after) / bend, -0.5), 0.5) if bend < 0 else 0.0


def _beat_times(wave: Array, peaks: list[int], rate: float) -> list[float]:
    """Return when the peaks are (s), between the samples."""
    return [(peak + _vertex(*wave[peak - 1 : peak + 2].tolist())) / rate for peak in peaks]


# A window has a handful of beats: NumPy would take ten times as long.
def _variability(beats: list[float], fallback_rate: float) -> tuple[float, float, float]:
    """Return beat rate (Hz), ln SDNN and ln RMSSD (s) of the beat intervals that a heart can have."""
    intervals = [after - before for before, after in pairwise(beats) if BEAT_S[0] <= after - before <= BEAT_S[1]]
    beat_rate = 1 / median(intervals) if intervals else fallback_rate
    if len(intervals) < 2:
        return beat_rate, math.log(TYPICAL_IBI_SD_S + 0.005), math.log(TYPICAL_IBI_SD_S + 0.005)
    changes = [(after - before) ** 2 for before, after in pairwise(intervals)]
    successive = math.sqrt(sum(changes) / len(changes))
    return beat_rate, math.log(_spread(intervals) + 0.005), math.log(successive + 0.005)


def _variation(heights: list[float]) -> float:
    """Return the coefficient of variation of the pulses' heights."""
    mean = sum(heights) / max(len(heights), 1)
    return _spread(heights) / mean if len(heights) > 2 and mean > 0 else TYPICAL_VARIATION


def _spread(values: list[float]) -> float:
    """Return the standard deviation of some values."""
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _moved(wave: Array, rate: float) -> bool:
    """Return whether something else than a pulse moves a wave of unit deviation."""
    n_times = min(round(rate), len(wave))
    whole = len(wave) // n_times * n_times
    seconds = np.sort(wave[-whole:].reshape(-1, n_times).std(axis=1))
    return float(np.abs(wave).max()) > PEAK or float(seconds[-1]) > UNEVEN * float(seconds[len(seconds) // 2])
