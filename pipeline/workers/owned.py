"""One participant whose preprocessing a worker owns: raw chunks in, feature windows and snapshots out."""

from collections.abc import Mapping, Sequence

import msgspec

from model.header import Header
from pipeline.commands import Recording
from pipeline.records import Chunk, Event, FeatureWindow, Grid, StreamInfo
from pipeline.signals.joined import joined
from pipeline.signals.participant import ParticipantProcessor
from pipeline.signals.saved import decode_state, encode_state
from pipeline.states import Snapshot
from pipeline.store import ids, keys
from pipeline.store.connection import StoreLost
from pipeline.store.lease import Lease
from pipeline.store.retention import Acknowledged
from pipeline.store.snapshots import Snapshots
from pipeline.streams.clock import local_clock
from pipeline.workers.context import WorkerContext
from pipeline.workers.lateness import Lateness
from pipeline.workers.recording import Known
from pipeline.workers.sources import Sources
from pipeline.workers.window_rings import WindowRings


class OwnedParticipant:
    """Feed a participant's processor with what its worker reads, and store what it makes.

    What a restarted worker needs stands in one snapshot: the processor's state, the raw entries that it has seen, the
    newest windows. It is saved every two seconds, and before any window is sent that the clock has closed: windows that
    samples have completed come out of the raw ring a second time as they were, decisions of the clock do not.

    Samples that are not recorded leave no trace in estimates that are: when a recording begins after a set-up, all that
    was learned is forgotten; while it is paused, samples are left aside.

    Parameters
    ----------
    context : WorkerContext
        With the participant.
    lease : Lease
        Held: it makes this the one worker that writes.
    header : Header
        The model's.
    known : Known
        Whether the session is recorded.
    """

    def __init__(self, context: WorkerContext, lease: Lease, header: Header, known: Known) -> None:
        self._lease = lease
        self.lateness = Lateness()
        self._context = context
        participant = context.settings.participants[context.participant]
        self._known = known
        self._header = header
        self._streams = streams = {
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
        self._processor = self._processing(infos, context.board.grid(context.participant))
        self._begun = snapshot.begun if snapshot else None
        """The beginning of the recording that the processor's state belongs to (s)."""
        self._grid_known = False
        """Whether it is on the board."""
        self._sources = Sources(context, streams, self._processor, infos)
        self._stream_of = {keys.raw(context.session, context.participant, stream): stream for stream in streams}
        self._read = dict.fromkeys(streams, ids.START)
        self._newest: dict[str, Chunk] = {}
        """Stream -> the last chunk that was taken."""
        self._made: list[FeatureWindow] = []
        self._rings = WindowRings(context, self._processor.modalities, lease, snapshot.windows if snapshot else {})
        if snapshot:
            self._restore(snapshot)
        else:
            self._begin_anew()
        self._begin_by = local_clock() + context.settings.resolve_timeout_s
        for notice in self._processor.notices:
            context.log.info(notice)

    @property
    def read(self) -> dict[str, str]:
        """Key of each raw stream -> id of the last entry that the processor has seen."""
        return {key: self._read[stream] for key, stream in self._stream_of.items()}

    @property
    def decides_at(self) -> float:
        """When the clock will have something to decide, unless samples do so before (s)."""
        return self._begin_by if self._processor.grid is None else self._processor.decides_at

    def above(self, last_ids: Mapping[str, str]) -> dict[str, str]:
        """Return for each raw stream the id above which entries are of use: those before complete no window.

        Parameters
        ----------
        last_ids : mapping
            Key of each raw stream -> id of the last entry that was read.
        """
        return {key: self._above(stream, last_ids[key]) for key, stream in self._stream_of.items()}

    def take(self, key: str, chunks: Sequence[Chunk]) -> None:
        """Process what is new in a raw stream.

        Raises
        ------
        StoreLost
            It cannot be known yet what stream they are of; `read` says what was processed.
        """
        stream, recording = self._stream_of[key], self._recording()
        everything = recording.begun is None  # in set-up
        wanted = [chunk for chunk in chunks if everything or recording.span(chunk.arrival) is not None]
        for run in joined(wanted):
            if self._sources.usable(stream, run.chunk):
                self._made += self._processor.process(stream, run.chunk, run.arrivals)
            self._newest[stream] = run.newest
            self._read[stream] = ids.raw_id(run.newest.segment, run.newest.first)
        if chunks:
            self.lateness.arrived(stream, self._as_of(stream, chunks[-1]))
            self._read[stream] = ids.raw_id(chunks[-1].segment, chunks[-1].first)

    def settle(self, now: float, *, decide: bool, save: bool) -> None:
        """Store what was made.

        Parameters
        ----------
        now : float
            The host's time (s).
        decide : bool
            Ask the clock: everything has been read that was stored before `now`.
        save : bool
            Save a snapshot, even if nothing asks for one, and notice a store that came back empty.
        """
        closed = self._decide(now) if decide else []
        self._rings.keep(self._made + closed)
        self._made.clear()
        new_grid = not self._grid_known and self._processor.grid is not None
        if closed or new_grid or save:
            self._save()
        if new_grid and self._processor.grid is not None:
            grid = msgspec.structs.replace(self._processor.grid, begun=self._begun)
            self._context.board.put_grid(self._context.participant, grid)
            self._grid_known = True
        self._rings.flush(everything=save)

    def close(self) -> None:
        """Hand over what waits."""
        self._save()
        self._rings.close()
        self._snapshots.close()
        self._acknowledged.close()
        self._lease.release()

    def _as_of(self, stream: str, chunk: Chunk) -> float:
        """Return up to when a stream has come (s): a reader that was held up brings what is old when it arrives."""
        if not len(chunk.times):
            return chunk.arrival
        settings = self._context.settings
        delay_s = settings.participants[self._context.participant].streams[stream].delay_ms / 1000
        return min(chunk.arrival, float(chunk.times[-1]) + chunk.offset - delay_s + settings.lateness_s)

    def _above(self, stream: str, last_id: str) -> str:
        newest = self._newest.get(stream)
        if newest is None:
            return last_id
        segment, index = self._processor.needed(stream)
        # A chunk's id is that of its first sample: the one that holds `index` begins up to a chunk's length before.
        above = (segment, index - len(newest.times) + 1)
        return f"{above[0]}-{above[1]}" if above > ids.parse(last_id) else last_id

    def _decide(self, now: float) -> list[FeatureWindow]:
        """Return the windows that are not waited for any longer."""
        try:
            recording = self._recording()
        except StoreLost:
            return []
        if not self.lateness.may_judge(now):
            return []
        begun = self._processor.begin(now) if now > self._begin_by else []
        return begun + self._processor.advance(now, paused=recording.state == "paused")

    def _recording(self) -> Recording:
        """Return whether the session is recorded; `StoreLost` when it cannot be known yet."""
        recording = self._known.recording()
        if recording.begun != self._begun:
            self._begin(recording.begun)
        return recording

    def _begin(self, begun: float | None) -> None:
        """Begin with the recording as if nothing had been seen before; only the count of ticks goes on."""
        self._begun = begun
        grid = self._processor.grid
        if grid is not None and begun is not None and grid.begun != begun:
            first = max(grid.after(begun), self._rings.newest_tick + 1)
            grid = Grid(grid.start, grid.hop, first, begun)
        self._processor = self._processing(self._sources.infos, grid)
        self._sources = Sources(self._context, self._streams, self._processor, self._sources.infos)
        self._newest.clear()
        self._made.clear()
        self._grid_known = False
        self._save()

    def _processing(self, infos: Mapping[str, StreamInfo], grid: Grid | None) -> ParticipantProcessor:
        return ParticipantProcessor(
            {stream: (infos.get(stream), settings) for stream, settings in self._streams.items()},
            hop_s=self._context.settings.hop_s,
            lateness_s=self._context.settings.lateness_s,
            eeg_channels=self._header.eeg_channels,
            family=self._header.family,
            grid=grid,
        )

    def _save(self) -> None:
        self._snapshots.save(
            Snapshot(
                time=local_clock(),
                read=dict(self._read),
                infos=dict(self._sources.infos),
                windows=self._rings.newest(),
                begun=self._begun,
                state=encode_state(self._processor.running_state),
            )
        )
        self._acknowledged.put(self.read)

    def _restore(self, snapshot: Snapshot) -> None:
        """Go on where the predecessor stood."""
        state = decode_state(snapshot.state)
        self._processor.state = state
        self._read.update(snapshot.read)
        for stream, extractor in state.extractors.items():
            self._sources.seen(stream, extractor.segment)
            self.lateness.arrived(stream, extractor.arrived)
        # Readers may not have noticed yet that the store, which died with the predecessor, is back.
        self.lateness.away(snapshot.time, local_clock(), lost=True)
        self._context.log.info("goes on from its predecessor's state", read=snapshot.read)

    def _begin_anew(self) -> None:
        """Begin without a predecessor's state; if there was a predecessor, say so: its past counts no more."""
        if self._rings.newest_tick >= 0:
            text = f"The preprocess process found no saved state of {self._context.participant} and began anew."
            self._context.log.warning(text)
            self._context.board.append_event(Event(local_clock(), "restart", text, "preprocess"))
        self._sources.open_found()
