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
from pipeline.signals.electrodes import Judged, alone, judge
from pipeline.signals.family import BANDS, eeg_spec
from pipeline.signals.filters import CausalFilter, FilterState, band_pass, notches
from pipeline.signals.montage import Montage, canonical
from pipeline.signals.processor import Conditioned, Measured, Unexplained, Window, finite

#: Pass band (Hz).
PASS_HZ: Final = (1.0, 45.0)

#: Below it the band-pass would cut into the highest band (Hz).
LEAST_SFREQ: Final = 100.0

#: Peak to peak (uV) over the forehead that only eyes reach.
BLINK_UV: Final = 120.0

#: Where the middle channel swings by this share of what the forehead does, it is not the eyes but the whole cap.
WHOLE_CAP: Final = 0.6

#: Standard deviation (uV) within 31-45 Hz that only muscles reach, in this share of the channels: those of the jaw and
#: the neck lie under the edge of the cap, often of one side.
MUSCLE_UV: Final = 5.0
MUSCLE_SHARE: Final = 0.25

#: What spoils the whole cap, and what the quality is then multiplied by.
EYES: Final = "blink or eye movement"
MOVEMENT: Final = "movement"
MUSCLES: Final = "muscle activity"
ARTEFACTS: Final = {EYES: 0.7, MOVEMENT: 0.7, MUSCLES: 0.5}

#: Windows that are measured at once.
AT_ONCE: Final = 8

#: Least band power told apart from none (uV^2).
LEAST_POWER: Final = 1e-4


class EegProcessor(Unexplained):
    """Band-pass 1-45 Hz with mains notches; on windows of 1 s differential entropy per channel and band.

    Channels that `electrodes.judge` finds bad in a window are interpolated in it, as those that the cap lacks always
    are. Blinks and muscles lower the quality and stay in.

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
        """Return the sources filtered, then as they came (uV), float32 ``(n_times, 2 n_sources)``.

        NaN where there was no number. The filter needs double precision, what is measured of its result does not.
        """
        usable = finite(samples)
        n_sources = samples.shape[1]
        columns = np.empty((len(samples), 2 * n_sources), np.float32)
        columns[:, :n_sources] = self._filter.process(samples, usable)
        if usable.all():
            columns[:, n_sources:] = samples
            return Conditioned(columns, np.ones(len(samples), bool))
        columns[:, n_sources:] = np.where(usable, samples, np.nan)
        columns[:, :n_sources][~usable] = np.nan
        return Conditioned(columns, usable.sum(axis=1) * 2 >= n_sources)

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

    def _measure(self, columns: Array) -> list[Measured]:
        """Measure windows of one length, ``(n_windows, 2 n_sources, n_times)``; no result depends on the others."""
        n_sources = len(self._montage.sources)
        sources = columns[:, :n_sources]
        judged = judge(sources, columns[:, n_sources:], self._sfreq)
        cap = sources[:, self._montage.order]
        for i, (bad, _) in enumerate(judged):
            if bad or not self._straight:
                sources[i, list(bad)] = 0.0  # NaN times a weight of 0 would be NaN
                cap[i] = self._montage.weights(frozenset(bad)) @ sources[i]
        cap -= cap.sum(axis=1, keepdims=True) / np.float32(cap.shape[1])
        power = band_powers(cap, self._sfreq)
        values = 0.5 * np.log(2 * math.pi * math.e * np.maximum(power, LEAST_POWER))
        artefacts = self._artefacts(cap, power[:, :, -1])
        return [
            Measured(own, *self._quality(electrodes, what), bad=self._bad(electrodes))
            for own, electrodes, what in zip(values, judged, artefacts, strict=True)
        ]

    def _artefacts(self, cap: Array, highest: Array) -> list[tuple[str, ...]]:
        """Return what spoils the whole cap in each window ``(n_windows, n_model, n_times)``.

        `highest` is the power in the highest band (uV^2), ``(n_windows, n_model)``.
        """
        frontal = cap[:, self._frontal]
        swings = (frontal.max(axis=2) - frontal.min(axis=2)).max(axis=1, initial=0.0).tolist()
        from_top = math.ceil(MUSCLE_SHARE * highest.shape[1])
        muscles = np.partition(highest, -from_top, axis=1)[:, -from_top].tolist()
        found: list[tuple[str, ...]] = []
        for own, swing, muscle in zip(cap, swings, muscles, strict=True):
            said: tuple[str, ...] = ()
            if swing > BLINK_UV:
                everywhere = float(np.median(np.ptp(own, axis=1))) > WHOLE_CAP * swing
                said = (MOVEMENT if everywhere else EYES,)
            found.append((*said, MUSCLES) if muscle > MUSCLE_UV**2 else said)
        return found

    def _quality(self, judged: Judged, artefacts: tuple[str, ...]) -> tuple[float, tuple[str, ...]]:
        """Return the quality of a window and why."""
        n_model = len(self._montage.order)
        lost = len(self._montage.missing) + len(self._needed.intersection(judged.bad))
        reasons = [*self._named(judged.bad), *judged.common] if judged.bad or judged.common else []
        if 2 * lost > n_model:
            return 0.0, (*reasons, f"only {n_model - lost} of {n_model} channels are good")
        if self._montage.missing:
            reasons.append(f"{len(self._montage.missing)} of {n_model} channels are not in the stream")
        quality = 1.0 - lost / n_model
        for one in artefacts:
            quality *= ARTEFACTS[one]
        return quality, (*reasons, *artefacts)

    def _bad(self, judged: Judged) -> dict[str, str]:
        """Return the bad sources by name."""
        return {self._montage.sources[source]: alone(why) for source, why in judged.bad.items()}

    def _named(self, bad: dict[int, str]) -> list[str]:
        """Return why sources are bad, those that are so for the same reason in one sentence."""
        alike: dict[str, list[str]] = {}
        for source, why in bad.items():
            alike.setdefault(why, []).append(self._montage.sources[source])
        every = len(self._montage.sources)
        return [
            why.format("every channel" if len(names) == every else ", ".join(names)) for why, names in alike.items()
        ]


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
