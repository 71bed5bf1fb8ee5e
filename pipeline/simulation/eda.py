"""Simulated skin conductance: a tonic level, responses that ride on it, and a contact that is not always good.

Responses are impulses through a bi-exponential kernel (Bateman function: rise 0.75 s, decay about 2 s; Benedek and
Kaernbach 2010). Their rate and size, and the level, rise with arousal and threat (Dawson, Schell and Filion 2007). One
participant in ten hardly responds.
"""

from typing import Final

import numpy as np
from scipy.signal import lfilter

from pipeline.records import Array
from pipeline.simulation.body import Body, Happening, envelope
from pipeline.simulation.follow import Drift, Lag, to_samples

SFREQ: Final = 32

#: Change of the log level, log rate and log size of responses with valence, arousal, threat, sadness and engagement.
EFFECTS: Final = np.array([
    [0.02, 0.16, 0.12, -0.05, 0.03],
    [0.05, 0.50, 0.40, -0.20, 0.10],
    [0.05, 0.30, 0.25, -0.10, 0.05],
])  # fmt: skip


class EdaSource:
    """One participant's skin conductance, second by second.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        responsive = 0.08 if rng.random() < 0.1 else 1.0
        self._level = rng.lognormal(1.4, 0.6)
        self._rate = rng.uniform(0.04, 0.16)
        self._size = responsive * rng.lognormal(-1.2, 0.5)
        own = EFFECTS * rng.lognormal(-0.1, 0.4, EFFECTS.shape) + rng.normal(0.0, 0.05, EFFECTS.shape)
        self._effects = responsive * own
        fall, rise = np.exp(-1 / (SFREQ * rng.uniform(1.8, 3.5))), np.exp(-1 / (SFREQ * 0.75))
        self._kernel_a = [1.0, -(fall + rise), fall * rise]
        kernel = lfilter([1.0], self._kernel_a, np.eye(1, 10 * SFREQ)[0])
        self._kernel_b = [1 / kernel.max()]
        self._kernel_state = np.zeros(2)
        self._slow = Lag(6.0)
        self._fast = Lag(1.5)
        self._drift = Drift(rng, 1, tau=120.0, spread=0.18)
        self._noise = rng.uniform(0.002, 0.012)
        self._drops_hz = rng.uniform(0.0, 0.005)
        self._drops: tuple[Happening, ...] = ()

    def second(self, drives: Array, body: Body) -> Array:
        """Return the next second (uS), ``(32, 1)``."""
        times = body.second + np.arange(SFREQ) / SFREQ
        level = self._slow.second(drives) @ self._effects[0] + self._drift.second()[:, 0]
        responses = self._responses(self._fast.second(drives).mean(axis=0))
        clean = self._level * np.exp(to_samples(level[:, None], SFREQ)[:, 0]) + responses
        moved = 0.12 * self._level * envelope(body.movements, times) * np.sin(2 * np.pi * 1.3 * times)
        noise = self._noise * self._rng.standard_normal(SFREQ)
        contact = 1 - np.clip(envelope(self._contact_lost(body), times), 0.0, 0.97)
        return np.asarray(np.maximum(contact * (clean + moved) + noise, 0.0)[:, None])

    def _responses(self, drives: Array) -> Array:
        rate = min(self._rate * float(np.exp(self._effects[1] @ drives)), 0.6)
        impulses = np.zeros(SFREQ)
        for _ in range(self._rng.poisson(rate)):
            size = self._size * float(np.exp(self._effects[2] @ drives)) * self._rng.lognormal(0.0, 0.5)
            impulses[self._rng.integers(SFREQ)] += size
        out, self._kernel_state = lfilter(self._kernel_b, self._kernel_a, impulses, zi=self._kernel_state)
        return np.asarray(out)

    def _contact_lost(self, body: Body) -> tuple[Happening, ...]:
        """Return the times of bad contact: by themselves, and with some movements."""
        hz = self._drops_hz + 0.15 * sum(body.second <= move.start for move in body.movements)
        if self._rng.random() < hz:
            drop = Happening(body.second + self._rng.random(), self._rng.uniform(1.5, 5.0), self._rng.uniform(0.5, 1.4))
            self._drops = (*self._drops, drop)
        self._drops = tuple(drop for drop in self._drops if drop.end > body.second)
        return self._drops
