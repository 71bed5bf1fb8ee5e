"""Where a stream's chunks go: into its ring buffer, and into a journal for the reader that comes after.

The store forgets when it dies, and what it forgot its writers send again. A reader may die together with it: then the
next one has the journal, which holds what was written in the last minute, and how far the counting had come.
"""

from collections.abc import Callable, Sequence
from typing import Final

from pipeline.records import Chunk, StreamInfo
from pipeline.session.durable import is_full
from pipeline.states import Handover, StreamHealth
from pipeline.store import ids, keys
from pipeline.store.codec import CorruptRecord, decode, encode
from pipeline.store.journal import Journal
from pipeline.store.writer import HOLD_S, RAW_RETENTION_S, StreamWriter
from pipeline.workers.context import WorkerContext

#: In the run's private folder.
_FOLDER: Final = "readers"


class RawRing:
    """Write the chunks of one stream; what a predecessor wrote and the store lacks is sent first.

    Parameters
    ----------
    context : WorkerContext
        With the participant and the stream.
    alarm : callable
        Called with a sentence when something may be lost.

    Attributes
    ----------
    info : StreamInfo | None
        The stream as it was found last.
    health : StreamHealth | None
        How it did when the predecessor ended.
    newest : Chunk | None
        The newest chunk.
    """

    def __init__(self, context: WorkerContext, alarm: Callable[[str], None]) -> None:
        self._context = context
        self._alarm = alarm
        self._log = context.log
        key = keys.raw(context.session, context.participant, context.stream)
        self._writer = StreamWriter(context.connection, key, retention_s=RAW_RETENTION_S, alarm=alarm)
        self._journal = Journal(context.folder / _FOLDER / context.participant / context.stream, keep_s=HOLD_S)
        self._left_info: StreamInfo | None = None
        """What the journal's newest file says of the stream."""
        self._full = False
        self.info: StreamInfo | None = None
        self.health: StreamHealth | None = None
        self.newest: Chunk | None = None
        self._take_over()

    def describe(self, info: StreamInfo, health: StreamHealth) -> None:
        """Note what the stream is that was opened."""
        self.info = info
        self.note(health)

    def write(self, chunks: Sequence[Chunk], health: StreamHealth) -> None:
        """Write what one pull brought, at least one chunk; `health` has it counted."""
        entries = tuple((ids.raw_id(chunk.segment, chunk.first), encode(chunk)) for chunk in chunks)
        self._leave(entries, health)  # first: what somebody may have read is never gone
        self._writer.keep_encoded(entries)
        self._writer.flush()
        self.newest = chunks[-1]

    def note(self, health: StreamHealth) -> None:
        """Note how the stream does, for whoever comes after."""
        self._leave((), health)

    def flush(self) -> bool:
        """Send what the store lacks; return whether it has everything now."""
        return self._writer.flush()

    def close(self) -> None:
        """Hand over what waits, and close connection and file."""
        self._writer.close()
        self._journal.close()

    def _leave(self, entries: tuple[tuple[str, bytes], ...], health: StreamHealth) -> None:
        known = self._left_info is self.info and not self._journal.turns
        try:
            self._journal.append(encode(Handover(entries, health, None if known else self.info)))
        except OSError as error:
            if not is_full(error):
                raise
            self._say_full()
            return
        self._left_info, self._full = self.info, False

    def _take_over(self) -> None:
        entries: list[tuple[str, bytes]] = []
        for left in self._left():
            entries += left.entries
            self.health = left.health
            self.info = left.info or self.info
        if entries:
            self._writer.take_over(entries)
            self.newest = decode(entries[-1][1], Chunk)
        self._writer.flush()

    def _left(self) -> list[Handover]:
        found = []
        for record in self._journal.read():
            try:
                found.append(decode(record, Handover))
            except CorruptRecord as error:
                self._log.error("handover left out", error=error)
        return found

    def _say_full(self) -> None:
        if not self._full:
            self._full = True
            what = f"Stream {self._context.participant}/{self._context.stream}"
            self._alarm(
                f"{what}: there is no room in {self._context.folder}; should its reader and the store die together, "
                "samples that nobody has read are lost."
            )
