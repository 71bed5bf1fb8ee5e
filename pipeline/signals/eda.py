"""Skin conductance (GSR, EDA): tonic level, phasic part and skin-conductance responses."""

import math
from typing import Final

import msgspec
import numpy as np
from scipy.interpolate import CubicSpline

from pipeline.errors import BadInput
from pipeline.records import Array
from pipeline.signals.family import GSR
from pipeline.signals.filters import CausalFilter, FilterState, band_pass
from pipeline.signals.held import cut_off, repeats
from pipeline.signals.processor import Conditioned, Measured, OneByOne, Window, finite

#: Above this (Hz) there is no skin conductance, only movement and noise.
LOW_PASS_HZ: Final = 1.0

#: The tonic level is what moves more slowly than this (Hz).
TONIC_HZ: Final = 0.05

#: Windows are measured at this rate (Hz), so that 4 Hz and 1 kHz devices give like features.
MEASURE_HZ: Final = 8.0

#: More samples than about this (Hz) tell a spline nothing.
KNOTS_HZ: Final = 32.0

#: The second derivative is taken over steps of this many samples, 0.5 s: such a step looks past what is faster than
#: 1 Hz, of which a 4 Hz device has nothing.
CURVE: Final = 4

#: Smallest rise that counts as a response (uS): Boucsein et al. (2012) name 0.01-0.05;
#: the largest, since every noise counts as a response with the smallest.
RESPONSE_US: Final = 0.05

#: Below this (uS) the electrodes have lost the skin.
CONTACT_US: Final = 0.05

#: Skin does not reach it (uS): Kleckner et al. (2018) take 0.05-60 uS for valid, and the devices' ranges end at 100 or
#: below. What stands still above `STILL_US` is at the end of such a range; what is beyond `COUNTS_US` is no
#: conductance.
STILL_US: Final = 40.0
COUNTS_US: Final = 100.0

#: A level between these (uS) is siemens that are said to be microsiemens: an open circuit gives nothing, or more noise.
SIEMENS_US: Final = (1e-7, 1e-4)

#: Share of samples at the top of the range with which the signal is cut off, where it moves by this much (uS): less is
#: a device's coarse steps.
CUT_OFF: Final = 0.2
CUT_OFF_US: Final = 0.1

#: Skin does not lose this share of its conductance within a window: a response takes seconds to fall to half of itself
#: (Boucsein et al. 2012). An electrode off the skin does, and then reads far less than usual, or next to nothing.
LOST: Final = 0.8

_LEAST = 1e-3


class EdaState(msgspec.Struct, tag="eda", eq=False):
    """States of both filters."""

    smooth: FilterState
    tonic: FilterState


class EdaProcessor(OneByOne):
    """Low-pass at 1 Hz, tonic part below 0.05 Hz, features on windows of 5 s.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz).

    References
    ----------
    Boucsein et al., "Publication recommendations for electrodermal measurements", Psychophysiology 49 (2012) 1017-1034.
    Kleckner et al., "Simple, transparent, and flexible automated quality assessment procedures for ambulatory
    electrodermal activity data", IEEE Trans. Biomed. Eng. 65 (2018) 1460-1467.
    """

    spec = GSR
    settle_s = 1.0
    absent = "not a number"
    notices: tuple[str, ...] = ()
    picks = (0,)

    def __init__(self, sfreq: float) -> None:
        if sfreq < 3:
            raise BadInput(f"sfreq: GSR at {sfreq:g} Hz is too slow for its responses; give a stream of 4 Hz or more")
        self._smooth = CausalFilter(band_pass(sfreq, None, LOW_PASS_HZ))
        self._tonic = CausalFilter(band_pass(sfreq, None, TONIC_HZ, order=1))
        self._sfreq = sfreq

    @property
    def state(self) -> EdaState:
        """Both filters' states."""
        return EdaState(self._smooth.state, self._tonic.state)

    @state.setter
    def state(self, state: EdaState) -> None:
        self._smooth.state, self._tonic.state = state.smooth, state.tonic

    def process(self, samples: Array) -> Conditioned:
        """Return columns raw, smooth and phasic (uS) for samples ``(n_times, 1)``."""
        usable = finite(samples)
        smooth = self._smooth.process(samples, usable)
        phasic = smooth - self._tonic.process(smooth)
        return Conditioned(np.concatenate([samples, smooth, phasic], axis=1), usable[:, 0])

    def reset(self) -> None:
        """Forget the past."""
        self._smooth.reset()
        self._tonic.reset()

    def measure(self, window: Window) -> Measured:
        """Return the features named in `family.GSR`."""
        smooth, phasic = self._at_one_rate(window.data[:, 1:])
        level = max(float(smooth.mean()), 0.01)
        speed = np.diff(smooth) * MEASURE_HZ
        curve = (smooth[2 * CURVE :] - 2 * smooth[CURVE:-CURVE] + smooth[: -2 * CURVE]) * (MEASURE_HZ / CURVE) ** 2
        responses = _rises(smooth)
        amplitude, rise_s = max(responses, default=(0.0, 0.0))
        values = np.array(
            [
                math.log(level),
                _slope(smooth) * MEASURE_HZ / level,
                math.asinh(float(phasic.mean()) / 0.05),
                math.log(float(phasic.std()) + _LEAST),
                math.log(float(np.ptp(smooth)) + _LEAST),
                math.log(float(np.maximum(speed, 0).mean()) + _LEAST),
                math.log(float(np.maximum(-speed, 0).mean()) + _LEAST),
                float((speed > 0).mean()),
                len(responses) * MEASURE_HZ / len(smooth),
                math.log(amplitude + 0.01),
                rise_s,
                math.log(float(curve.std()) + _LEAST),
            ]
        )
        return Measured(values, *_quality(window, level, speed))

    def _at_one_rate(self, columns: Array) -> Array:
        """Return a window ``(n_times, n_columns)`` at `MEASURE_HZ`, ``(n_columns, n_points)``, up to its last sample.

        What passed the low-pass is smooth enough for a cubic spline between the samples, or between some of them.
        """
        if self._sfreq % MEASURE_HZ == 0:
            return np.ascontiguousarray(columns[:: -round(self._sfreq / MEASURE_HZ)][::-1].T)
        step = max(1, math.floor(self._sfreq / KNOTS_HZ))
        knots, rate = columns[::-step][::-1], self._sfreq / step
        last = (len(knots) - 1) / rate
        points = np.arange(math.floor(last * MEASURE_HZ), -1, -1)
        spline = CubicSpline(np.arange(len(knots)) / rate, knots)
        return np.ascontiguousarray(spline(last - points / MEASURE_HZ).T)


def _rises(smooth: Array) -> list[tuple[float, float]]:
    """Return amplitude (uS) and duration (s) of each uninterrupted rise that counts as a response."""
    rising = np.concatenate([[False], np.diff(smooth) > 0, [False]])
    edges = np.flatnonzero(rising[1:] != rising[:-1])
    troughs, peaks = edges[::2], edges[1::2]
    heights = smooth[peaks] - smooth[troughs]
    return [
        (float(height), float(peak - trough) / MEASURE_HZ)
        for height, trough, peak in zip(heights, troughs, peaks, strict=True)
        if height >= RESPONSE_US
    ]


def _slope(values: Array) -> float:
    """Return the least-squares slope per sample."""
    place = np.arange(len(values)) - (len(values) - 1) / 2
    return float((place * values).sum() / (place * place).sum())


def _quality(window: Window, level: float, speed: Array) -> tuple[float, tuple[str, ...]]:
    raw = window.data[window.ok, 0]
    ordered = np.sort(raw)
    low, high = float(ordered[0]), float(ordered[-1])
    middle = float(ordered[(len(raw) - 1) // 2] + ordered[len(raw) // 2]) / 2
    if middle > COUNTS_US:
        return 0.0, (f"above {COUNTS_US:g} uS: looks like raw counts",)
    if SIEMENS_US[0] < middle < SIEMENS_US[1]:
        return 0.0, ("looks like S, not uS",)
    if middle < CONTACT_US:
        return 0.0, (f"no skin contact (below {CONTACT_US:g} uS)",)
    if low == high:
        return 0.2, ("railed" if high > STILL_US else "flat",)
    if high - low > CUT_OFF_US and repeats(raw) and cut_off(raw, CUT_OFF) == high:
        return 0.2, ("railed",)
    if low < (1 - LOST) * high and low < max((1 - LOST) * middle, 2 * CONTACT_US):
        return 0.2, ("lost contact",)
    if float(np.abs(speed).max()) > max(1.0, 0.5 * level):
        return 0.5, ("changes faster than skin does: movement",)
    return 1.0, ()
