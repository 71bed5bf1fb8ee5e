"""What to do about an open stream that has fallen silent."""

from typing import Final

from pipeline.records import StreamInfo
from pipeline.session.config import Match
from pipeline.streams.discovery import successors
from pipeline.streams.liblsl import pylsl

#: An outlet that has not answered for this long is gone (s).
_FORGET_S: Final = 1.0
#: An outlet that answers for this long while it sends nothing may have lost our connection (s).
_ANSWERS_S: Final = 5.0


class Lookout:
    """Look for the outlet of a silent stream in the background, and for one that has taken its place.

    A silent inlet is kept as long as its outlet does not answer: after a pause of its program, or of the network, what
    came meanwhile still arrives by it. It is of no use once another outlet answers instead, since the device or its
    program was restarted, or while its own answers and sends nothing: the connection may be dead.

    Parameters
    ----------
    match : Match
        What the session file says of the stream.
    info : StreamInfo
        The stream that is silent.
    delivered : bool
        Its inlet has delivered samples; for one that never has there is no better one.
    now : float
        Seconds, only ever rising.
    """

    def __init__(self, match: Match, info: StreamInfo, *, delivered: bool, now: float) -> None:
        self._uid = info.uid
        self._delivered = delivered
        self._answers_since = now
        self._resolver = pylsl.ContinuousResolver(pred=successors(match, info), forget_after=_FORGET_S)

    def calls_for_another_inlet(self, now: float) -> bool:
        """Return whether the inlet is of no use any more."""
        answering = {handle.uid() for handle in self._resolver.results()}
        if self._uid not in answering:
            self._answers_since = now
            return bool(answering)
        return self._delivered and now - self._answers_since > _ANSWERS_S
