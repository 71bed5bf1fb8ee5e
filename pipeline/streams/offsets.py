r"""A clock's offset and drift, estimated from probes of which any may be far off.

Of the newest `PROBES` probes those count that were no longer under way than the median: what was answered quickly was
answered evenly (the clock filter of NTP, RFC 5905, section 10). Of these,

.. math:: d = \operatorname*{median}_{i < j} \frac{o_j - o_i}{t_j - t_i}, \qquad
    o(t) = \operatorname*{median}_i \bigl( o_i - d \, (t_i - t) \bigr)

is the drift (Theil 1950; Sen 1968) and the offset at time `t`: as long as fewer than a quarter of the probes are
outliers, these move the estimate no further than to another probe. While the drift moves the offset by less than three
times what chance would, over the time that the probes span, there is no drift: so two clocks that are one stay together
and the offset does not wander.

The offset of a probe is wrong by at most half its round trip (Cristian 1989). So one that lies further than `JUMP_S`
and these halves from the estimate proves that a clock has jumped, and everything from before is forgotten.
"""

import math
from collections import deque
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.streams.probes import Probe

#: So many probes count; liblsl measures every two seconds.
PROBES: Final = 48
#: A clock that moves further than this against its own history has jumped (s).
JUMP_S: Final = 0.1
#: An estimate is good once it rests on so many probes, over so long (s): then one of them cannot move it.
SETTLED_PROBES: Final = 5
SETTLED_S: Final = 8.0
#: Least number of probes of which a drift is estimated, and least time that they span (s).
_DRIFT_PROBES: Final = 6
_DRIFT_S: Final = 10.0
#: From the median absolute deviation to a standard deviation.
_SIGMA: Final = 1.4826


class OffsetFilter:
    """Estimate a clock's offset from probes, one after the other.

    Parameters
    ----------
    first : Probe
        The first one.
    confirmed_by : int
        So many probes in a row must agree that the clock has jumped: one, where its error is bounded by its round trip.

    Attributes
    ----------
    drift : float
        By how much the offset grows (s/s).
    noise : float
        Standard error of the offset, as far as the probes scatter (s).
    round_trip : float
        The shortest of the probes that count (s).
    """

    def __init__(self, first: Probe, *, confirmed_by: int = 1) -> None:
        self._confirmed_by = confirmed_by
        self._probes = deque([first], PROBES)
        self._strays: list[Probe] = []
        self._fit()

    @property
    def settled(self) -> bool:
        """Whether the estimate is good."""
        spanned = self._probes[-1].time - self._probes[0].time
        return len(self._probes) >= SETTLED_PROBES and spanned >= SETTLED_S

    def at(self, time: float) -> float:
        """Return the offset at a time of the host's LSL clock (s)."""
        return self._offset + self.drift * (time - self._time)

    def add(self, probe: Probe) -> float:
        """Take a probe; return by how much the clock has jumped (s), 0 if it has not."""
        moved = probe.offset - self.at(probe.time)
        if abs(moved) <= JUMP_S + (probe.round_trip + self.round_trip) / 2:
            self._strays.clear()
            self._probes.append(probe)
            self._fit()
            return 0.0
        if self._strays and (self._strays[-1].offset - self.at(self._strays[-1].time)) * moved < 0:
            self._strays.clear()
        self._strays.append(probe)
        if len(self._strays) < self._confirmed_by:
            return 0.0
        self._probes.clear()
        self._probes.extend(self._strays)
        self._strays.clear()
        self._fit()
        return moved

    def _fit(self) -> None:
        times, offsets, trips = np.array([(p.time, p.offset, p.round_trip) for p in self._probes]).T
        if len(times) > SETTLED_PROBES:
            quick = trips <= np.median(trips)
            times, offsets, trips = times[quick], offsets[quick], trips[quick]
        self._time = float(times[-1])
        self.drift = _drift(times, offsets)
        level = offsets - self.drift * (times - self._time)
        self._offset = float(np.median(level))
        self.noise = _SIGMA * float(np.median(np.abs(level - self._offset))) / math.sqrt(len(times))
        self.round_trip = float(trips.min())


def _drift(times: Array, offsets: Array) -> float:
    """Return the median slope, 0 where it may be chance."""
    n_times, span = len(times), float(times[-1] - times[0])
    if n_times < _DRIFT_PROBES or span < _DRIFT_S:
        return 0.0
    later, earlier = np.tril_indices(n_times, -1)
    slope = float(np.median((offsets[later] - offsets[earlier]) / (times[later] - times[earlier])))
    level = offsets - slope * (times - times[-1])
    scatter = _SIGMA * float(np.median(np.abs(level - np.median(level))))
    by_chance = scatter * math.sqrt(12 / n_times)  # standard error of a slope through evenly spaced points, times span
    return slope if abs(slope) * span > 3 * by_chance else 0.0
