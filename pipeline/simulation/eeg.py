"""Simulated EEG: rhythms of a few sources over a coloured background, with what spoils EEG in life.

Rhythms are second-order autoregressive resonators driven by noise (a classic model of alpha: Zetterberg 1969), spread
over the cap as Gaussian bumps. Their logarithmic amplitudes follow the body's drives by `EFFECTS`, in kind after:
frontal alpha asymmetry and valence (Davidson 1992; Coan and Allen 2004), posterior alpha falling with arousal (Barry et
al. 2007), frontal midline theta rising with effort and anxiety (Cavanagh and Shackman 2015), temporal beta and muscle
activity rising with threat and arousal (Goncharova et al. 2003). Each participant has an alpha peak, a 1/f slope,
topographies and effects of their own; the effects differ from the population's by more than half their size.
"""

from typing import Final

import numpy as np
from scipy.signal import lfilter

from pipeline.modalities import EEG_CHANNELS
from pipeline.records import Array
from pipeline.simulation.body import Body, envelope
from pipeline.simulation.follow import Drift, Lag, to_samples

SFREQ: Final = 300

#: Where the channels lie, seen from above (nose up, ears at +-1).
_POSITIONS: Final = np.array([
    [-0.31, 0.95], [0.31, 0.95], [-0.81, 0.59], [-0.42, 0.52], [0.0, 0.5], [0.42, 0.52], [0.81, 0.59],
    [-1.0, 0.0], [-0.5, 0.0], [0.0, 0.0], [0.5, 0.0], [1.0, 0.0],
    [-0.81, -0.59], [-0.42, -0.52], [0.42, -0.52], [0.81, -0.59], [-0.31, -0.95], [0.31, -0.95],
])  # fmt: skip

#: Sources: place (x, y), width, frequency (Hz), resonance (pole radius) and amplitude (uV, r.m.s. at the centre).
_SOURCES: Final = np.array([
    [0.00, 0.60, 0.7, 2.2, 0.975, 5.0],  # frontal delta
    [0.00, 0.45, 0.4, 6.0, 0.980, 4.0],  # frontal midline theta
    [-0.50, 0.55, 0.4, 10.0, 0.985, 2.5],  # left frontal alpha
    [0.50, 0.55, 0.4, 10.0, 0.985, 2.5],  # right frontal alpha
    [-0.35, -0.85, 0.5, 10.0, 0.988, 5.0],  # left occipital alpha
    [0.35, -0.85, 0.5, 10.0, 0.988, 5.0],  # right occipital alpha
    [-0.50, 0.05, 0.4, 20.0, 0.960, 2.5],  # left central beta
    [0.50, 0.05, 0.4, 20.0, 0.960, 2.5],  # right central beta
    [0.00, 0.70, 0.6, 24.0, 0.940, 2.0],  # frontal beta
    [-0.90, 0.25, 0.4, 38.0, 0.800, 1.6],  # left temporal gamma and muscle
    [0.90, 0.25, 0.4, 38.0, 0.800, 1.6],  # right temporal gamma and muscle
])  # fmt: skip
_N_SOURCES: Final = len(_SOURCES)
_ALPHA: Final = slice(2, 6)

#: Change of each source's log amplitude with valence, arousal, threat, sadness and engagement.
EFFECTS: Final = np.array([
    [0.00, -0.06, 0.00, 0.14, -0.10],
    [-0.04, 0.00, 0.14, 0.06, 0.20],
    [-0.20, -0.10, 0.06, 0.08, -0.10],
    [0.18, -0.10, -0.04, -0.06, -0.10],
    [0.00, -0.22, -0.06, 0.12, -0.14],
    [0.00, -0.22, -0.06, 0.12, -0.14],
    [0.06, 0.10, 0.04, -0.06, 0.12],
    [-0.04, 0.12, 0.08, -0.06, 0.10],
    [0.04, 0.10, 0.12, -0.08, 0.16],
    [0.05, 0.22, 0.16, -0.10, 0.04],
    [0.05, 0.22, 0.18, -0.10, 0.04],
])  # fmt: skip

#: A stable filter whose response falls by 10 dB a decade within 0.1 dB (Smith 2011, Spectral Audio Signal Processing).
_PINK_B: Final = (0.049922035, -0.095993537, 0.050612699, -0.004408786)
_PINK_A: Final = (1.0, -2.494956002, 2.017265875, -0.522189400)
_PINK_GAIN: Final = 10.0

_NEAR: Final = np.exp(-(((_POSITIONS[:, None] - _POSITIONS[None]) ** 2).sum(axis=2)) / (2 * 0.45**2))
_SPREAD: Final = _NEAR / np.linalg.norm(_NEAR, axis=0)
#: How strongly an eye blink (upward deflection), the jaw's muscles and a movement reach each channel.
_BLINK: Final = np.exp(-((_POSITIONS[:, 1] - 1.0) ** 2) / (2 * 0.28**2))
_JAW: Final = np.exp(-((np.abs(_POSITIONS[:, 0]) - 1.0) ** 2) / (2 * 0.35**2))


class EegSource:
    """One participant's EEG, second by second.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        n_channels = len(EEG_CHANNELS)
        sources = _SOURCES.copy()
        sources[:, :2] += rng.normal(0.0, 0.08, (_N_SOURCES, 2))
        sources[:, 2] *= rng.uniform(0.8, 1.25, _N_SOURCES)
        sources[:, 3] *= rng.normal(1.0, 0.05, _N_SOURCES)
        sources[_ALPHA, 3] = rng.normal(10.0, 0.9) + rng.normal(0.0, 0.15, 4)
        self._amplitudes = sources[:, 5] * rng.lognormal(0.0, 0.35, _N_SOURCES) * rng.lognormal(0.0, 0.2)
        self._effects = EFFECTS * rng.lognormal(-0.1, 0.45, EFFECTS.shape) + rng.normal(0.0, 0.055, EFFECTS.shape)
        distance = ((_POSITIONS[None] - sources[:, None, :2]) ** 2).sum(axis=2)
        self._topographies = np.exp(-distance / (2 * sources[:, 2:3] ** 2))
        self._resonators = [_Resonator(frequency, radius) for frequency, radius in sources[:, 3:5]]
        self._pink = np.zeros((len(_PINK_A) - 1, n_channels))
        self._background = rng.uniform(3.5, 7.0)
        self._white = rng.uniform(0.4, 1.2) * rng.lognormal(0.0, 0.25, n_channels)
        self._line = rng.lognormal(-0.7, 0.7) * rng.uniform(0.5, 1.5, n_channels)
        self._blink_uv = rng.uniform(60.0, 160.0)
        self._lag = Lag(0.5)
        self._waxing = Drift(rng, _N_SOURCES, tau=1.5, spread=0.25)
        self._slow = Drift(rng, _N_SOURCES + 1, tau=90.0, spread=0.12)
        self._skin = Drift(rng, n_channels, tau=8.0, spread=rng.uniform(5.0, 20.0))
        self._faults = _ElectrodeFaults(rng)

    def second(self, drives: Array, body: Body) -> Array:
        """Return the next second (uV), ``(300, 18)``."""
        times = body.second + np.arange(SFREQ) / SFREQ
        slow = self._slow.second()
        gains = self._lag.second(drives) @ self._effects.T + self._waxing.second() + slow[:, :-1]
        noise = self._rng.standard_normal((SFREQ, _N_SOURCES))
        rhythms = np.column_stack([one.run(noise[:, source]) for source, one in enumerate(self._resonators)])
        signal = (rhythms * self._amplitudes * np.exp(to_samples(gains, SFREQ))) @ self._topographies
        signal += self._colour(np.exp(to_samples(slow[:, -1:], SFREQ)))
        signal += self._line * np.sin(2 * np.pi * 50 * times)[:, None]
        signal += to_samples(self._skin.second(), SFREQ)
        signal += self._artefacts(times, body)
        return self._faults.second(body.second, signal)

    def _colour(self, gain: Array) -> Array:
        """Return the background: pink noise shared by neighbours, and each channel's white noise."""
        noise = self._rng.standard_normal((2, SFREQ, len(EEG_CHANNELS)))
        pink, self._pink = lfilter(_PINK_B, _PINK_A, noise[0], axis=0, zi=self._pink)
        return np.asarray(gain * self._background * _PINK_GAIN * (pink @ _SPREAD) + self._white * noise[1])

    def _artefacts(self, times: Array, body: Body) -> Array:
        """Return blinks, jaw clenches and movements."""
        blink = envelope(body.blinks, times)[:, None] * self._blink_uv * _BLINK
        noise = self._rng.standard_normal((SFREQ, len(EEG_CHANNELS)))
        clench = envelope(body.clenches, times)[:, None] * 25.0 * _JAW * noise
        move = envelope(body.movements, times)[:, None]
        sway = np.sin(2 * np.pi * 0.9 * times[:, None] + np.arange(len(EEG_CHANNELS)))
        return np.asarray(blink + clench + move * (45.0 * sway + 8.0 * noise))


class _Resonator:
    """x[n] = 2 r cos(w) x[n-1] - r^2 x[n-2] + g e[n], with g such that x has unit variance."""

    def __init__(self, frequency: float, radius: float) -> None:
        a1, a2 = -2 * radius * np.cos(2 * np.pi * frequency / SFREQ), radius**2
        variance = (1 + a2) / ((1 - a2) * ((1 + a2) ** 2 - a1**2))
        self._b = [1 / np.sqrt(variance)]
        self._a = [1.0, a1, a2]
        self._state = np.zeros(2)

    def run(self, noise: Array) -> Array:
        out, self._state = lfilter(self._b, self._a, noise, zi=self._state)
        return np.asarray(out)


class _ElectrodeFaults:
    """Now and then one electrode is bad for 8 to 45 s: noisy, or off the skin (flat)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._hz = rng.uniform(0.0005, 0.006)
        self._until = 0
        self._channel = 0
        self._flat = False

    def second(self, second: int, signal: Array) -> Array:
        if second >= self._until and self._rng.random() < self._hz:
            self._until = second + int(self._rng.integers(8, 45))
            self._channel = int(self._rng.integers(len(EEG_CHANNELS)))
            self._flat = bool(self._rng.random() < 0.3)
        if second < self._until:
            noise = self._rng.standard_normal(SFREQ)
            signal[:, self._channel] = 0.02 * noise if self._flat else signal[:, self._channel] + 40.0 * noise
        return signal
