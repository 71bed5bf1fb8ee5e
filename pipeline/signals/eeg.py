"""EEG: causal band-pass, bad channels, average reference, differential entropy in five bands."""

import math
from functools import lru_cache
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.records import Array
from pipeline.signals.family import BANDS, eeg_spec
from pipeline.signals.filters import CausalFilter, FilterState, band_pass, notches
from pipeline.signals.montage import Montage, canonical
from pipeline.signals.processor import Conditioned, Measured, Window, finite

#: Pass band (Hz).
PASS_HZ: Final = (1.0, 45.0)

#: Below it the band-pass would cut into the highest band (Hz).
LEAST_SFREQ: Final = 100.0

#: A channel whose standard deviation (uV) is smaller is flat.
FLAT_UV: Final = 0.2

#: A channel that reaches this (uV) after the filter is railed, loose or pulled.
LARGE_UV: Final = 500.0

#: A channel whose steps from sample to sample are this many times those of the middle channel is noise. Steps, since
#: blinks make the forehead's channels far stronger than others, but not rougher.
ROUGH: Final = 8.0

#: Peak to peak (uV) over the forehead that only eyes reach.
BLINK_UV: Final = 120.0

#: Standard deviation (uV) within 31-45 Hz, in the middle channel, that only muscles reach.
MUSCLE_UV: Final = 8.0

#: Least band power told apart from none (uV^2).
LEAST_POWER: Final = 1e-4


class EegProcessor:
    """Band-pass 1-45 Hz with mains notches; on windows of 1 s differential entropy per channel and band.

    Channels that are flat, far too large or far rougher than the others in a window are interpolated in it, as those
    that the cap lacks always are. Blinks and muscles lower the quality and stay in.

    Parameters
    ----------
    ch_names : tuple of str
        The stream's channels.
    sfreq : float
        Nominal rate (Hz).
    model : tuple of str
        The model's channels, in its order.
    montage : str
        Name of the montage, as the session file gives it.
    """

    settle_s = 2.0
    absent = "not a number in most channels"

    def __init__(self, ch_names: tuple[str, ...], sfreq: float, model: tuple[str, ...], montage: str) -> None:
        if sfreq < LEAST_SFREQ:
            raise BadInput(
                f"sfreq: EEG at {sfreq:g} Hz does not carry {BANDS[-1][1]:g} Hz; give one of {LEAST_SFREQ:g} Hz or more"
            )
        self.spec = eeg_spec(model)
        self._montage = Montage(ch_names, model, montage)
        self.notices = self._montage.notices()
        self.picks = self._montage.picks
        self._sfreq = sfreq
        self._filter = CausalFilter(np.concatenate([band_pass(sfreq, *PASS_HZ), notches(sfreq)]))
        self._frontal = [i for i, name in enumerate(model) if canonical(name).startswith(("fp", "af"))]
        self._straight = not self._montage.missing

    @property
    def state(self) -> FilterState:
        """The filter's state."""
        return self._filter.state

    @state.setter
    def state(self, state: FilterState) -> None:
        self._filter.state = state

    def process(self, samples: Array) -> Conditioned:
        """Return the sources filtered (uV), ``(n_times, n_sources)``; NaN where there was no number."""
        usable = finite(samples)
        filtered = self._filter.process(samples, usable)
        if usable.all():
            return Conditioned(filtered, np.ones(len(samples), bool))
        return Conditioned(np.where(usable, filtered, np.nan), usable.sum(axis=1) * 2 >= samples.shape[1])

    def reset(self) -> None:
        """Forget the past."""
        self._filter.reset()

    def measure(self, window: Window) -> Measured:
        """Return differential entropy (nats), ``(n_channels, n_bands)``."""
        sources = np.ascontiguousarray(window.data.T)
        bad = _bad_channels(sources)
        if self._straight and not bad:
            cap = sources[self._montage.order]
        else:
            cap = self._montage.weights(frozenset(bad)) @ np.where(np.isfinite(sources), sources, 0.0)
        cap -= cap.mean(axis=0)
        power = band_powers(cap, self._sfreq)
        values = 0.5 * np.log(2 * math.pi * math.e * np.maximum(power, LEAST_POWER))
        return Measured(values, *self._quality(cap, power, bad))

    def _quality(self, cap: Array, power: Array, bad: dict[int, str]) -> tuple[float, tuple[str, ...]]:
        n_model = len(cap)
        lost = len(self._montage.missing) + sum(1 for source in bad if source in self._montage.order)
        reasons = [f"{self._montage.sources[source]} {why}" for source, why in bad.items()]
        if 2 * lost > n_model:
            return 0.0, (*reasons, f"only {n_model - lost} of {n_model} channels are good")
        quality = 1.0 - lost / n_model
        if self._montage.missing:
            reasons.append(f"{len(self._montage.missing)} of {n_model} channels are not in the stream")
        if self._frontal and float(np.ptp(cap[self._frontal], axis=1).max()) > BLINK_UV:
            quality *= 0.7
            reasons.append("blink or eye movement")
        if float(np.median(power[:, -1])) > MUSCLE_UV**2:
            quality *= 0.5
            reasons.append("muscle activity")
        return quality, tuple(reasons)


def band_powers(signals: Array, sfreq: float) -> Array:
    """Return the power of each signal in each of `family.BANDS`.

    The integral of the periodogram under a Hann window over the band's frequencies: for a Gaussian signal its variance
    within the band, whose differential entropy is ``0.5 ln(2 pi e variance)`` (Duan, Zhu and Lu, NER 2013, 81-84).

    Parameters
    ----------
    signals : Array
        ``(n_signals, n_times)``.
    sfreq : float
        Sampling rate (Hz).

    Returns
    -------
    power : Array
        ``(n_signals, n_bands)``, the signals' unit squared.
    """
    n_times = signals.shape[1]
    n_fft = max(n_times, round(sfreq))
    taper, bands = _taper(n_times, n_fft, sfreq)
    spectrum = np.fft.rfft((signals - signals.mean(axis=1, keepdims=True)) * taper, n_fft, axis=1)
    density = spectrum.real**2 + spectrum.imag**2
    return np.stack([density[:, band].sum(axis=1) for band in bands], axis=1)


@lru_cache(maxsize=64)
def _taper(n_times: int, n_fft: int, sfreq: float) -> tuple[Array, tuple[slice, ...]]:
    """Return a Hann window, scaled so that summed squares are power, and the bins of each band."""
    taper = np.hanning(n_times + 1)[:-1]
    taper *= math.sqrt(2 / (n_fft * float((taper**2).sum())))
    edges = [[math.ceil(edge * n_fft / sfreq - 1e-9) for edge in band] for band in BANDS]
    return taper, tuple(slice(low, high) for low, high in edges)


def _bad_channels(sources: Array) -> dict[int, str]:
    """Return the sources that cannot be used in this window, and why."""
    largest = np.abs(sources).max(axis=1)
    deviation, steps = sources.std(axis=1), np.diff(sources, axis=1).std(axis=1)
    alive = deviation >= FLAT_UV
    usual = float(np.median(steps[alive])) if alive.any() else 0.0
    good = alive & (largest <= LARGE_UV) & (steps <= ROUGH * usual)
    return {int(i): _why(float(largest[i]), float(deviation[i])) for i in np.flatnonzero(~good)}


def _why(largest: float, deviation: float) -> str:
    if math.isnan(largest):
        return "gave no number"
    if deviation < FLAT_UV:
        return "flat"
    return "railed or loose" if largest > LARGE_UV else "far rougher than the others"
