"""The recorder: everything that a session stores goes into its folder, flushed to the disk every second.

A recorder that was restarted goes on with the files of its predecessor, from the last sample that reached the disk;
the store still holds what came meanwhile.
"""

from datetime import UTC, datetime
from typing import Any, Final

from pipeline.errors import BadInput
from pipeline.modalities import MODALITIES
from pipeline.records import Array, Chunk, Estimate, Event, FeatureWindow, StreamInfo, array
from pipeline.session import folder
from pipeline.session.provenance import describe_model, provenance
from pipeline.session.raw import RawFile
from pipeline.session.tables import ArrowTable, estimate_row, feature_row, to_parquet
from pipeline.session.trials import trials_of, write_trials
from pipeline.store import ids, keys
from pipeline.store.connection import StoreLost
from pipeline.store.retention import Acknowledged
from pipeline.store.ring import BlockingReader
from pipeline.streams.clock import local_clock
from pipeline.workers.context import WorkerContext, worker_main
from pipeline.workers.publisher import estimate_stream

FLUSH_EVERY_S: Final = 1.0
#: LabRecorder's own.
BOUNDARY_EVERY_S: Final = 10.0
#: How often the log proves what was recorded (s).
_REPORT_EVERY_S: Final = 30.0


class Recorder:
    """Follow all raw streams, feature windows, estimates and events of a session, and write them down.

    Parameters
    ----------
    context : WorkerContext
        With the folder of the session.

    Raises
    ------
    BadInput
        There is no such folder.
    """

    def __init__(self, context: WorkerContext) -> None:
        if context.session_dir is None or not context.session_dir.is_dir():
            raise BadInput(f"{context.session_dir}: is no folder to record into; make it first")
        self._context = context
        self._folder = context.session_dir
        before = folder.read_provenance(self._folder)
        self._provenance: dict[str, Any] = before or provenance(context.settings)
        if not before:
            folder.write_settings(self._folder, context.settings)
            folder.write_provenance(self._folder, self._provenance)
        self._raw = RawFile(self._folder / folder.RAW, before.get("streams", ()))
        self._features = ArrowTable(self._folder / folder.FEATURES)
        self._estimates = ArrowTable(self._folder / folder.ESTIMATES)
        self._event_log = folder.EventLog(self._folder / folder.EVENTS)
        self._infos: dict[tuple[str, str], StreamInfo] = {}
        self._raw_keys: dict[str, tuple[str, str]] = {}
        self._window_keys: dict[str, str] = {}
        self._estimate_keys: dict[str, str] = {}
        self._chunks = BlockingReader(context.connection, {}, Chunk)
        self._windows = BlockingReader(context.connection, self._follow_windows(), FeatureWindow)
        self._results = BlockingReader(context.connection, self._follow_estimates(), Estimate)
        self._events = BlockingReader(
            context.connection, {keys.events(context.session): self._event_log.last_id}, Event
        )
        self._acknowledged = Acknowledged(context.connection, "recorder")
        self._emotions: tuple[str, ...] = ()
        self._next_boundary = local_clock() + BOUNDARY_EVERY_S
        self._next_report = local_clock() + _REPORT_EVERY_S

    def run(self) -> None:
        """Record until asked to stop, and then what the store still holds."""
        next_flush = local_clock()
        while not self._context.stop.is_set():
            self._context.pulse.beat()
            if self._raw_keys:
                self._take_chunks(0.25)
            else:
                self._context.stop.wait(0.25)
            if local_clock() >= next_flush:
                next_flush = local_clock() + FLUSH_EVERY_S
                self._look()
                self._take_results()
                self._flush()
        self._look()
        while self._take_chunks(0) + self._take_results():
            pass
        self._close()

    def _look(self) -> None:
        """Follow the streams that were found since the last look, and learn the model's emotions."""
        try:
            for participant in self._context.settings.participants:
                for stream, info in self._context.board.streams(participant).items():
                    self._infos[participant, stream] = info
                    self._follow_raw(participant, stream)
            model = self._context.board.model()
        except StoreLost as error:
            self._context.log.warning("the store is lost; the recording goes on when it is back", error=error)
            return
        if model is not None and model.emotions != self._emotions:
            self._emotions = model.emotions
            self._provenance["model"] = describe_model(model)

    def _follow_raw(self, participant: str, stream: str) -> None:
        key = keys.raw(self._context.session, participant, stream)
        if key not in self._raw_keys:
            self._raw_keys[key] = (participant, stream)
            last = self._raw.last(participant, stream)
            self._chunks.follow(key, ids.raw_id(*last) if last else ids.START)

    def _follow_windows(self) -> dict[str, str]:
        """Return the streams of feature windows, and where to go on in each."""
        last = _last_ticks(self._features.taken_over, "participant", "modality")
        found = {}
        for participant in self._context.settings.participants:
            for modality in MODALITIES:
                key = keys.features(self._context.session, participant, modality)
                self._window_keys[key] = participant
                found[key] = ids.tick_id(last.get((participant, modality), -1))
        return found

    def _follow_estimates(self) -> dict[str, str]:
        """Return the streams of estimates, and where to go on in each: its table and its XDF stream may differ."""
        last = _last_ticks(self._estimates.taken_over, "participant")
        found = {}
        for participant in self._context.settings.participants:
            key = keys.estimates(self._context.session, participant)
            self._estimate_keys[key] = participant
            in_xdf = self._raw.last(participant, "")
            found[key] = ids.tick_id(min(last.get((participant,), -1), in_xdf[1] if in_xdf else -1))
        self._in_table = {participant: tick for (participant,), tick in last.items()}
        return found

    def _take_chunks(self, timeout_s: float) -> int:
        if not self._raw_keys:
            return 0
        entries = self._chunks.read(timeout_s)
        for entry in entries:
            participant, stream = self._raw_keys[entry.key]
            chunk = entry.record
            last = self._raw.last(participant, stream)
            if last is not None and last[0] != chunk.segment:
                self._look()  # the stream may have come back as another one
            missing = self._raw.add(participant, self._infos[participant, stream], chunk)
            if missing:
                self._say(f"{missing} samples of {participant}/{stream} were gone before they could be recorded")
        return len(entries)

    def _take_results(self) -> int:
        """Take feature windows, events and, once the emotions are known, estimates."""
        windows = self._windows.read(0)
        for window in windows:
            self._features.append(feature_row(self._window_keys[window.key], window.record))
        events = self._events.read(0)
        for event in events:
            self._event_log.append(event.id, event.record)
        estimates = self._results.read(0) if self._emotions else []
        for entry in estimates:
            self._take_estimate(self._estimate_keys[entry.key], entry.record)
        return len(windows) + len(events) + len(estimates)

    def _take_estimate(self, participant: str, estimate: Estimate) -> None:
        if estimate.tick > self._in_table.get(participant, -1):
            self._estimates.append(estimate_row(participant, estimate))
        in_xdf = self._raw.last(participant, "")
        if in_xdf is None or estimate.tick > in_xdf[1]:
            info = estimate_stream(self._context.session, participant, self._emotions, self._context.settings.hop_s)
            self._raw.add(participant, info, _as_chunk(estimate), synchronized=True)

    def _flush(self) -> None:
        now = local_clock()
        if now >= self._next_boundary:
            self._next_boundary = now + BOUNDARY_EVERY_S
            self._raw.boundary()
        if self._raw.changed:
            self._write_provenance()
        self._raw.flush()
        self._features.flush()
        self._estimates.flush()
        self._event_log.flush()
        self._acknowledge()
        if now >= self._next_report:
            self._next_report = now + _REPORT_EVERY_S
            size = (self._folder / folder.RAW).stat().st_size
            samples = " ".join(f"{stream}:{count}" for stream, count in self._raw.samples().items())
            self._context.log.info("recorded", bytes=size, samples=samples)

    def _acknowledge(self) -> None:
        """Say what has reached the disk."""
        for reader in (self._chunks, self._windows, self._results):
            self._acknowledged.put(reader.last_ids)

    def _write_provenance(self) -> None:
        self._provenance["streams"] = self._raw.provenance()
        folder.write_provenance(self._folder, self._provenance)

    def _close(self) -> None:
        """End every file, what cannot be replaced first."""
        self._write_provenance()
        self._raw.close()
        for table in (self._features, self._estimates, self._event_log):
            table.close()
        if self._context.settings.trials is not None:
            trials = trials_of(folder.read_events(self._folder), self._context.settings.trials)
            write_trials(self._folder / folder.TRIALS, trials)
        self._provenance["ended"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._provenance["corrupt_entries"] = {
            key: count
            for reader in (self._chunks, self._windows, self._results, self._events)
            for key, count in reader.corrupt.items()
        }
        self._write_provenance()
        for reader in (self._chunks, self._windows, self._results, self._events):
            reader.close()
        self._acknowledged.close()
        for name in (folder.FEATURES, folder.ESTIMATES):
            to_parquet(self._folder / name)

    def _say(self, sentence: str) -> None:
        self._context.log.warning(sentence)
        self._context.board.append_event(Event(local_clock(), "gap", f"{sentence}.", "recorder"))


def _last_ticks(table: Any, *columns: str) -> dict[tuple[str, ...], int]:
    """Return the last tick of each combination of values of `columns`."""
    found = table.group_by(list(columns)).aggregate([("tick", "max")]).to_pylist()
    return {tuple(row[column] for column in columns): row["tick_max"] for row in found}


def _as_chunk(estimate: Estimate) -> Chunk:
    """Return an estimate as one sample whose index is its tick."""
    values: Array = array([[*estimate.distribution.tolist(), float(estimate.abstained)]])
    return Chunk(
        segment=1,
        first=estimate.tick,
        times=array([estimate.time], float),
        offset=0.0,
        data=values,
        arrival=estimate.time,
    )


def run(context: WorkerContext) -> None:
    """Record until asked to stop."""
    Recorder(context).run()


if __name__ == "__main__":
    worker_main("recorder", run)
