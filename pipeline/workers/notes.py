"""The notes worker: what an operator notes goes out as LSL markers, for whoever records beside this session."""

from collections import deque

import numpy as np

from pipeline.records import Event
from pipeline.states import Noted
from pipeline.store import ids, keys
from pipeline.store.ring import BlockingReader
from pipeline.streams.outlet import RETURN_S, Outlet
from pipeline.workers.context import WorkerContext, worker_main
from pipeline.workers.markers import marker_stream

#: By so many it is known that a store which came back empty was told a note again.
_KNOWN = 1000


class NoteWorker:
    """Send each note once, at the time of what it tells.

    A worker that was restarted sends what its predecessor did not, once those who were reading are back.
    """

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._sent: deque[tuple[float, str, str, str]] = deque(maxlen=_KNOWN)
        before = context.board.noted()
        self._awaited = before is not None and before.read
        self._key = keys.events(context.session)
        follow = {self._key: before.event if before is not None else ids.START}
        self._reader = BlockingReader(context.connection, follow, Event)

    def run(self) -> None:
        """Send until asked to stop."""
        with Outlet(marker_stream(self._context.session, "note")) as outlet:
            while not self._context.stop.is_set():
                self._context.pulse.beat()
                for entry in self._reader.read(0.25):
                    if entry.record.kind == "note" and entry.record.identity not in self._sent:
                        self._send(outlet, entry.record)
                        self._context.board.put_noted(Noted(entry.id, outlet.has_consumers))
        self._reader.close()

    def _send(self, outlet: Outlet, note: Event) -> None:
        if self._awaited:
            self._awaited = False
            outlet.wait_for_consumers(RETURN_S)
        outlet.push([[note.text]], np.array([note.time]))
        self._sent.append(note.identity)


def run(context: WorkerContext) -> None:
    """Send until asked to stop."""
    NoteWorker(context).run()


if __name__ == "__main__":
    worker_main("notes", run)
