"""What a worker knows of whether the session is recorded: early enough for every chunk."""

from typing import Final

from pipeline.commands import Recording
from pipeline.store.board import Board
from pipeline.store.connection import StoreLost
from pipeline.streams.clock import local_clock
from pipeline.workers.context import Every

#: So long after it was put on the board a change takes effect (s).
LEAD_S: Final = 0.25
#: How old what is known may be (s): less than `LEAD_S`, so that no chunk is judged by what held before it arrived.
KNOWN_S: Final = 0.1


class Known:
    """Looks at the board again and again, but not with every chunk."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._due = Every(KNOWN_S)
        self._recording: Recording | None = None

    def recording(self) -> Recording:
        """Return whether the session is recorded.

        A store that came back empty is filled again by the supervisor: until then what was known holds.

        Raises
        ------
        StoreLost
            It cannot be known yet.
        """
        if self._due.due(local_clock()) or self._recording is None:
            self._recording = self._board.recording() or self._recording
        if self._recording is None:
            raise StoreLost("the supervisor has not said yet whether the session is recorded")
        return self._recording
