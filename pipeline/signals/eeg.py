"""EEG: causal band-pass, bad channels, average reference, differential entropy in five bands."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

import numpy as np
from scipy.fft import rfft

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

#: Windows that are measured at once.
AT_ONCE: Final = 8

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
        self._needed = frozenset(self._montage.order.tolist())

    @property
    def state(self) -> FilterState:
        """The filter's state."""
        return self._filter.state

    @state.setter
    def state(self, state: FilterState) -> None:
        self._filter.state = state

    def process(self, samples: Array) -> Conditioned:
        """Return the sources filtered (uV), float32 ``(n_times, n_sources)``; NaN where there was no number.

        The filter needs double precision, what is measured of its result does not.
        """
        usable = finite(samples)
        filtered = self._filter.process(samples, usable).astype(np.float32)
        if usable.all():
            return Conditioned(filtered, np.ones(len(samples), bool))
        filtered[~usable] = np.nan
        return Conditioned(filtered, usable.sum(axis=1) * 2 >= samples.shape[1])

    def reset(self) -> None:
        """Forget the past."""
        self._filter.reset()

    def measure(self, window: Window) -> Measured:
        """Return differential entropy (nats), ``(n_channels, n_bands)``."""
        return self.measure_all([window])[0]

    def measure_all(self, windows: Sequence[Window]) -> list[Measured]:
        """Return the differential entropy of each window; a few at a time, as the processor's cache holds."""
        measured: list[Measured] = []
        for _, alike in groupby(windows, key=lambda window: len(window.times)):
            same = list(alike)
            for first in range(0, len(same), AT_ONCE):
                measured += self._measure(np.stack([window.data.T for window in same[first : first + AT_ONCE]]))
        return measured

    def _measure(self, sources: Array) -> list[Measured]:
        """Measure windows of one length, ``(n_windows, n_sources, n_times)``; no result depends on the others."""
        bad = bad_channels(sources)
        cap = sources[:, self._montage.order]
        for i, channels in enumerate(bad):
            if channels or not self._straight:
                sources[i, list(channels)] = 0.0  # NaN times a weight of 0 would be NaN
                cap[i] = self._montage.weights(frozenset(channels)) @ sources[i]
        cap -= cap.sum(axis=1, keepdims=True) / np.float32(cap.shape[1])
        power = band_powers(cap, self._sfreq)
        values = 0.5 * np.log(2 * math.pi * math.e * np.maximum(power, LEAST_POWER))
        frontal = cap[:, self._frontal]
        swing = (frontal.max(axis=2) - frontal.min(axis=2)).max(axis=1, initial=0.0).tolist()
        highest = np.median(power[:, :, -1], axis=1).tolist()
        return [
            Measured(own, *self._quality(*why))
            for own, why in zip(values, zip(bad, swing, highest, strict=True), strict=True)
        ]

    def _quality(self, bad: dict[int, str], swing: float, highest: float) -> tuple[float, tuple[str, ...]]:
        """Return the quality of a window and why.

        Parameters
        ----------
        bad : dict of int to str
            Its bad sources.
        swing : float
            Largest peak to peak over the forehead (uV).
        highest : float
            The middle channel's power in the highest band (uV^2).
        """
        n_model = len(self._montage.order)
        lost = len(self._montage.missing) + len(self._needed.intersection(bad))
        reasons = self._named(bad)
        if 2 * lost > n_model:
            return 0.0, (*reasons, f"only {n_model - lost} of {n_model} channels are good")
        quality = 1.0 - lost / n_model
        if self._montage.missing:
            reasons.append(f"{len(self._montage.missing)} of {n_model} channels are not in the stream")
        if swing > BLINK_UV:
            quality *= 0.7
            reasons.append("blink or eye movement")
        if highest > MUSCLE_UV**2:
            quality *= 0.5
            reasons.append("muscle activity")
        return quality, tuple(reasons)

    def _named(self, bad: dict[int, str]) -> list[str]:
        """Return why sources are bad, those that are so for the same reason in one sentence."""
        alike: dict[str, list[str]] = {}
        for source, why in bad.items():
            alike.setdefault(why, []).append(self._montage.sources[source])
        every = len(self._montage.sources)
        return [f"{'every channel' if len(names) == every else ', '.join(names)} {why}" for why, names in alike.items()]


def band_powers(signals: Array, sfreq: float) -> Array:
    """Return the power of each signal in each of `family.BANDS`.

    The integral of the periodogram under a Hann window over the band's frequencies: for a Gaussian signal its variance
    within the band, whose differential entropy is ``0.5 ln(2 pi e variance)`` (Duan, Zhu and Lu, NER 2013, 81-84).

    Parameters
    ----------
    signals : Array
        float32 ``(n_windows, n_signals, n_times)``.
    sfreq : float
        Sampling rate (Hz).

    Returns
    -------
    power : Array
        ``(n_windows, n_signals, n_bands)``, the signals' unit squared.
    """
    n_times = signals.shape[-1]
    n_fft = max(n_times, round(sfreq))
    taper, edges = _taper(n_times, n_fft, sfreq)
    centred = signals - signals.sum(axis=-1, keepdims=True) / np.float32(n_times)
    centred *= taper
    # SciPy's transform of float32 takes half the time of NumPy's. It treats the last few rows in another way, so that
    # it gets one window at a time: no result may depend on how many there are.
    spectra = np.stack([rfft(window, n_fft, axis=1)[:, : edges[-1]] for window in centred])
    density = spectra.real**2 + spectra.imag**2
    return np.asarray(np.add.reduceat(density, edges[:-1], axis=-1))


@lru_cache(maxsize=64)
def _taper(n_times: int, n_fft: int, sfreq: float) -> tuple[Array, list[int]]:
    """Return a Hann window, scaled so that summed squares are power, and the bins at which the bands begin and end."""
    taper = np.hanning(n_times + 1)[:-1]
    taper *= math.sqrt(2 / (n_fft * float((taper**2).sum())))
    edges = [BANDS[0][0], *(high for _, high in BANDS)]
    return taper.astype(np.float32), [math.ceil(edge * n_fft / sfreq - 1e-9) for edge in edges]


def bad_channels(sources: Array) -> list[dict[int, str]]:
    """Return for each window, of ``(n_windows, n_sources, n_times)``, the sources that cannot be used, and why."""
    largest = np.maximum(sources.max(axis=-1), -sources.min(axis=-1))
    deviation = _deviations(sources, sources.sum(axis=-1))
    steps = _deviations(sources[..., 1:] - sources[..., :-1], sources[..., -1] - sources[..., 0])
    alive = deviation >= FLAT_UV
    bad = ~(alive & (largest <= LARGE_UV) & (steps <= ROUGH * _middle(steps, alive)))
    if not bad.any():
        return [{} for _ in bad]
    return [
        {int(i): _why(float(largest[window, i]), float(deviation[window, i])) for i in np.flatnonzero(channels)}
        for window, channels in enumerate(bad)
    ]


def _deviations(signals: Array, sums: Array) -> Array:
    """Return the standard deviation of each row of a sum; of what passed a high-pass, whose mean square is small."""
    n_times = signals.shape[-1]
    variance = np.einsum("wct,wct->wc", signals, signals) / n_times - (sums / n_times) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0)))


def _middle(values: Array, counted: Array) -> Array:
    """Return the median of what counts in each row ``(n_rows, 1)``; 0 where nothing does."""
    ordered = np.sort(np.where(counted, values, np.inf), axis=1)
    count = counted.sum(axis=1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[1] - 1), axis=1)
    return np.where(count > 0, (low + high) / 2, 0.0)


def _why(largest: float, deviation: float) -> str:
    if math.isnan(largest):
        return "gave no number"
    if deviation < FLAT_UV:
        return "flat"
    return "railed or loose" if largest > LARGE_UV else "far rougher than the others"
