"""Skin temperature: level and trend."""

import math
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.signals.family import TEMPERATURE
from pipeline.signals.processor import Conditioned, Measured, Memoryless, Window

#: What skin under a sensor can have (degC); devices that start send wilder numbers.
SKIN_DEGC: Final = (10.0, 45.0)


#: The same in other units.
OTHER_UNITS: Final = {"degF": (50.0, 113.0), "K": (283.15, 318.15)}


class TemperatureProcessor(Memoryless):
    """Features on windows of 10 s."""

    spec = TEMPERATURE
    absent = "no skin temperature"

    def process(self, samples: Array) -> Conditioned:
        """Pass the samples ``(n_times, 1)`` through; what is no skin temperature is not ok."""
        degrees = samples[:, 0]
        return Conditioned(samples, (degrees >= SKIN_DEGC[0]) & (degrees <= SKIN_DEGC[1]))

    def explain(self, absent: Array) -> tuple[str, ...]:
        """Return which unit samples that are no skin temperature, ``(n_times, 1)``, seem to have."""
        middle = float(np.median(absent))
        return tuple(
            f"looks like {unit}, not degC" for unit, (low, high) in OTHER_UNITS.items() if low <= middle <= high
        )

    def measure(self, window: Window) -> Measured:
        """Return the features named in `family.TEMPERATURE`."""
        degrees, times = window.data[window.ok, 0], window.times[window.ok]
        level = float(degrees.mean())
        place = times - times.mean()
        spread = float((place * place).sum())
        slope = float((place * degrees).sum()) / spread if spread > 0 else 0.0
        values = np.array([level, slope, math.log(float(degrees.std()) + 0.005), float(degrees[-1]) - level])
        return Measured(values, 1.0)
