"""Acceleration of three axes: posture, movement and jerk."""

import math

import numpy as np

from pipeline.signals.family import MOTION
from pipeline.signals.processor import Measured, Memoryless, Window


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
        return Measured(values, 1.0)
