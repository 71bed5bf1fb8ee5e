"""Record, pause, stop, note, choose a model: what an operator may ask of a running session, and what comes of it."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pipeline.commands import Answer, Command, Recording
from pipeline.errors import BadInput
from pipeline.log import get_log
from pipeline.records import Event
from pipeline.session.ratings import RATING, rating_in
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection, StoreLost
from pipeline.store.ring import BlockingReader
from pipeline.streams.clock import local_clock
from pipeline.workers.choosing import Choosing
from pipeline.workers.recording import LEAD_S

#: The longest wait before it is seen that the run is over (s).
_WAIT_S: Final = 0.5
#: What is asked for, where its name does not say it.
_ASKED: Final = {"model": "choose the model"}
#: What does not fit a state, and why.
_REFUSED: Final = {
    ("record", "recording"): "it is being recorded already",
    ("record", "off"): "it was started with --no-record",
    ("pause", "off"): "nothing is recorded",
    ("pause", "set-up"): "the recording has not begun; `helo control record` begins it",
    ("pause", "paused"): "it is paused already",
}


class Control:
    """Whether a session is recorded: says so on the board, and changes it as it is asked to.

    Parameters
    ----------
    board : Board
        The session's.
    state : str
        In which it begins: off, set-up or recording.
    amiss : callable
        Says why a recording should not begin now, each reason in words; nothing where it may.
    choosing : Choosing
        Of the model.

    Attributes
    ----------
    stop : threading.Event
        Set when the run is asked to stop.
    """

    def __init__(self, board: Board, state: str, amiss: Callable[[], Sequence[str]], choosing: Choosing) -> None:
        self.stop = threading.Event()
        self._board = board
        self._amiss = amiss
        self._choosing = choosing
        self._log = get_log("supervisor")
        self._recording = Recording(state, ((local_clock(), None),) if state == "recording" else ())
        board.put_recording(self._recording)

    def obey(self, command: Command) -> Answer:
        """Do what a command asks for, if it fits the state; it is an event in either case."""
        try:
            return self._obey(command)
        except Exception as error:  # noqa: BLE001 - logged, and said to whoever asked; whoever asks next is heard, too
            sentence = f"Failed to {_asked(command)}: {' '.join(str(error).split())}; see the log."
            self._log.error(sentence, asked_by=command.who, exc_info=True)
            self._tell(command, "failed", sentence)
            return Answer(command.id, False, sentence, False)

    def end(self) -> None:
        """Begin nothing more that takes its time."""
        self._choosing.end()

    def _obey(self, command: Command) -> Answer:
        why_not = self._why_not(command)
        red = self._red(command) if not why_not else ""
        despite = command.arguments.get("despite", "").strip()
        overridable = bool(red) and not despite
        if overridable:
            why_not = f"{red}; give a reason to record despite that"
        sentence = ""
        if not why_not:
            try:
                sentence = self._do(command)
            except BadInput as error:
                why_not = str(error)
        if why_not:
            sentence = f"Refused to {_asked(command)}: {why_not}."
        if red and despite:
            sentence = f"{sentence[:-1]} although {red}: {despite.rstrip('.')}."
        if not why_not and command.what in {"note", RATING}:
            self._board.append_event(Event(_moment(command), command.what, command.arguments["text"], command.who))
        else:
            self._tell(command, "refused" if why_not else command.what, sentence)
        self._log.info(sentence, asked_by=command.who)
        return Answer(command.id, not why_not, sentence, overridable)

    def _tell(self, command: Command, kind: str, sentence: str) -> None:
        """Say as an event what came of a command, and who asked."""
        self._board.append_event(Event(local_clock(), kind, f"{sentence[:-1]}, asked by {command.who}.", "operator"))

    def _why_not(self, command: Command) -> str:
        """Return why a command cannot be obeyed; empty where it can."""
        if command.what == RATING:
            return _bad_rating(command.arguments)
        if command.what not in {"record", "pause", "stop", "note", "model"}:
            return "no such command; there are record, pause, stop, note and model"
        if command.what == "note":
            return _bad_note(command.arguments)
        if command.what == "model" and self._recording.state != "set-up":
            return "that is possible in set-up alone, before anything is recorded (`--setup`)"
        recorded = self._stopped() if command.what in {"record", "pause"} else ""
        return recorded or _REFUSED.get((command.what, self._recording.state), "")

    def _red(self, command: Command) -> str:
        """Return what the pre-flight says against beginning to record; empty where it is not asked, or all is well."""
        if command.what != "record" or self._recording.spans:
            return ""
        try:
            return "; ".join(self._amiss())
        except StoreLost:
            return "the store does not answer"

    def _stopped(self) -> str:
        """Return why the recorder records nothing any more; empty where it does."""
        try:
            recorded = self._board.recorded()
        except StoreLost:
            return "the store does not answer; ask again in a moment"
        return recorded.stopped.rstrip(".") if recorded is not None else ""

    def _do(self, command: Command) -> str:
        if command.what in {"note", RATING}:
            begun = self._recording.begun
            heard = begun is not None and _moment(command) >= begun
            return "Noted." if heard else "Noted; it is of a time before the recording, and will not be in it."
        if command.what == "model":
            return self._choosing.take(command.arguments)
        if command.what == "stop":
            self.stop.set()
            return "The session is being stopped."
        spans, at = self._recording.spans, local_clock() + LEAD_S
        if command.what == "pause":
            self._change("paused", (*spans[:-1], (spans[-1][0], at)))
            return "The recording is paused."
        self._change("recording", (*spans, (at, None)))
        return "The recording goes on." if spans else "The recording begins."

    def _change(self, state: str, spans: tuple[tuple[float, float | None], ...]) -> None:
        self._recording = Recording(state, spans)
        self._board.put_recording(self._recording)


def _asked(command: Command) -> str:
    """Return what a command asks for, in words."""
    return _ASKED.get(command.what, command.what)


def _moment(note: Command) -> float:
    """Return when what a note tells of happened, or a rating was given (s)."""
    return float(note.arguments["time"])


def _bad_note(arguments: dict[str, str]) -> str:
    """Return what is wrong with a note; empty where nothing is."""
    if not arguments.get("text", "").strip():
        return "the note is empty"
    try:
        fine = -math.inf < float(arguments.get("time", "")) <= local_clock()
    except ValueError:
        fine = False
    return "" if fine else f"its time is {arguments.get('time')!r}, and must be one on the LSL clock that is past"


def _bad_rating(arguments: dict[str, str]) -> str:
    """Return what is wrong with a rating; empty where nothing is."""
    try:
        rating_in(arguments["text"])
        fine = math.isfinite(float(arguments["time"]))
    except (KeyError, ValueError) as error:
        return f"it is no rating of a trial ({error})"
    return "" if fine else "its time is no moment"


class _Obeying(threading.Thread):
    """Waits for commands and hands them to the control."""

    def __init__(self, connection: Connection, session: str, board: Board, control: Control) -> None:
        super().__init__(name="commands", daemon=True)
        self.ended = threading.Event()
        self._board = board
        self._control = control
        self._reader = BlockingReader(connection, {keys.commands(session): ids.START}, Command)

    def run(self) -> None:
        while not self.ended.is_set():
            for entry in self._reader.read(_WAIT_S):
                self._board.append_answer(self._control.obey(entry.record))
        self._reader.close()


@contextmanager
def obeying(connection: Connection, session: str, board: Board, control: Control) -> Iterator[None]:
    """Obey the commands that come while the block runs."""
    thread = _Obeying(connection, session, board, control)
    thread.start()
    try:
        yield
    finally:
        thread.ended.set()
        control.end()
        thread.join()
