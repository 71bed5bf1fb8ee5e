"""The preprocess worker: one participant's raw chunks become feature windows on the tick grid."""

import msgspec

from model.header import model_path, read_header
from pipeline.errors import BadInput
from pipeline.records import Chunk, Event, FeatureWindow, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals.participant import ParticipantProcessor
from pipeline.store import ids, keys
from pipeline.store.ring import COUNT, BlockingReader, last
from pipeline.store.writer import FEATURES_RETENTION_S, StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.workers.context import BOARD_EVERY_S, Every, WorkerContext, worker_main


class Preprocess:
    """Feed the participant's processor from the store, and store what it makes.

    A worker that was restarted takes the grid of its predecessor, reads the raw ring from its start and drops the
    windows that are stored already.
    """

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._settings = context.settings
        self._board_due = Every(BOARD_EVERY_S)
        participant = context.settings.participants[context.participant]
        header = read_header(model_path(context.settings.model))
        self._streams: dict[str, StreamSettings] = {
            stream: participant.streams[stream]
            for modality, stream in participant.modality_streams().items()
            if modality in header.modalities
        }
        grid = context.board.grid(context.participant)
        self._grid_known = grid is not None
        self._processor = ParticipantProcessor(
            {stream: (None, settings) for stream, settings in self._streams.items()},
            hop_s=self._settings.hop_s,
            lateness_s=self._settings.lateness_s,
            eeg_channels=header.eeg_channels,
            grid=grid,
        )
        self._usable: dict[str, bool] = {}
        """Of each stream that was found."""
        for stream, info in context.board.streams(context.participant).items():
            if stream in self._streams:
                self._open(stream, info)
        self._begin_by = local_clock() + self._settings.resolve_timeout_s
        raw = {keys.raw(context.session, context.participant, stream): stream for stream in self._streams}
        self._stream_of = raw
        self._reader = BlockingReader(context.connection, dict.fromkeys(raw, "0-0"), Chunk)
        self._writers: dict[str, StreamWriter] = {m: self._writer(m) for m in self._processor.modalities}
        self._stored: dict[str, int] = {m: self._last_tick(m) for m in self._processor.modalities}
        for notice in self._processor.notices:
            context.log.info(notice)

    def step(self) -> None:
        """Wait for chunks, at most a hop long, and process them.

        A tick is late only once everything has been read that was stored before its time ran out: a backlog, after a
        restart say, makes nothing late.
        """
        now = local_clock()
        if self._board_due.due(now):
            self._context.board.flush()
        entries = self._reader.read(min(self._settings.hop_s, 0.25))
        for entry in entries:
            stream = self._stream_of[entry.key]
            if stream not in self._usable:
                self._open(stream, self._context.board.streams(self._context.participant)[stream])
            if self._usable[stream]:
                self._store(self._processor.process(stream, entry.record))
        if len(entries) >= COUNT:
            return
        if not self._grid_known and now > self._begin_by:
            self._store(self._processor.begin(now))
        self._store(self._processor.advance(now))

    def close(self) -> None:
        """Hand over what waits."""
        for writer in self._writers.values():
            writer.close()
        self._reader.close()

    def _open(self, stream: str, info: StreamInfo) -> None:
        """Take up a stream that was found; a wrong one that is not required, switched on late say, ends no session."""
        try:
            self._processor.open(stream, info)
        except BadInput as error:
            if self._streams[stream].required:
                raise
            self._usable[stream] = False
            sentence = f"Stream {self._context.participant}/{stream} is not used: {error}."
            self._context.log.warning(sentence)
            self._context.board.append_event(Event(local_clock(), "lost", sentence, "preprocess"))
        else:
            self._usable[stream] = True

    def _store(self, windows: list[FeatureWindow]) -> None:
        if not self._grid_known and self._processor.grid is not None:
            self._context.board.put_grid(self._context.participant, self._processor.grid)
            self._grid_known = True
        made = local_clock()
        for window in windows:
            if window.tick > self._stored[window.modality]:
                record = msgspec.structs.replace(window, made=made)
                self._writers[window.modality].append(ids.tick_id(window.tick), record)
                self._stored[window.modality] = window.tick

    def _writer(self, modality: str) -> StreamWriter:
        key = keys.features(self._context.session, self._context.participant, modality)
        return StreamWriter(self._context.connection, key, retention_s=FEATURES_RETENTION_S)

    def _last_tick(self, modality: str) -> int:
        key = keys.features(self._context.session, self._context.participant, modality)
        entry = last(self._context.connection, key, FeatureWindow)
        return -1 if entry is None else entry.record.tick


def run(context: WorkerContext) -> None:
    """Process until asked to stop."""
    worker = Preprocess(context)
    while not context.stop.is_set():
        worker.step()
    worker.close()


if __name__ == "__main__":
    worker_main("preprocess", run)
