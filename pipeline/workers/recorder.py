"""The recorder: everything that a session stores goes into its folder, flushed to the disk every second.

A recorder that was restarted goes on with the files of its predecessor, from the last sample that reached the disk;
the store still holds what came meanwhile. What came while nothing was to be recorded is left out by its arrival, so
that it does not matter who reads how fast.
"""

import contextlib
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from pipeline.commands import Recorded
from pipeline.errors import BadInput
from pipeline.records import Event
from pipeline.session import folder
from pipeline.session.durable import refusal
from pipeline.session.files import SessionFiles
from pipeline.store.connection import StoreLost
from pipeline.store.retention import Acknowledged
from pipeline.streams.clock import local_clock
from pipeline.workers.context import Every, WorkerContext, worker_main
from pipeline.workers.disk import Disk
from pipeline.workers.growth import Growth
from pipeline.workers.recording import Known
from pipeline.workers.sorting import Sorting, everything

FLUSH_EVERY_S: Final = 1.0
#: LabRecorder's own.
BOUNDARY_EVERY_S: Final = 10.0
#: How often the log proves what was recorded (s).
_REPORT_EVERY_S: Final = 30.0
#: Longest wait for samples, and until a recording begins (s).
_WAIT_S: Final = 0.25
#: What a predecessor wrote is looked through as a whole, and in the end tables are written anew: after many hours that
#: takes longer than a loop may be silent (s).
_FILES_S: Final = 120.0


class Recorder:
    """Write down all raw streams, feature windows, estimates and events of a session, while it is recorded.

    Parameters
    ----------
    context : WorkerContext
        With the folder of the session.

    Raises
    ------
    BadInput
        There is none.
    """

    def __init__(self, context: WorkerContext) -> None:
        if context.session_dir is None:
            raise BadInput("--session-dir: is missing; give the folder to record into")
        self._context = context
        self._folder = context.session_dir
        self._known = Known(context.board)
        self._disk = Disk(self._folder)
        self._told = Recorded({}, 0, 0, "", local_clock())
        self._growth = Growth()
        now = local_clock()
        self._flush_due = Every(FLUSH_EVERY_S)
        self._report_due = Every(_REPORT_EVERY_S, first=now + _REPORT_EVERY_S)
        self._boundary_due = Every(BOUNDARY_EVERY_S, first=now + BOUNDARY_EVERY_S)

    def run(self) -> None:
        """Wait until there is something to be recorded, record until asked to stop, and then what the store holds."""
        if not self._begun():
            return
        try:
            stopped = self._write()
        except OSError as error:
            why = refusal(error)
            if not why:
                raise
            stopped = f"The recording was stopped: {self._folder} {why}; the run goes on unrecorded."
            self._note_stopped(stopped)
        if stopped:
            self._say("alarm", stopped)
            self._idle(stopped)

    def _write(self) -> str:
        """Record, and end the files; return why although the run goes on, or an empty text."""
        stopped = self._stopped_before()
        if stopped:
            return stopped  # by a predecessor, which has ended the files: to open them would cut their ends off
        self._context.pulse.beat(within_s=_FILES_S)
        files = SessionFiles(self._folder, self._context.settings)
        sorting = Sorting(self._context, files, self._known)
        try:
            self._record(files, sorting)
            stopped = "" if self._context.stop.is_set() else _nearly_full(self._folder)
            self._context.pulse.beat(within_s=_FILES_S)
            files.close(sorting.corrupt, stopped)
        except OSError:
            files.abandon()
            raise
        finally:
            sorting.close()
        return stopped

    def _stopped_before(self) -> str:
        """Return why a predecessor stopped: by the folder or, where it could not be written, by the board."""
        told = self._context.board.recorded()
        noted: str = folder.read_provenance(self._folder).get("stopped") or ""
        return noted or (told.stopped if told is not None else "")

    def _begun(self) -> bool:
        """Wait until something is to be recorded; return False when asked to stop before."""
        while not self._context.stop.is_set():
            self._context.pulse.beat()
            with contextlib.suppress(StoreLost):  # the pulse says so; it is asked again
                if self._known.recording().begun is not None:
                    return True
            self._context.stop.wait(_WAIT_S)
        return False

    def _record(self, files: SessionFiles, sorting: Sorting) -> None:
        """Record until asked to stop, or until there is no room."""
        while not self._context.stop.is_set():
            self._context.pulse.beat()
            sorting.take_chunks(_WAIT_S)
            now = local_clock()
            if not self._flush_due.due(now):
                continue
            sorting.look()
            sorting.take_results()
            if self._boundary_due.due(now):
                files.boundary()
            files.flush()
            sorting.acknowledge()
            self._prove(files, now)
            if self._disk.full:
                return
        sorting.look()
        while sorting.take_chunks(0) + sorting.take_results():
            pass

    def _prove(self, files: SessionFiles, now: float) -> None:
        """Say what has reached the disk, and what has not although it should have."""
        little = self._disk.look()
        if little:
            self._say("alarm", little)
        self._tell(files)
        try:
            paused = self._known.recording().state == "paused"
            health = [] if paused else self._context.board.stream_health()
        except StoreLost:
            return  # nothing can be recorded meanwhile, and whoever reads says that the store is lost
        if paused:
            self._growth.reset()
        for stream in self._growth.stuck(now, health, files.samples()):
            self._say("alarm", f"Stream {stream} is received, but nothing of it reaches the disk.")
        if self._report_due.due(now):
            samples = " ".join(f"{stream}:{count}" for stream, count in files.samples().items())
            self._context.log.info("recorded", bytes=files.bytes, samples=samples)

    def _tell(self, files: SessionFiles) -> None:
        self._told = Recorded(files.samples(), files.bytes, self._disk.free, "", local_clock())
        self._context.board.put_recorded(self._told)

    def _idle(self, stopped: str) -> None:
        """Go on living, so that nobody starts this again, and say why nothing is recorded."""
        acknowledged, all_of_it = Acknowledged(self._context.connection, "recorder"), everything(self._context)
        while True:
            self._context.pulse.beat()
            acknowledged.put(all_of_it)
            self._context.board.put_recorded(replace(self._told, stopped=stopped, time=local_clock()))
            if self._context.stop.wait(FLUSH_EVERY_S):
                break
        acknowledged.close()

    def _note_stopped(self, stopped: str) -> None:
        """Write down, if that is possible, that nobody is to go on with these files."""
        try:
            folder.write_provenance(self._folder, {**folder.read_provenance(self._folder), "stopped": stopped})
        except OSError as error:
            self._context.log.warning("why the recording ends could not be noted", error=error)

    def _say(self, kind: str, sentence: str) -> None:
        self._context.log.warning(sentence)
        self._context.board.append_event(Event(local_clock(), kind, sentence, "recorder"))


def _nearly_full(path: Path) -> str:
    return f"The recording was stopped: {path} is nearly full; the run goes on unrecorded."


def run(context: WorkerContext) -> None:
    """Record until asked to stop."""
    Recorder(context).run()


if __name__ == "__main__":
    worker_main("recorder", run)
