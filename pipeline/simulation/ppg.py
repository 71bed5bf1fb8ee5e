"""Simulated photoplethysmogram: a pulse wave driven by a heart whose rate varies.

The heart's rate follows the state (faster with arousal and threat, slower with sadness; Kreibig 2010) and carries
respiratory sinus arrhythmia, a 0.1 Hz wave and slow drift (Task Force of the ESC 1996); the respiratory part shrinks
with threat. The pulse is two Gaussians of the heart's phase, systolic and dicrotic (in the way of McSharry et al. 2003
and Tang et al. 2020); its amplitude falls with arousal as the vessels narrow.
"""

from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.simulation.body import Body, envelope
from pipeline.simulation.follow import Drift, Lag, to_samples

SFREQ: Final = 64

#: Change of log heart rate, log respiratory arrhythmia, log pulse amplitude and log breathing rate with valence,
#: arousal, threat, sadness and engagement.
EFFECTS: Final = np.array([
    [0.00, 0.060, 0.060, -0.030, 0.010],
    [0.08, -0.150, -0.300, 0.050, -0.100],
    [0.03, -0.150, -0.200, 0.060, -0.030],
    [0.02, 0.080, 0.080, -0.060, 0.020],
])  # fmt: skip


class PpgSource:
    """One participant's photoplethysmogram, second by second.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._heart_hz = rng.normal(70.0, 9.0) / 60
        self._breath_hz = rng.uniform(0.18, 0.32)
        self._arrhythmia = rng.lognormal(-3.3, 0.5)
        self._mayer = rng.lognormal(-3.8, 0.4)
        self._amplitude = rng.lognormal(0.0, 0.4)
        self._dicrotic = rng.uniform(0.15, 0.45)
        self._effects = EFFECTS * rng.lognormal(-0.1, 0.4, EFFECTS.shape) + rng.normal(0.0, 0.02, EFFECTS.shape)
        self._lag = Lag(3.0)
        self._slow = Drift(rng, 4, tau=60.0, spread=np.array([0.025, 0.15, 0.15, 0.06]))
        self._wander = rng.uniform(0.05, 0.3)
        self._noise = rng.uniform(0.005, 0.04)
        self._heart = _Phase(rng.random())
        self._breath = _Phase(rng.random())
        self._wave = _Phase(rng.random())

    def second(self, drives: Array, body: Body) -> Array:
        """Return the next second (a.u.), ``(64, 1)``."""
        times = body.second + np.arange(SFREQ) / SFREQ
        rate, arrhythmia, amplitude, breathing = to_samples(
            self._lag.second(drives) @ self._effects.T + self._slow.second(), SFREQ
        ).T
        breath = self._breath.run(self._breath_hz * np.exp(breathing))
        mayer = self._wave.run(np.full(SFREQ, 0.1))
        variation = self._arrhythmia * np.exp(arrhythmia) * np.sin(2 * np.pi * breath)
        variation += self._mayer * np.sin(2 * np.pi * mayer)
        heart = self._heart.run(self._heart_hz * np.exp(rate + variation)) % 1.0
        pulse = np.exp(-((heart - 0.22) ** 2) / (2 * 0.075**2))
        pulse += self._dicrotic * np.exp(-((heart - 0.55) ** 2) / (2 * 0.09**2))
        signal = self._amplitude * (np.exp(amplitude) * pulse + self._wander * np.sin(2 * np.pi * breath))
        shaken = envelope(body.movements, times) * np.sin(2 * np.pi * 2.1 * times + 3 * np.sin(1.7 * times))
        noise = self._noise * self._rng.standard_normal(SFREQ)
        return np.asarray((signal + self._amplitude * (1.2 * shaken + noise))[:, None])


class _Phase:
    """The phase (turns) of something that goes round at a changing rate."""

    def __init__(self, start: float) -> None:
        self._now = start

    def run(self, hz: Array) -> Array:
        """Return the phase at a second's samples, and keep where it goes on."""
        turns = self._now + np.concatenate([[0.0], np.cumsum(hz / len(hz))])
        self._now = float(turns[-1] % 1.0)
        return np.asarray(turns[:-1])
