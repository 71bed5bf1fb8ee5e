"""The reader: one LSL stream becomes chunks in its ring buffer, with its clock offset and its segments."""

import dataclasses
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed

from msgspec.structs import replace

from pipeline.errors import BadInput
from pipeline.records import Chunk, Event, StreamHealth, StreamInfo
from pipeline.store import ids, keys
from pipeline.store.ring import last, read_time
from pipeline.store.writer import RAW_RETENTION_S, StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import Found, find
from pipeline.streams.inlet import Inlet, StreamLost
from pipeline.streams.segments import Beginning, Piece, Pulled, Segmenter
from pipeline.workers.context import Every, WorkerContext, worker_main

#: The delivered rate is measured over this long (s).
RATE_OVER_S = 5.0
#: A regular stream that is silent for this long is lost (s).
LOST_AFTER_S = 2.0
#: How long one look for the stream takes (s); the reader looks until it is asked to stop.
_LOOK_S = 1.0
_REPORT_EVERY_S = 0.5
#: Opening an inlet takes at most this long (s): three answers of a device, ten seconds each.
_OPEN_S = 35.0
#: Less than the time between two samples, more than the error of adding and subtracting a delay (s).
_ROUNDING_S = 1e-6


class Health:
    """How the stream is doing, reported twice a second.

    A reader that was restarted goes on counting where its predecessor stopped.
    """

    def __init__(self, context: WorkerContext, key: str) -> None:
        self._context = context
        self._stream = f"{context.participant}/{context.stream}"
        self._arrived: deque[tuple[float, int]] = deque()
        self._last_arrival = float("-inf")
        self._report_due = Every(_REPORT_EVERY_S)
        delay = context.settings.participants[context.participant].streams[context.stream].delay_ms / 1000
        self._delay = delay
        self.now = self._before(key)

    def add(self, pulled: Pulled, offset: float, segmenter: Segmenter) -> None:
        """Count samples that arrived."""
        self._arrived.append((pulled.arrival, len(pulled)))
        self._last_arrival = pulled.arrival
        self.now = replace(
            self.now,
            samples_received=segmenter.samples,
            samples_lost=segmenter.lost,
            gaps=segmenter.gaps,
            last_sample=float(pulled.times[-1]) + offset - self._delay,
            offset=offset,
        )

    def report(self, info: StreamInfo | None, *, at_once: bool = False) -> None:
        """Write the stream's health to the store when it is time; `info` is None while there is no stream."""
        now = local_clock()
        if not (self._report_due.due(now) or at_once):
            return
        while self._arrived and self._arrived[0][0] < now - RATE_OVER_S:
            self._arrived.popleft()
        sfreq = info.sfreq if info else self.now.sfreq
        self.now = replace(self.now, state=self._state(now, info), sfreq=sfreq, delivered_hz=self._rate(now), time=now)
        self._context.board.put_stream_health(self.now)

    def _before(self, key: str) -> StreamHealth:
        """Return what the predecessor reported, and what it stored after that; or that there was none."""
        reported = {health.stream: health for health in self._context.board.stream_health()}
        if self._stream not in reported:
            return StreamHealth(self._stream, "waiting", 0.0, 0.0, 0, None, 0, None, 0.0, local_clock())
        health = reported[self._stream]
        since = float("-inf") if health.last_sample is None else health.last_sample + self._delay + _ROUNDING_S
        chunks = read_time(self._context.connection, key, since, float("inf"))
        return replace(health, samples_received=health.samples_received + sum(len(chunk.times) for chunk in chunks))

    def _state(self, now: float, info: StreamInfo | None) -> str:
        if info is None:
            return "waiting" if self.now.last_sample is None else "lost"
        silent = now - self._last_arrival > LOST_AFTER_S
        return "lost" if silent and info.sfreq > 0 else "receiving"

    def _rate(self, now: float) -> float:
        """Return samples a second since the first chunk that is remembered, whose own samples came before that."""
        if len(self._arrived) < 2:
            return 0.0
        (since, before), *_ = self._arrived
        return (sum(count for _, count in self._arrived) - before) / max(now - since, _REPORT_EVERY_S)


class Reader:
    """Write one stream's samples to its ring buffer."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._settings = context.settings.participants[context.participant].streams[context.stream]
        self._source = f"{context.participant}/{context.stream}"
        self._key = keys.raw(context.session, context.participant, context.stream)
        self._writer = StreamWriter(
            context.connection,
            self._key,
            retention_s=RAW_RETENTION_S,
            alarm=lambda sentence: self._say("alarm", sentence),
        )
        self._segmenter: Segmenter | None = None
        self._segmented: tuple[float, bool] | None = None
        """Rate and whether it may drop samples, of the stream that the segmenter is for."""
        self._newest: Chunk | None = None
        self._health = Health(context, self._key)
        self._why_not = ""

    def run(self) -> None:
        """Find the stream, read it while it lasts, and look for it again, until asked to stop."""
        while not self._context.stop.is_set():
            self._context.pulse.beat(self._source)
            self._health.report(None)
            found = self._look()
            if found is None:
                continue
            self._context.pulse.beat(self._source, within_s=_OPEN_S)
            try:
                with Inlet(found) as inlet:
                    self._read(inlet)
            except StreamLost as lost:
                self._say("lost", f"Stream {self._source} was lost: {lost}.")
                self._health.report(None, at_once=True)
        self._writer.close()

    def _look(self) -> Found | None:
        """Look for the stream once; say why there is none, but not again and again."""
        try:
            found = find(self._settings.match, _LOOK_S)
        except BadInput as reason:  # it may be switched on, or its double off, at any time
            if str(reason) != self._why_not:
                self._why_not = str(reason)
                self._context.log.info(self._why_not)
            return None
        self._why_not = ""
        return found

    def _read(self, inlet: Inlet) -> None:
        context, settings = self._context, self._settings
        info = inlet.describe(context.stream, settings.use, unit=settings.unit)
        context.board.put_stream(context.participant, info)
        segmenter = self._open(info)
        while not context.stop.is_set():
            context.pulse.beat(self._source)
            offset = inlet.offset()  # asked first: a stream that ends now costs nothing that was pulled
            pulled = inlet.pull(0.25)
            if pulled is not None:
                for piece in segmenter.split(pulled, offset=offset, epoch_ms=time.time_ns() // 1_000_000):
                    self._store(piece)
                self._health.add(pulled, offset, segmenter)
            else:
                self._writer.flush()
            self._health.report(info)
        self._health.report(info, at_once=True)

    def _open(self, info: StreamInfo) -> Segmenter:
        """Return the segmenter, which begins a new segment."""
        kind = (info.sfreq, info.can_drop_samples)
        if self._segmenter is not None and kind == self._segmented:
            self._segmenter.reopen()
            return self._segmenter
        if self._newest is None:
            stored = last(self._context.connection, self._key, Chunk)
            self._newest = None if stored is None else stored.record
        segmenter = Segmenter(info.sfreq, can_drop=info.can_drop_samples, newest=self._newest)
        before = self._health.now
        segmenter.samples, segmenter.gaps = before.samples_received, before.gaps
        if segmenter.lost is not None:
            segmenter.lost = before.samples_lost or 0
        self._segmenter, self._segmented = segmenter, kind
        return segmenter

    def _store(self, piece: Piece) -> None:
        chunk = piece.chunk
        if piece.beginning is not None and piece.beginning.reason != "open":
            self._say(piece.beginning.reason, _beginning(self._source, piece.beginning))
        self._writer.append(ids.raw_id(chunk.segment, chunk.first), chunk)
        self._newest = chunk
        if self._settings.use == "Markers":
            self._mark(chunk)

    def _mark(self, chunk: Chunk) -> None:
        """Turn markers into events: strings as they are, numbers as text."""
        texts = [sample[0] for sample in chunk.strings] or [str(value) for value in chunk.data[:, 0].tolist()]
        times = chunk.times + chunk.offset - self._settings.delay_ms / 1000
        for at, text in zip(times.tolist(), texts, strict=True):
            self._context.board.append_event(Event(at, "marker", text, self._source))

    def _say(self, kind: str, sentence: str) -> None:
        self._context.log.warning(sentence)
        self._context.board.append_event(Event(local_clock(), kind, sentence, self._source))


def _beginning(source: str, beginning: Beginning) -> str:
    if beginning.reason == "gap":
        return f"Stream {source}: {beginning.missing} samples missing ({beginning.seconds:.2f} s)."
    return f"Stream {source}: its clock jumped by {beginning.seconds:+.2f} s."


def run(context: WorkerContext) -> None:
    """Read one stream, or with shared readers all of the session, a thread each, until asked to stop."""
    streams = [(context.participant, context.stream)] if context.stream else _all_streams(context)
    context.pulse.expect("/".join(stream) for stream in streams)
    with ThreadPoolExecutor(len(streams)) as pool:
        readers = [
            pool.submit(Reader(dataclasses.replace(context, participant=participant, stream=stream)).run)
            for participant, stream in streams
        ]
        for done in as_completed(readers):
            context.stop.set()  # no reader returns unless it was asked to, or has failed: then all start anew
            done.result()


def _all_streams(context: WorkerContext) -> list[tuple[str, str]]:
    participants = context.settings.participants.items()
    return [(participant, stream) for participant, settings in participants for stream in settings.streams]


if __name__ == "__main__":
    worker_main("reader", run)
