"""When a tick may be called late: only if the store was there to bring what it lacks."""

from typing import Final

#: A stream that was silent for this long before the store went is not waited for (s).
_SILENT_S: Final = 2.0
#: So long after a store that was lost is back every writer has noticed: a server's answer is waited for 5 s, a new try
#: for 1 s.
_FOUND_AGAIN_S: Final = 6.5
#: A store that kept us waiting for longer than this may have been given up by others, who wait for 5 s at most (s).
_MAY_BE_LOST_S: Final = 3.0
#: A store that was only slow answered its writers when it answered us: they go on at once, here at the latest (s).
_AT_ONCE_S: Final = 0.5


class Lateness:
    """Say whether the clock may be asked.

    While the store is away readers keep what arrives, and send it when it is back. So nothing is late until each
    stream that was flowing has sent something that arrived after the return; or until all have had time for it. On a
    busy machine every answer may be slow: a stream that fell silent is waited for once, not after each of them.
    """

    def __init__(self) -> None:
        self._arrived: dict[str, float] = {}
        self._waited_for: dict[str, tuple[float, float]] = {}
        """Stream that has sent nothing since the store's return -> until when (s) it is waited for, and until when at
        most, whatever further answers are slow.
        """
        self._back = float("-inf")

    def arrived(self, stream: str, arrival: float) -> None:
        """Note up to when a stream has come (s): when a chunk arrived at its reader, earlier if it was old by then."""
        self._arrived[stream] = newest = max(arrival, self._arrived.get(stream, arrival))
        if newest > self._back:
            self._waited_for.pop(stream, None)

    def away(self, since: float, until: float, *, lost: bool) -> None:
        """Note that the store did not answer, or not in time.

        Parameters
        ----------
        since, until : float
            From when until when (s).
        lost : bool
            There was no answer at all.
        """
        lasted = until - since
        given_up = lost or lasted > _MAY_BE_LOST_S
        patience = _FOUND_AGAIN_S if given_up else max(lasted, _AT_ONCE_S)
        for stream, arrival in self._arrived.items():
            still = self._waited_for.get(stream)
            if still is not None and not given_up:
                self._waited_for[stream] = min(still[0] + lasted, still[1]), still[1]
            elif arrival > since - _SILENT_S or (still is not None and still[0] >= since):
                self._waited_for[stream] = until + patience, until + _FOUND_AGAIN_S
        self._back = until

    def may_judge(self, now: float) -> bool:
        """Return whether a tick that has no data at `now` (s) will get none."""
        return all(until < now for until, _ in self._waited_for.values())
