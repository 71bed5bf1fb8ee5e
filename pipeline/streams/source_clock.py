"""From a source's stamps to the host's LSL clock: the offset in force, and what it rests on.

A source on LSL stamps by its machine's LSL clock, and liblsl measures how far that is from ours (`pipeline.streams.
probes`). A device may stamp by a clock of its own instead: Unix time, or the time since it was switched on. Such stamps
lie far from the time at which they arrive; they are mapped by it: the offset is the least ``arrival - stamp`` of every
two seconds, filtered as probes are. It is too large by the shortest way that a sample takes, which nobody can measure
from here. The same holds for stamps that jumped against their own history, until liblsl's offset fits them again.
"""

import math
import time
from collections import deque
from typing import Final

from pipeline.records import Array
from pipeline.streams.continuity import ANNOUNCED_S
from pipeline.streams.offsets import OffsetFilter
from pipeline.streams.probes import Probe

#: The offset in force follows the estimate only when they differ by more than this (s), or by more than chance
#: explains: half of what a reader of our XDF may differ by, and a fortieth of a sample at 500 Hz.
STEP_S: Final = 50e-6
#: A stream's stamps are foreign if they are later than their arrival by more than this (s; `ANNOUNCED_S` of irregular
#: streams such as markers, which may announce something), or so much earlier.
AHEAD_S: Final = 0.25
BEHIND_S: Final = 60.0
#: The least delay of this long is one measurement (s).
BLOCK_S: Final = 2.0
#: So many of these must agree that a clock has jumped: a network that stalls delays samples, too.
_CONFIRMED_BY: Final = 3
#: Stamps that lie this close to liblsl's offset again are stamps of LSL (s).
_AGREE_S: Final = 0.05
_UNIX_WITHIN_S: Final = 86_400.0

LSL: Final = "LSL"
UNIX: Final = "Unix time"
OWN: Final = "a clock of its own"


class SourceClock:
    """The clock offset in force of one open stream.

    Parameters
    ----------
    first : Probe
        liblsl's first measurement.
    regular : bool
        The stream has a nominal rate.

    Attributes
    ----------
    offset : float
        The offset in force (s).
    kind : str
        What the stamps are: `LSL`, `UNIX` or `OWN`; empty before the first sample.
    """

    def __init__(self, first: Probe, *, regular: bool) -> None:
        self._probed = OffsetFilter(first)
        self._arrived: OffsetFilter | None = None
        self._ahead_s = AHEAD_S if regular else ANNOUNCED_S
        self._least = math.inf
        self._block_ends = math.inf
        self._delays: deque[float] = deque(maxlen=24)
        self.offset = first.offset
        self.kind = ""

    @property
    def settling(self) -> bool:
        """Whether the estimate is not good yet."""
        return not self._estimate.settled

    @property
    def drift(self) -> float:
        """By how much the offset grows (s/s)."""
        return self._estimate.drift

    @property
    def round_trip(self) -> float | None:
        """How long question and answer to the source took (s); None where its stamps are mapped by their arrival."""
        return self._probed.round_trip if self._arrived is None else None

    def probe(self, probe: Probe | None, now: float) -> float:
        """Take liblsl's newest measurement, if there is one, and let the offset follow.

        Returns
        -------
        float
            By how much the source's clock has jumped (s); 0 if it has not.
        """
        jumped = 0.0 if probe is None else self._probed.add(probe)
        if self._arrived is None:
            self._follow(now, at_once=jumped != 0)
            return -jumped
        if abs(self._probed.at(now) - self._arrived.at(now)) < _AGREE_S:
            self._arrived, self.kind = None, LSL
            self._follow(now, at_once=True)
        return 0.0

    def recognize(self, stamps: Array, arrival: float) -> None:
        """Tell from the first stamps what they are; later ones change nothing.

        Parameters
        ----------
        stamps : Array
            Those that arrived together, at least one (s).
        arrival : float
            When they did, on the host's LSL clock (s).
        """
        if self.kind:
            return
        first = float(stamps[0])
        if -self._ahead_s <= arrival - first - self.offset <= BEHIND_S:
            self.kind = LSL
            return
        self.jumped(arrival - float(stamps[-1]), arrival)
        self.kind = UNIX if abs(first - time.time()) < _UNIX_WITHIN_S else OWN

    def hear(self, stamp: float, arrival: float) -> float:
        """Compare a newest stamp with its arrival; call it with each pull, after its samples were judged.

        Returns
        -------
        float
            By how much the stamps have jumped against what they were mapped by (s); 0 if they have not.
        """
        self._least = min(self._least, arrival - stamp)
        if math.isinf(self._block_ends):
            self._block_ends = arrival + BLOCK_S
        if arrival < self._block_ends:
            return 0.0
        least, self._least, self._block_ends = self._least, math.inf, arrival + BLOCK_S
        return self._close_block(least, arrival)

    def jumped(self, offset: float, now: float) -> None:
        """Map by arrival from here on: the stamps jumped, and with this offset they go on where they were."""
        self.kind = self.kind if self._arrived is not None else OWN
        self._arrived = OffsetFilter(Probe(now, offset, 0.0), confirmed_by=_CONFIRMED_BY)
        self._least, self._block_ends = math.inf, math.inf
        self.offset = offset

    @property
    def _estimate(self) -> OffsetFilter:
        return self._probed if self._arrived is None else self._arrived

    def _close_block(self, least: float, now: float) -> float:
        if self._arrived is not None:
            jumped = self._arrived.add(Probe(now, least - self._usual_delay, 0.0))
            self._follow(now, at_once=jumped != 0)
            return -jumped
        delay = least - self.offset
        if delay < -self._ahead_s:
            self.jumped(least - self._usual_delay, now)
            return self._usual_delay - delay
        self._delays.append(delay)
        return 0.0

    @property
    def _usual_delay(self) -> float:
        """How late samples arrived while their stamps could be believed (s)."""
        return sorted(self._delays)[len(self._delays) // 2] if self._delays else 0.0

    def _follow(self, now: float, *, at_once: bool = False) -> None:
        estimate = self._estimate
        offset = estimate.at(now)
        if at_once or abs(offset - self.offset) > max(STEP_S, 2 * estimate.noise):
            self.offset = offset
