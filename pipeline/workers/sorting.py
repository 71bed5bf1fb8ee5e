"""What the store holds of a session, read in order, and sorted into what is recorded and what is not."""

from typing import Final

from pipeline.modalities import MODALITIES
from pipeline.records import Chunk, Estimate, Event, FeatureWindow, Grid, StreamInfo
from pipeline.session.files import SessionFiles
from pipeline.session.xdf_format import FORMATS
from pipeline.store import ids, keys
from pipeline.store.connection import StoreLost
from pipeline.store.retention import Acknowledged
from pipeline.store.ring import BlockingReader, Entry
from pipeline.streams.clock import local_clock
from pipeline.workers.context import WorkerContext
from pipeline.workers.publisher import estimate_stream
from pipeline.workers.recording import Known

#: What is recorded although it happened before the recording began: what was asked for it.
_BEFORE: Final = ("model", "record")


class Sorting:
    """Follow the streams of the store, from where the files end.

    Parameters
    ----------
    context : WorkerContext
        For all participants.
    files : SessionFiles
        Where things go.
    known : Known
        Whether they are to be recorded.
    """

    def __init__(self, context: WorkerContext, files: SessionFiles, known: Known) -> None:
        self._context = context
        self._files = files
        self._known = known
        self._infos: dict[tuple[str, str], StreamInfo] = {}
        self._raw_keys: dict[str, tuple[str, str]] = {}
        self._spans: dict[str, int] = {}
        """Of each raw stream, in which span its last sample was recorded, as far as this process knows."""
        self._left_out: dict[tuple[str, str], int] = {}
        """Of each raw stream, the segment of which it was said last that it is not recorded."""
        self._participant_of: dict[str, str] = {}
        self._grids: dict[str, Grid] = {}
        self._acknowledged = Acknowledged(context.connection, "recorder")
        self._emotions: tuple[str, ...] = ()
        self._chunks = BlockingReader(context.connection, {}, Chunk)
        self._windows = BlockingReader(context.connection, {}, FeatureWindow)
        self._results = BlockingReader(context.connection, {}, Estimate)
        events = {keys.events(context.session): files.last_event}
        self._events = BlockingReader(context.connection, events, Event)

    @property
    def corrupt(self) -> dict[str, int]:
        """Stream of the store -> entries that could not be read."""
        readers = (self._chunks, self._windows, self._results, self._events)
        return {key: count for reader in readers for key, count in reader.corrupt.items()}

    def look(self) -> None:
        """Follow what has begun since the last look: streams, and estimates of recorded samples."""
        board, settings = self._context.board, self._context.settings
        try:
            for participant in settings.participants:
                for stream, info in board.streams(participant).items():
                    self._infos[participant, stream] = info
                    self._follow_raw(participant, stream)
                self._follow_ticks(participant, board.grid(participant))
            model = board.model()
            self._files.note_recording(self._known.recording())
        except StoreLost as error:
            self._context.log.warning("the store is lost; the recording goes on when it is back", error=error)
            return
        self._files.note_grids(self._grids)
        if model is not None:
            self._emotions = model.emotions
            self._files.note_model(model)

    def take_chunks(self, timeout_s: float) -> int:
        """Take what is new of the raw streams, waiting at most so long (s); return how many entries there were."""
        if not self._raw_keys:
            self._context.stop.wait(timeout_s)
            self.look()
            return 0
        before = self._chunks.last_ids
        entries = self._chunks.read(timeout_s)
        if not entries:
            return 0
        try:
            recording = self._known.recording()
        except StoreLost:
            for key, last in before.items():
                self._chunks.follow(key, last)  # again, when it is known
            return 0
        for entry in entries:
            span = recording.span(entry.record.arrival)
            if span is not None:
                self._take_chunk(entry, span)
        return len(entries)

    def take_results(self) -> int:
        """Take feature windows, events and, once the emotions are known, estimates; return how many there were."""
        windows = self._windows.read(0) if self._grids else []
        for window in windows:
            self._files.add_window(self._participant_of[window.key], window.record)
        events = self._events.read(0)
        for event in events:
            if self._is_recorded(event.record):
                self._files.add_event(event.id, event.record)
        estimates = self._results.read(0) if self._emotions and self._grids else []
        for estimate in estimates:
            participant = self._participant_of[estimate.key]
            info = estimate_stream(self._context.session, participant, self._emotions, self._context.settings.hop_s)
            self._files.add_estimate(participant, info, estimate.record)
        return len(windows) + len(events) + len(estimates)

    def acknowledge(self) -> None:
        """Say that what was read has reached the disk, or is not to."""
        for reader in (self._chunks, self._windows, self._results):
            self._acknowledged.put(reader.last_ids)

    def close(self) -> None:
        """Close the connections."""
        self._acknowledged.close()
        for reader in (self._chunks, self._windows, self._results, self._events):
            reader.close()

    def _follow_raw(self, participant: str, stream: str) -> None:
        key = keys.raw(self._context.session, participant, stream)
        if key not in self._raw_keys:
            self._raw_keys[key] = (participant, stream)
            last = self._files.last(participant, stream)
            self._chunks.follow(key, ids.raw_id(*last) if last else ids.START)

    def _follow_ticks(self, participant: str, grid: Grid | None) -> None:
        """Follow windows and estimates from the first tick that is made of recorded samples alone."""
        if participant in self._grids or grid is None or grid.begun is None:
            return
        self._grids[participant] = grid
        last_window, last_estimate = self._files.last_window, self._files.last_estimate
        for modality in MODALITIES:
            key = keys.features(self._context.session, participant, modality)
            self._participant_of[key] = participant
            self._windows.follow(key, ids.tick_id(last_window.get((participant, modality), grid.first - 1)))
        key = keys.estimates(self._context.session, participant)
        self._participant_of[key] = participant
        # The table and the stream of the raw file may differ in how far they came.
        in_raw = self._files.last(participant, "")
        last = min(last_estimate.get(participant, -1), in_raw[1] if in_raw else -1)
        self._results.follow(key, ids.tick_id(max(last, grid.first - 1)))

    def _take_chunk(self, entry: Entry[Chunk], span: int) -> None:
        participant, stream = self._raw_keys[entry.key]
        chunk = entry.record
        info = self._info(participant, stream, chunk)
        if info is None:
            self._leave_out(participant, stream, chunk)
            return
        missing = self._files.add_chunk(participant, info, chunk)
        if missing and self._spans.get(entry.key, 0) == span:
            self._say_gap(f"{missing} samples of {participant}/{stream} were gone before they could be recorded")
        self._spans[entry.key] = span

    def _info(self, participant: str, stream: str, chunk: Chunk) -> StreamInfo | None:
        """Return of what stream a chunk is; None where nobody knows any more.

        A stream may have come back as another one, and what was stored before that may still have to be recorded.
        """
        before, last = self._files.info(participant, stream), self._files.last(participant, stream)
        if before is not None and last is not None:
            if last[0] == chunk.segment:
                return before
            self.look()
        now = self._infos[participant, stream]
        return next((info for info in (now, before) if info is not None and _fits(info, chunk)), None)

    def _leave_out(self, participant: str, stream: str, chunk: Chunk) -> None:
        if self._left_out.get((participant, stream)) != chunk.segment:
            self._left_out[participant, stream] = chunk.segment
            self._say_gap(f"Samples of {participant}/{stream} are not recorded: of what stream they are is not known")

    def _say_gap(self, sentence: str) -> None:
        self._context.log.warning(sentence)
        self._context.board.append_event(Event(local_clock(), "gap", f"{sentence}.", "recorder"))

    def _is_recorded(self, event: Event) -> bool:
        """Return whether an event belongs into the recording: in a pause all but what the sensors say."""
        try:
            recording = self._known.recording()
        except StoreLost:
            return True
        if recording.begun is None or event.time < recording.begun:
            return event.kind in _BEFORE
        return event.kind != "marker" or recording.span(event.time) is not None


def everything(context: WorkerContext) -> dict[str, str]:
    """Return what a recorder that reads nothing any more acknowledges, so that nothing is kept for it."""
    session = context.session
    found = []
    for participant, settings in context.settings.participants.items():
        found += [keys.raw(session, participant, stream) for stream in settings.streams]
        found += [keys.features(session, participant, modality) for modality in MODALITIES]
        found.append(keys.estimates(session, participant))
    return dict.fromkeys(found, ids.END)


def _fits(info: StreamInfo, chunk: Chunk) -> bool:
    """Return whether a stream can have sent a chunk."""
    dtype, n_channels = FORMATS[info.format], len(info.ch_names)
    if dtype is None:
        return all(len(sample) == n_channels for sample in chunk.strings) and len(chunk.strings) == len(chunk.times)
    return chunk.data.dtype.newbyteorder("<") == dtype and chunk.data.shape[1] == n_channels
