"""The supervisor of one session: starts its processes, restarts what dies, stops all in order."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from pipeline.errors import BadInput
from pipeline.log import get_log
from pipeline.records import Event
from pipeline.session.holding import hold
from pipeline.states import ProcessHealth
from pipeline.store.board import Board
from pipeline.store.server import READY
from pipeline.streams.clock import local_clock
from pipeline.workers.child import BAD_INPUT_STATUS, Child, ProcessSpec, stop_in_order

#: Everything must have ended this long after Ctrl-C (s).
STOP_WITHIN_S = 4.5
_STORE_WITHIN_S = 10.0
#: How a worker marks the line that says why it cannot go on.
_FATAL = " critical "


class Supervisor:
    """Keep the processes of one session alive.

    Parameters
    ----------
    session : str
        Name of the session.
    specs : sequence of ProcessSpec
        What to start, the store first.
    log_file : Path
        Where every line that a process writes to stderr is kept; held until the end, which tells that the session runs.
    echo : callable
        Called with each such line, and with the supervisor's own sentences.
    """

    def __init__(
        self, session: str, specs: Sequence[ProcessSpec], *, log_file: Path, echo: Callable[[str], None]
    ) -> None:
        self.children = [Child(spec, self._changed, self._line) for spec in specs]
        self.failed = threading.Event()
        """Set when a required process was given up because its input was bad; `fault` then says why."""
        self.fault = ""
        self._session = session
        self._unwritten: deque[Event] = deque()
        self._store_ready = threading.Event()
        self._last_line = "it said nothing"
        self._echo = echo
        self._log = get_log("supervisor", session=session)
        self._log_file = log_file
        self._lines = log_file.open("ab", buffering=0)  # so that nothing waits where the disk takes nothing
        self._log_lost = False
        try:
            hold(self._lines.fileno())
        except OSError as error:
            self._log.warning("this disk knows no locks: do not open the session while it runs", error=error)
        self._lock = threading.Lock()

    @property
    def restarts(self) -> int:
        """How often a process was started again."""
        return sum(child.restarts for child in self.children)

    def gave_up(self, kinds: Collection[str]) -> bool:
        """Return whether a process of these kinds died so often that it is not started again."""
        return any(child.state == "failed" for child in self.children if child.spec.kind in kinds)

    def start(self, kinds: Collection[str] | None = None) -> None:
        """Start the processes of these kinds, or all that have not been started."""
        for child in self.children:
            if child.ident is None and (kinds is None or child.spec.kind in kinds):
                child.start()

    def wait_for_store(self) -> None:
        """Wait until the embedded server takes connections.

        Raises
        ------
        BadInput
            It does not within ten seconds.
        """
        if not self._store_ready.wait(_STORE_WITHIN_S):
            raise BadInput(f"the embedded store did not start ({self._last_line}); run `helo doctor`")

    def publish(self, board: Board) -> None:
        """Write what happened since the last call, and how each process is doing, to the store."""
        while self._unwritten:
            board.append_event(self._unwritten.popleft())
        for child in self.children:
            health = (child.spec.kind, child.spec.what, child.pid, child.state, child.restarts)
            board.put_process(ProcessHealth(*health, local_clock()))

    def renew(self, kinds: Collection[str]) -> None:
        """Have other processes in the place of those of these kinds, which have ended when this returns."""
        for child in self.children:
            if child.spec.kind in kinds:
                child.renew(STOP_WITHIN_S)

    def stop_all_but(self, kind: str) -> None:
        """Stop the processes of all other kinds, in order, within `STOP_WITHIN_S`."""
        others = [child for child in self.children if child.spec.kind != kind and child.ident is not None]
        stop_in_order(others, within_s=STOP_WITHIN_S)

    def stop(self) -> None:
        """Stop everything, in order, within `STOP_WITHIN_S`."""
        stop_in_order([child for child in self.children if child.ident is not None], within_s=STOP_WITHIN_S)
        with contextlib.suppress(OSError):  # nothing waits in it
            self._lines.close()

    def _changed(self, child: Child, sentence: str) -> None:
        if sentence:
            self._log.warning(sentence)
            self._unwritten.append(Event(local_clock(), "restart", sentence, "supervisor"))
        if child.state == "failed" and child.status == BAD_INPUT_STATUS and child.spec.required:
            self.fault = self.fault or f"{child.spec.label}: {self._last_line}"
            self.failed.set()

    def _keep(self, line: str) -> None:
        """Write a line into the log; a disk that takes none costs the log, not the processes that are watched here."""
        try:
            self._lines.write(f"{line}\n".encode())
        except OSError as error:
            if not self._log_lost:
                self._log_lost = True
                self._echo(f"{self._log_file}: cannot be written ({error.strerror}); lines of the log may be missing.")

    def _line(self, child: Child, line: str) -> None:
        with self._lock:
            self._last_line = line
            if READY in line:
                self._store_ready.set()
            if _FATAL in line:
                self.fault = line.split(_FATAL, 1)[1]
            if not self._lines.closed:
                self._keep(line)
        if child.spec.kind != "store":  # whose chatter helps only somebody who reads the whole log
            self._echo(line)
