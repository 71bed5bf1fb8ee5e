"""A writer's own connection: it notices every loss, and opens anew with a growing pause between tries."""

import contextlib
import time
from collections.abc import Callable
from typing import Final

from pipeline.log import get_log
from pipeline.store.connection import Connection, StoreLost

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0


class Pause:
    """The pause before the next try: doubled with every failure, reset by a success."""

    def __init__(self) -> None:
        self._seconds = FIRST_PAUSE_S

    def next(self) -> float:
        """Return how long to pause after a failure (s)."""
        seconds, self._seconds = self._seconds, min(2 * self._seconds, LONGEST_PAUSE_S)
        return seconds

    def reset(self) -> None:
        """Note a success."""
        self._seconds = FIRST_PAUSE_S


class Link:
    """A dedicated connection whose every opening is followed by a look at what the store still has.

    Parameters
    ----------
    connection : Connection
        Says where the store is.
    resume : callable
        Called with the new connection after each opening, before anything else uses it.
    what : str
        Who uses it, for the log.
    clock : callable
        Seconds, only ever rising.
    """

    def __init__(
        self,
        connection: Connection,
        resume: Callable[[Connection], None],
        *,
        what: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._resume = resume
        self._clock = clock
        self._log = get_log("store", user=what)
        self._opened: Connection | None = None
        self._pause = Pause()
        self._next_try = float("-inf")
        self.lost = False

    def run(self, action: Callable[[Connection], None]) -> bool:
        """Run `action` with the connection and return True; False while the store is lost."""
        if self._opened is None and self._clock() < self._next_try:
            return False
        try:
            if self._opened is None:
                self._opened = self._open()
            action(self._opened)
        except StoreLost as error:
            self.close()
            self._next_try = self._clock() + self._pause.next()
            if not self.lost:
                self._log.warning("store lost; what is written is kept until it is back", error=error)
            self.lost = True
            return False
        if self.lost:
            self._log.info("store is back")
        self.lost = False
        self._pause.reset()
        return True

    def _open(self) -> Connection:
        with contextlib.ExitStack() as undo:
            opened = self._connection.dedicated()
            undo.callback(opened.close)
            self._resume(opened)
            undo.pop_all()
        return opened

    def close(self) -> None:
        """Close the connection; the next `run` opens another."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None
