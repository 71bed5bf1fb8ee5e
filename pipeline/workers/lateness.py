"""When a tick may be called late: only if the store was there to bring what it lacks."""

from typing import Final

#: A stream that was silent for this long before the store went is not waited for (s).
_SILENT_S: Final = 2.0
#: So long after the store is back every writer has noticed: a server's answer is waited for 5 s, a new try for 1 s.
_SETTLED_S: Final = 6.5


class Lateness:
    """Say whether the clock may be asked.

    While the store is away readers keep what arrives, and send it when it is back. So nothing is late until each
    stream that was flowing has sent something that arrived after the return; or until all have had time for it.
    """

    def __init__(self) -> None:
        self._arrived: dict[str, float] = {}
        self._waited_for: set[str] = set()
        self._back = float("-inf")

    def arrived(self, stream: str, arrival: float) -> None:
        """Note up to when a stream has come (s): when a chunk arrived at its reader, earlier if it was old by then."""
        self._arrived[stream] = max(arrival, self._arrived.get(stream, arrival))

    def away(self, since: float, until: float) -> None:
        """Note that the store did not answer, or not in time, from `since` until `until` (s)."""
        self._waited_for |= {stream for stream, arrival in self._arrived.items() if arrival > since - _SILENT_S}
        self._back = until

    def may_judge(self, now: float) -> bool:
        """Return whether a tick that has no data at `now` (s) will get none."""
        if now > self._back + _SETTLED_S:
            self._waited_for.clear()
        self._waited_for = {stream for stream in self._waited_for if self._arrived[stream] <= self._back}
        return not self._waited_for
