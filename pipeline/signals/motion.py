"""Acceleration of three axes: posture, movement and jerk."""

import math
from typing import Final

import numpy as np

from pipeline.signals.family import MOTION
from pipeline.signals.processor import Measured, Memoryless, Window

#: Nobody is shaken by more than this for 5 s on average (g): gravity is 9.8 m/s2, and raw counts are larger still.
MOST_G: Final = 4.0


class MotionProcessor(Memoryless):
    """Features on windows of 5 s."""

    spec = MOTION
    picks = (0, 1, 2)

    def measure(self, window: Window) -> Measured:
        """Return the features named in `family.MOTION`."""
        axes = np.ascontiguousarray(window.data[window.ok].T)
        magnitude = np.sqrt(axes[0] ** 2 + axes[1] ** 2 + axes[2] ** 2)
        departure = magnitude - magnitude.mean()
        span = max(float(np.ptp(window.times[window.ok])), 0.1)
        values = np.array(
            [
                *axes.mean(axis=1),
                *np.log(axes.std(axis=1) + 0.002),
                float(magnitude.mean()),
                math.log(float(magnitude.std()) + 0.002),
                math.log(float(np.abs(np.diff(magnitude)).sum()) / span + 0.02),
                math.log(float(np.abs(departure).max()) + 0.005),
            ]
        )
        if float(np.ptp(axes)) == 0.0:
            return Measured(values, 0.0, ("flat",))
        if float(magnitude.mean()) > MOST_G:
            return Measured(values, 0.0, (f"above {MOST_G:g} g on average: looks like m/s2 or raw counts",))
        return Measured(values, 1.0)
