"""The preprocess worker: one participant's raw chunks become feature windows on the tick grid."""

import msgspec

from model.header import model_path, read_header
from pipeline.records import Chunk, Event, FeatureWindow, Snapshot
from pipeline.session.config import StreamSettings
from pipeline.signals.participant import ParticipantProcessor
from pipeline.signals.saved import decode_state, encode_state
from pipeline.store import ids, keys
from pipeline.store.connection import StoreLost
from pipeline.store.lease import Lease
from pipeline.store.retention import Acknowledged
from pipeline.store.ring import COUNT, BlockingReader, Entry, last
from pipeline.store.snapshots import Snapshots
from pipeline.store.writer import FEATURES_RETENTION_S, StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.workers.context import RENEW_EVERY_S, Every, WorkerContext, leased, worker_main
from pipeline.workers.lateness import Lateness
from pipeline.workers.sources import Sources

#: How often a snapshot is saved, even if nothing asks for one (s).
SAVE_EVERY_S = 1.0
#: Windows so new go into the snapshot (s): others may not have read them when the store died together with us.
_WINDOWS_S = 10.0
#: Longest wait for chunks (s).
_WAIT_S = 0.25
#: A server that answers so much later than it should was away (s).
_SLOW_S = 0.2


class Preprocess:
    """Feed the participant's processor from the store, and store what it makes.

    What a restarted worker needs stands in one snapshot: the processor's state, the raw entries that it has seen, the
    newest windows. It is saved every second, and before any window is sent that the clock has closed: windows that
    samples have completed come out of the raw ring a second time as they were, decisions of the clock do not.

    Parameters
    ----------
    context : WorkerContext
        With the participant.
    lease : Lease
        Held: it makes this the one worker that writes.
    """

    def __init__(self, context: WorkerContext, lease: Lease) -> None:
        self._context = context
        self._lease = lease
        self._renew_due, self._save_due = Every(RENEW_EVERY_S), Every(SAVE_EVERY_S)
        participant = context.settings.participants[context.participant]
        header = read_header(model_path(context.settings.model))
        self._streams: dict[str, StreamSettings] = {
            stream: participant.streams[stream]
            for modality, stream in participant.modality_streams().items()
            if modality in header.modalities
        }
        self._snapshots = Snapshots(
            context.connection,
            keys.snapshot(context.session, context.participant),
            context.folder / f"{context.participant}.state",
            lease,
        )
        self._acknowledged = Acknowledged(context.connection, "preprocess")
        snapshot = self._snapshots.load()
        infos = snapshot.infos if snapshot else {}
        self._processor = ParticipantProcessor(
            {stream: (infos.get(stream), settings) for stream, settings in self._streams.items()},
            hop_s=context.settings.hop_s,
            lateness_s=context.settings.lateness_s,
            eeg_channels=header.eeg_channels,
            grid=context.board.grid(context.participant),
        )
        self._grid_known = False
        """Whether it is on the board."""
        self._sources = Sources(context, self._streams, self._processor, infos)
        self._read = dict.fromkeys(self._streams, ids.START)
        self._lateness = Lateness()
        self._writers: dict[str, StreamWriter] = {m: self._writer(m) for m in self._processor.modalities}
        self._stored: dict[str, int] = {m: self._last_tick(m) for m in self._processor.modalities}
        if snapshot:
            self._restore(snapshot)
        else:
            self._begin_anew()
        self._begin_by = local_clock() + context.settings.resolve_timeout_s
        self._stream_of = {keys.raw(context.session, context.participant, stream): stream for stream in self._streams}
        self._reader = BlockingReader(
            context.connection, {key: self._read[stream] for key, stream in self._stream_of.items()}, Chunk
        )
        for notice in self._processor.notices:
            context.log.info(notice)

    def step(self) -> None:
        """Wait for chunks, at most a hop long, and process them.

        A tick is late only once everything has been read that was stored before its time ran out: a backlog, after a
        restart say, makes nothing late. Nor does a store that was away.
        """
        now = local_clock()
        self._context.pulse.beat()
        if self._renew_due.due(now):
            self._lease.renew()
        entries = self._wait(now)
        made: list[FeatureWindow] = []
        closed: list[FeatureWindow] = []
        try:
            for entry in entries:
                made += self._take(entry)
        except StoreLost:
            self._again(now)
        else:
            closed = self._judge(now) if len(entries) < COUNT else []
        self._keep(made + closed)
        new_grid = not self._grid_known and self._processor.grid is not None
        due = self._save_due.due(now)
        if closed or new_grid or due:
            self._save()
        self._put_grid()
        for writer in self._writers.values():
            if writer.unsent or due:
                writer.flush()

    def close(self) -> None:
        """Hand over what waits."""
        self._save()
        for writer in self._writers.values():
            writer.close()
        self._snapshots.close()
        self._acknowledged.close()
        self._reader.close()
        self._lease.release()

    def _wait(self, now: float) -> list[Entry[Chunk]]:
        wait_s = min(self._context.settings.hop_s, _WAIT_S)
        losses = self._reader.losses
        entries = self._reader.read(wait_s)
        answered = local_clock()
        if self._reader.losses > losses or answered - now > wait_s + _SLOW_S:
            self._lateness.away(now, answered)
        return entries

    def _take(self, entry: Entry[Chunk]) -> list[FeatureWindow]:
        """Process one chunk; `StoreLost` when it cannot be known yet what stream it is of."""
        stream, chunk = self._stream_of[entry.key], entry.record
        windows = self._processor.process(stream, chunk) if self._sources.usable(stream, chunk) else []
        self._lateness.arrived(stream, chunk.arrival)
        self._read[stream] = entry.id
        return windows

    def _again(self, now: float) -> None:
        """Read again, a little later, what could not be taken."""
        for key, stream in self._stream_of.items():
            self._reader.follow(key, self._read[stream])
        self._context.stop.wait(_WAIT_S)
        self._lateness.away(now, local_clock())

    def _judge(self, now: float) -> list[FeatureWindow]:
        """Return the windows that are not waited for any longer."""
        if not self._lateness.may_judge(now):
            return []
        begun = self._processor.begin(now) if now > self._begin_by else []
        return begun + self._processor.advance(now)

    def _put_grid(self) -> None:
        if not self._grid_known and self._processor.grid is not None:
            self._context.board.put_grid(self._context.participant, self._processor.grid)
            self._grid_known = True

    def _keep(self, windows: list[FeatureWindow]) -> None:
        """Hand the windows to their writers; what a predecessor has stored is not stored again."""
        made = local_clock()
        for window in windows:
            if window.tick > self._stored[window.modality]:
                record = msgspec.structs.replace(window, made=made)
                self._writers[window.modality].keep(ids.tick_id(window.tick), record)
                self._stored[window.modality] = window.tick

    def _save(self) -> None:
        self._snapshots.save(
            Snapshot(
                time=local_clock(),
                read=dict(self._read),
                infos=dict(self._sources.infos),
                windows={modality: writer.newest(_WINDOWS_S) for modality, writer in self._writers.items()},
                state=encode_state(self._processor.state),
            )
        )
        self._acknowledged.put({key: self._read[stream] for key, stream in self._stream_of.items()})

    def _restore(self, snapshot: Snapshot) -> None:
        """Go on where the predecessor stood."""
        state = decode_state(snapshot.state)
        self._processor.state = state
        self._read.update(snapshot.read)
        for stream, extractor in state.extractors.items():
            self._sources.seen(stream, extractor.segment)
            self._lateness.arrived(stream, extractor.arrived)
        # Readers may not have noticed yet that the store, which died with the predecessor, is back.
        self._lateness.away(snapshot.time, local_clock())
        for modality, entries in snapshot.windows.items():
            if entries:
                self._writers[modality].take_over(entries)
                newest = ids.parse(entries[-1][0])[1] - 1
                self._stored[modality] = max(self._stored[modality], newest)
        self._context.log.info("goes on from its predecessor's state", read=snapshot.read)

    def _begin_anew(self) -> None:
        """Begin without a predecessor's state; if there was a predecessor, say so: its past counts no more."""
        if any(tick >= 0 for tick in self._stored.values()):
            text = f"The preprocess {self._context.participant} process found no saved state and began anew."
            self._context.log.warning(text)
            self._context.board.append_event(Event(local_clock(), "restart", text, "preprocess"))
        self._sources.open_found()

    def _writer(self, modality: str) -> StreamWriter:
        key = keys.features(self._context.session, self._context.participant, modality)
        return StreamWriter(
            self._context.connection, key, retention_s=FEATURES_RETENTION_S, alarm=self._alarm, lease=self._lease
        )

    def _alarm(self, sentence: str) -> None:
        self._context.board.append_event(Event(local_clock(), "alarm", sentence, "preprocess"))

    def _last_tick(self, modality: str) -> int:
        key = keys.features(self._context.session, self._context.participant, modality)
        entry = last(self._context.connection, key, FeatureWindow)
        return -1 if entry is None else entry.record.tick


def run(context: WorkerContext) -> None:
    """Process until asked to stop."""
    lease = leased(context, "preprocess", context.participant)
    if lease is None:
        return
    worker = Preprocess(context, lease)
    while not context.stop.is_set():
        worker.step()
    worker.close()


if __name__ == "__main__":
    worker_main("preprocess", run)
