"""How late samples arrive: what tells a real gap from a clock that leapt ahead."""

import math
from typing import Final

#: How late samples usually are is known after this long (s).
_STEADY_S: Final = 2.0


class LeastDelay:
    """The least delay, from stamp plus offset to arrival, of a stream since its clock is what it is."""

    def __init__(self) -> None:
        self._least = math.inf
        self._since = math.inf

    def add(self, late: float, arrival: float) -> None:
        """Note how late (s) the newest sample was that arrived at `arrival` (s)."""
        self._least = min(self._least, late)
        self._since = min(self._since, arrival)

    def closer(self, late: float, arrival: float) -> float:
        """Return by how much a sample is less late than any before (s).

        Parameters
        ----------
        late : float
            How late it is (s); negative if its stamp is ahead of its arrival.
        arrival : float
            When it arrived (s). While the stream is new it may be catching up, and is compared with its arrival itself.
        """
        steady = arrival - self._since >= _STEADY_S
        return (self._least if steady else min(self._least, 0.0)) - late
