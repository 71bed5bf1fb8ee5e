"""From stamps to times on the host's clock, by the stream's stamp policy."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.signal import lfilter

from pipeline.records import Array

Stamps = Literal["dejitter", "as-is", "regular"]

#: Time constant of the smoothing of stamps (s): long against USB and Bluetooth bursts, short against clock drift.
SMOOTHING_S: Final = 10.0


@dataclass
class TimelineState:
    """Where a segment's time axis is anchored."""

    started: bool = False
    index: int = 0
    """Index of the first sample seen."""
    anchor: float = 0.0
    """Its time (s)."""
    delay: Array | None = None
    """Delay line of the smoothing recursion, float64 ``(2,)``."""


class Timeline:
    r"""Give each sample of a segment its time.

    Parameters
    ----------
    stamps : {"dejitter", "as-is", "regular"}
        ``as-is`` believes each stamp. ``regular`` believes the segment's first stamp and the nominal rate.
        ``dejitter`` smooths the residual :math:`r_i = t_i - i / f_s` with a critically damped alpha-beta filter, which
        follows an offset and a constant drift of the sensor's clock:

        .. math:: H(z) = \frac{\alpha + (\beta - \alpha) z^{-1}}{1 - (2 - \alpha - \beta) z^{-1} + (1 - \alpha) z^{-2}},
            \quad \alpha = 1 - \rho^2, \; \beta = (1 - \rho)^2, \; \rho = e^{-1 / (10\,\mathrm{s} \cdot f_s)}

    sfreq : float
        Nominal rate (Hz); not used by ``as-is``.
    delay_s : float
        How long the sensor's own way takes, subtracted from every time (s).

    References
    ----------
    Kalata, "The tracking index: a generalized parameter for alpha-beta and alpha-beta-gamma target trackers",
    IEEE Trans. Aerosp. Electron. Syst. AES-20 (1984) 174-182.
    """

    def __init__(self, stamps: Stamps, sfreq: float, delay_s: float = 0.0) -> None:
        self._stamps = stamps
        self._sfreq = sfreq
        self._delay_s = delay_s
        if stamps == "dejitter":
            rho = math.exp(-1.0 / (SMOOTHING_S * sfreq))
            alpha, beta = 1.0 - rho**2, (1.0 - rho) ** 2
            self._b = np.array([alpha, beta - alpha, 0.0])
            self._a = np.array([1.0, alpha + beta - 2.0, 1.0 - alpha])
        self.state = TimelineState()

    def process(self, first: int, stamps: Array) -> Array:
        """Return the times of consecutive samples.

        Parameters
        ----------
        first : int
            Index of the first of them in its segment.
        stamps : Array
            float64 ``(n_times,)``, source stamps plus the clock offset in force (s).

        Returns
        -------
        times : Array
            float64 ``(n_times,)`` (s).
        """
        if self._stamps == "as-is" or not len(stamps):
            return stamps - self._delay_s
        state = self.state
        if not state.started:
            state.started, state.index, state.anchor, state.delay = True, first, float(stamps[0]), np.zeros(2)
        nominal = state.anchor + np.arange(first - state.index, first - state.index + len(stamps)) / self._sfreq
        if self._stamps == "dejitter":
            residual, state.delay = lfilter(self._b, self._a, stamps - nominal, zi=state.delay)
            nominal = nominal + residual
        return nominal - self._delay_s

    def reset(self) -> None:
        """Begin a new segment."""
        self.state = TimelineState()
