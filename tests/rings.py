"""What a reader has stored and said."""

from pipeline.records import Chunk, Event
from pipeline.states import StreamHealth
from pipeline.store import ids, keys
from pipeline.store.ring import BlockingReader, Entry
from pipeline.workers.context import WorkerContext


def stored(context: WorkerContext) -> list[Entry[Chunk]]:
    ring = BlockingReader(context.connection, {keys.raw(context.session, "P001", context.stream): ids.START}, Chunk)
    entries = []
    while found := ring.read(0):
        entries += found
    ring.close()
    return entries


def n_stored(context: WorkerContext) -> int:
    return sum(len(entry.record.times) for entry in stored(context))


def events(context: WorkerContext) -> list[Event]:
    ring = BlockingReader(context.connection, {keys.events(context.session): ids.START}, Event)
    found = [entry.record for entry in ring.read(0)]
    ring.close()
    return found


def health(context: WorkerContext) -> StreamHealth | None:
    found = context.board.stream_health()
    return found[0] if found else None
