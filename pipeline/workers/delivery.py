"""How fast a regular stream delivers, told by when its samples arrive."""

from collections import deque
from dataclasses import dataclass
from typing import Final

#: The rate is measured over this long (s), or over so many arrivals where they are rarer.
RATE_OVER_S: Final = 5.0
ENOUGH: Final = 5
#: What arrives within so short a time came together (s): a device's burst may be pulled in pieces.
TOGETHER_S: Final = 0.1


@dataclass
class _Arrival:
    begun: float
    time: float
    samples: int


class Delivery:
    """Samples that arrived of late.

    The rate is that between the oldest arrival and the newest, not up to now: of a stream that sends once a second the
    next sample may be a second away, and nothing is missing. That one stops is told by the age of its newest sample.
    """

    def __init__(self) -> None:
        self._arrivals: deque[_Arrival] = deque()

    def forget(self) -> None:
        """Begin anew: what came before says nothing of what comes."""
        self._arrivals.clear()

    def add(self, arrival: float, samples: int) -> None:
        """Take it that so many samples arrived at this time (s)."""
        newest = self._arrivals[-1] if self._arrivals else None
        if newest is not None and arrival - newest.begun < TOGETHER_S:
            newest.time = arrival
            newest.samples += samples
        else:
            self._arrivals.append(_Arrival(arrival, arrival, samples))
        while len(self._arrivals) > ENOUGH + 1 and self._arrivals[0].time < arrival - RATE_OVER_S:
            self._arrivals.popleft()

    def rate(self, now: float) -> float | None:
        """Return samples a second from the oldest arrival remembered to the newest; None where they are too few.

        Parameters
        ----------
        now : float
            On the host's LSL clock (s): of what has only just begun to arrive there may be more to come.
        """
        arrivals = list(self._arrivals)
        if arrivals and now - arrivals[-1].begun < TOGETHER_S:
            arrivals.pop()
        if len(arrivals) < ENOUGH:
            return None
        # The oldest one's own samples were taken before it arrived.
        return sum(one.samples for one in arrivals[1:]) / (arrivals[-1].time - arrivals[0].time)
