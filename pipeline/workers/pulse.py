"""A worker's proof that its main loop runs, on the session's board."""

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.states import Heartbeat
from pipeline.store.board import Board
from pipeline.streams.clock import local_clock

#: How often a heartbeat is written (s); a writing that a store which came back empty is noticed by, too.
BEAT_EVERY_S: Final = 0.25
#: A loop that is silent for this long hangs, unless it said that it would be (s). A store that does not answer holds a
#: loop up for 5 s; a process that was paused for 8 s may go on.
SILENT_S: Final = 9.0


@dataclass(frozen=True)
class _Beat:
    time: float
    within_s: float

    @property
    def due(self) -> float:
        return self.time + self.within_s


class Pulse:
    """Write a worker's heartbeat. May be used by many threads, each with a loop of its own.

    Of several loops the one counts that has been silent for longest: if one hangs, the worker does.

    Parameters
    ----------
    board : Board
        Where it is written.
    kind, what : str
        The worker, as the supervisor knows it.
    """

    def __init__(self, board: Board, kind: str, what: str) -> None:
        self._board = board
        self._kind, self._what = kind, what
        self._lock = threading.Lock()
        self._loops: dict[str, _Beat] = {}
        self._next = float("-inf")

    def expect(self, loops: Iterable[str]) -> None:
        """Name the loops, where there is more than one."""
        now = local_clock()
        with self._lock:
            self._loops.update(dict.fromkeys(loops, _Beat(now, SILENT_S)))

    def beat(self, loop: str = "", *, within_s: float = SILENT_S) -> None:
        """Prove that a loop runs; call it in each round.

        Parameters
        ----------
        loop : str
            Which of the worker's loops.
        within_s : float
            What comes now may take this long until the next beat (s).
        """
        now = local_clock()
        with self._lock:
            before = self._loops.get(loop)
            self._loops[loop] = _Beat(now, within_s)
            if now < self._next and (before is None or before.within_s == within_s):
                return
            self._next = now + BEAT_EVERY_S
            oldest = min(self._loops.values(), key=lambda beat: beat.due)
        self._board.put_heartbeat(self._kind, self._what, Heartbeat(os.getpid(), oldest.time, oldest.within_s))
