"""Simulated facial features: 52 blendshapes and the head's pose, as MediaPipe reads them from a webcam.

A face expresses in bursts of a few seconds: what it shows is drawn from the mixture (or from another one, while the
expression is masked), sharpened towards its strongest emotions; between bursts only a faint trace remains. How much a
face expresses differs by a factor of several between people, and one in seven hardly shows anything (Gross and John
1997). Blinks, gaze, talking and head movements overlie it; a face that is turned away or covered is not found.
"""

from typing import Final

import numpy as np

from pipeline.modalities import BLENDSHAPES, FACE_CHANNELS, HEAD_POSE
from pipeline.records import Array
from pipeline.simulation.affect import RESTING_SHARES, State
from pipeline.simulation.body import Body, Happening, envelope
from pipeline.simulation.expressions import columns, movements, resting_log_odds
from pipeline.simulation.follow import Drift, Lag, to_samples

SFREQ: Final = 30

_MOVEMENTS: Final = movements()
_RESTING: Final = resting_log_odds()
_BLINK: Final = columns("eyeBlink")
_TALK: Final = columns("jawOpen", "mouthLowerDown", "mouthFunnel")
_GAZE_OUT_LEFT: Final = [BLENDSHAPES.index("eyeLookOutLeft"), BLENDSHAPES.index("eyeLookInRight")]
_GAZE_OUT_RIGHT: Final = [BLENDSHAPES.index("eyeLookInLeft"), BLENDSHAPES.index("eyeLookOutRight")]
_GAZE_DOWN: Final = columns("eyeLookDown")
_GAZE_UP: Final = columns("eyeLookUp")
#: Yaw, pitch, roll (deg) and x, y, z (cm): spread between people, within a session, and swing of a movement.
_POSE_MEAN: Final = np.array([0.0, -2.0, 0.0, 0.0, -1.0, -45.0])
_POSE_BETWEEN: Final = np.array([4.0, 5.0, 1.5, 2.5, 2.0, 9.0])
_POSE_WITHIN: Final = np.array([3.5, 3.0, 1.5, 1.2, 0.9, 2.0])
_POSE_SWING: Final = np.array([9.0, 6.0, 5.0, 3.0, 1.5, 4.0])
#: Change of the pose with valence, arousal, threat, sadness and engagement: heads sink, lean in, and draw back.
_POSE_EFFECTS: Final = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [0.3, 0.2, 0.0, -1.2, 0.3],
    [0.2, 0.0, 0.0, 0.3, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.2, 0.0, -0.4, 0.1],
    [0.2, 0.0, -0.8, -0.5, 1.2],
])  # fmt: skip


class FaceSource:
    """One participant's face, second by second.

    Parameters
    ----------
    rng : numpy.random.Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._expressivity = rng.lognormal(-0.1, 0.4) * (0.1 if rng.random() < 1 / 7 else 1.0)
        self._neutral = _RESTING + rng.normal(0.0, 0.55, len(BLENDSHAPES))
        self._style = _MOVEMENTS * rng.lognormal(-0.1, 0.45, _MOVEMENTS.shape)
        self._bursts_hz = rng.uniform(0.06, 0.22)
        self._bursts: tuple[tuple[Happening, Array], ...] = ()
        self._pose = _POSE_MEAN + _POSE_BETWEEN * rng.standard_normal(len(HEAD_POSE))
        self._noise = rng.uniform(0.03, 0.10)
        self._trace = Lag(1.0)
        self._drift = Drift(rng, len(BLENDSHAPES), tau=25.0, spread=0.30)
        self._sway = Drift(rng, len(HEAD_POSE), tau=6.0, spread=_POSE_WITHIN)
        self._gaze = Drift(rng, 2, tau=0.7, spread=0.8)
        self._talk = _Spells(rng, every=rng.uniform(60.0, 400.0), lasting=(1.0, 6.0))
        self._away = _Spells(rng, every=rng.uniform(60.0, 300.0), lasting=(0.6, 5.0))

    def second(self, state: State, body: Body) -> Array:
        """Return the next second, ``(30, 59)``: columns as `FACE_CHANNELS`; NaN where no face is found."""
        times = body.second + np.arange(SFREQ) / SFREQ
        log_odds = self._neutral + self._expression(state, body.second, times)
        log_odds += to_samples(self._drift.second(), SFREQ)
        log_odds += self._noise * self._rng.standard_normal(log_odds.shape)
        self._overlay(log_odds, times, body)
        frames = np.empty((SFREQ, len(FACE_CHANNELS)))
        frames[:, 0] = 1.0
        frames[:, 1 : 1 + len(BLENDSHAPES)] = 1 / (1 + np.exp(-log_odds))
        frames[:, 1 + len(BLENDSHAPES) :] = self._head(state, times, body)
        away = self._away.at(body.second, times)
        frames[away, 0] = 0.0
        frames[away, 1:] = np.nan
        return frames

    def _expression(self, state: State, second: int, times: Array) -> Array:
        """Return the log-odds that bursts and the trace between them add, ``(30, 52)``."""
        shown = state.shown.mean(axis=0)
        excess = np.log(shown / RESTING_SHARES)
        strength = float(np.sqrt(np.mean((excess - excess.mean()) ** 2)))
        for _ in range(self._rng.poisson(self._bursts_hz * (0.4 + 1.5 * strength))):
            sharpened = RESTING_SHARES * np.exp(2.5 * excess)
            blend = self._rng.dirichlet(6.0 * sharpened / sharpened.sum() + 0.02)
            burst = Happening(second + self._rng.random(), self._rng.uniform(1.0, 5.0), self._rng.lognormal(0.0, 0.35))
            self._bursts = (*self._bursts, (burst, blend))
        self._bursts = tuple((burst, blend) for burst, blend in self._bursts if burst.end > second)
        trace = np.log(state.shown) - np.log(RESTING_SHARES)
        trace = 0.55 * to_samples(self._trace.second(trace - trace.mean(axis=1, keepdims=True)), SFREQ)
        for burst, blend in self._bursts:
            trace += envelope([burst], times)[:, None] * blend
        return np.asarray(self._expressivity * (trace @ self._style))

    def _overlay(self, log_odds: Array, times: Array, body: Body) -> None:
        """Add blinks, gaze and talking, which say nothing of the mixture's kind."""
        log_odds[:, _BLINK] += 4.5 * envelope(body.blinks, times)[:, None]
        across, up = to_samples(self._gaze.second(), SFREQ).T[:, :, None]
        log_odds[:, _GAZE_OUT_LEFT] += across
        log_odds[:, _GAZE_OUT_RIGHT] -= across
        log_odds[:, _GAZE_UP] += up
        log_odds[:, _GAZE_DOWN] -= up
        talking = self._talk.at(body.second, times)
        log_odds[:, _TALK] += (talking * (1.2 + 1.5 * np.sin(2 * np.pi * 3.7 * times)))[:, None]

    def _head(self, state: State, times: Array, body: Body) -> Array:
        effect = state.drives @ _POSE_EFFECTS.T + self._sway.second()
        swing = envelope(body.movements, times)[:, None] * np.sin(2 * np.pi * 0.4 * times[:, None] + np.arange(6))
        return np.asarray(self._pose + to_samples(effect, SFREQ) + _POSE_SWING * swing)


class _Spells:
    """Something that sets in now and then and lasts for a while."""

    def __init__(self, rng: np.random.Generator, *, every: float, lasting: tuple[float, float]) -> None:
        self._rng = rng
        self._hz = 1 / every
        self._lasting = lasting
        self._now: Happening | None = None

    def at(self, second: int, times: Array) -> Array:
        """Return at which of a second's `times` it is on, ``(n,)`` bool."""
        if self._now is not None and self._now.end <= second:
            self._now = None
        if self._now is None and self._rng.random() < self._hz:
            self._now = Happening(second + self._rng.random(), self._rng.uniform(*self._lasting), 1.0)
        if self._now is None:
            return np.zeros(len(times), bool)
        return np.asarray((times >= self._now.start) & (times < self._now.end))
