"""One reader of the store for all viewers of this server."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from dashboard import controlled, used
from dashboard.bell import Bell
from dashboard.encoding import encoded
from dashboard.history import Minutes
from dashboard.picture import Sent, compose
from dashboard.rating import UNKNOWN
from dashboard.run import Run
from dashboard.signals.choice import Choice
from dashboard.signals.compose import SentSignals
from dashboard.signals.compose import compose as compose_signals
from dashboard.signals.watched import Watched
from dashboard.situation import Situation
from pipeline.errors import BadInput, RunFailed
from pipeline.log import get_log
from pipeline.session.ratings import RATING
from pipeline.store.asking import ask
from pipeline.store.board import Board
from pipeline.store.codec import CorruptRecord
from pipeline.store.connection import Connection, StoreLost, connect
from pipeline.streams.clock import local_clock

#: Longest wait for something new (s).
WAIT_S: Final = 0.25
#: The board is read about this often (s); a silent store is tried again as often.
BOARD_S: Final = 0.5
#: The first viewer waits at most so long for what is there (s), instead of being shown that nothing is, and then all.
FIRST_S: Final = 5.0
#: A wall clock that is off by more (s) was set, or stood still while the machine slept: times are told by it anew.
STEP_S: Final = 0.5
#: Exit status of a server whose reader failed.
FAILED_STATUS: Final = 70

_UNREACHABLE: Final = "The store does not answer."


class Feed:
    """Follows a session from its own thread, over restarts of the store and of the session.

    Parameters
    ----------
    store_url : str
        Where the store is.
    session : str
        Name of the session.
    wall : callable
        The host's wall clock (epoch seconds).
    """

    def __init__(self, store_url: str, session: str, *, wall: Callable[[], float] = time.time) -> None:
        self.bell = Bell()
        """Rings for each participant of whom there are new estimates."""
        self._url = store_url
        self._session = session
        self._run: Run | None = None
        self._fault = ""
        self._ended = threading.Event()
        self._looked = threading.Event()
        self._wall = wall
        self._epoch = wall() - local_clock()
        self._log = get_log("dashboard", session=session)
        self._thread = threading.Thread(target=self._work, name="feed", daemon=True)
        self._thread.start()

    def participants(self) -> list[str]:
        """Return the participants of the session; empty before it is there.

        Waits until the store was looked at for the first time, at most `FIRST_S`.
        """
        self._looked.wait(FIRST_S)
        run = self._run
        return list(run.session.participants) if run else []

    def update(self, participant: str, sent: Sent | None) -> tuple[bytes, Sent]:
        """Return what a page that has been sent so much is to be sent now, encoded, and what it has then.

        Parameters
        ----------
        participant : str
            Whom the page shows.
        sent : Sent or None
            What it has been sent, as the last call returned it; None for a new page.
        """
        run = self._run
        if run is None or participant not in run.session.participants:
            now = local_clock()
            update, sent = compose(Situation(now=now, store_fault=self._fault), Minutes(), self._epoch, sent)
            return encoded(update), sent
        return run.update(participant, local_clock(), self._fault, sent)

    def used(self, participant: str) -> dict[str, Any]:
        """Return what the page is to be sent now that shows what the model used; see `dashboard.used.compose`."""
        run, now = self._run, local_clock()
        if run is None or participant not in run.session.participants:
            return used.compose(Situation(now=now, store_fault=self._fault), [], None, self._epoch)
        return run.used(participant, now, self._fault)

    def control(self, participant: str) -> dict[str, Any]:
        """Return what the control page is to be sent now; see `dashboard.controlled.compose`."""
        run, now = self._run, local_clock()
        if run is None or participant not in run.session.participants:
            return controlled.compose(Situation(now=now, store_fault=self._fault), self._epoch, {})
        return run.control(participant, now, self._fault)

    def signals(self, participant: str, choice: Choice, sent: SentSignals | None) -> tuple[dict[str, Any], SentSignals]:
        """Return what the page of signals is to be sent now, that has been sent so much; see `dashboard.signals`."""
        run, now = self._run, local_clock()
        if run is None or participant not in run.session.participants:
            return compose_signals(Situation(now=now, store_fault=self._fault), Watched(), choice, self._epoch, sent)
        return run.signals(participant, now, self._fault, choice, sent)

    def rating(self, participant: str) -> dict[str, Any]:
        """Return what a participant's own page is to be sent now; see `dashboard.rating.Ratings.page`."""
        run = self._run
        return UNKNOWN if run is None or self._fault else run.rating(participant)

    def rate(self, participant: str, said: Mapping[str, Any]) -> None:
        """Pass on what a participant's page says was rated; it says so again until it is stored.

        Parameters
        ----------
        participant : str
            Whose page it is.
        said : mapping
            A `dashboard.rating.Said`.

        Raises
        ------
        ValueError
            No page of ours says such a thing.
        """
        run = self._run
        rating = run.rated(participant, said) if run is not None else None
        if run is None or rating is None:
            return
        time = repr(local_clock() - float(said["seconds_ago"]))
        try:
            answer = ask(self._url, self._session, RATING, f"{participant}/{RATING}", text=rating.as_text(), time=time)
        except (BadInput, RunFailed, StoreLost) as error:
            self._log.warning("a rating is not stored yet; the page will say it again", error=error)
            return
        if answer.done:
            run.note_rated(rating)
        else:
            self._log.error("a rating was refused", why=answer.sentence)

    def close(self) -> None:
        """Stop following."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001 - logged, and the process ends
            # A page that no longer moves must not look alive: the supervisor starts the dashboard again, and says so.
            self._log.critical("the reader of the store failed", error=error, exc_info=True)
            os._exit(FAILED_STATUS)

    def _follow(self) -> None:
        while not self._ended.is_set():
            try:
                connection = connect(self._url, source="the store")
            except (BadInput, StoreLost) as error:
                self._tell(_UNREACHABLE, str(error))
                self._ended.wait(BOARD_S)
                continue
            self._follow_sessions(connection)
            connection.close()

    def _follow_sessions(self, connection: Connection) -> None:
        board = Board(connection, self._session)
        looked = float("-inf")
        while not self._ended.is_set():
            try:
                if local_clock() - looked >= BOARD_S:
                    self._look(connection, board)
                    looked = local_clock()
            except StoreLost as error:
                self._tell(_UNREACHABLE, str(error))
                looked = local_clock()
            except CorruptRecord as error:
                self._tell(f"The store holds a record that this version of helo cannot read: {error}.", str(error))
                looked = local_clock()
            if self._run is None:
                self._ended.wait(BOARD_S)
            else:
                self.bell.ring(self._run.read(WAIT_S))
        if self._run is not None:
            self._run.close()

    def _look(self, connection: Connection, board: Board) -> None:
        session, epoch = board.session(), self._wall() - local_clock()
        stepped = abs(epoch - self._epoch) > STEP_S
        if stepped:
            self._epoch = epoch
        if session is not None and (stepped or self._run is None or self._run.session.started != session.started):
            before, self._run = self._run, Run(connection, session, self._epoch)
            if before is not None:
                before.close()
        if self._run is not None:
            self._run.look(board, local_clock(), epoch - self._epoch)
        self._tell("", "")

    def _tell(self, fault: str, why: str) -> None:
        if fault and fault != self._fault:
            self._log.warning(fault, why=why)
        self._fault = fault
        self._looked.set()
