"""How one stream is doing, as its reader sees it."""

from typing import Final

from msgspec.structs import replace

from pipeline.records import Array, Chunk, StreamInfo
from pipeline.states import StreamHealth
from pipeline.streams.clock import local_clock
from pipeline.streams.regularity import Regularity
from pipeline.streams.segments import Segmenter
from pipeline.streams.source_clock import SourceClock
from pipeline.workers.context import Every, WorkerContext
from pipeline.workers.delivery import Delivery

#: A regular stream is lost when no sample has come for this long after the next one was due (s).
LOST_AFTER_S: Final = 1.25
_REPORT_EVERY_S: Final = 0.5
#: A pull takes a quarter of a second; if the next one ends later than this, the reader was held up (s).
_PAUSE_S: Final = 1.0


class Health:
    """How the stream is doing, reported twice a second.

    A reader that was restarted goes on counting where its predecessor stopped.

    Parameters
    ----------
    context : WorkerContext
        The reader's.
    before : StreamHealth | None
        How it did when the predecessor ended; None where there was none.

    Attributes
    ----------
    now : StreamHealth
        As reported last, and what was counted since.
    """

    def __init__(self, context: WorkerContext, before: StreamHealth | None) -> None:
        self._context = context
        self._delay = context.settings.participants[context.participant].streams[context.stream].delay_ms / 1000
        self._report_due = Every(_REPORT_EVERY_S)
        self._delivery = Delivery()
        self._last_arrival = self._listened = float("-inf")
        self._info: StreamInfo | None = None
        self._newest: Chunk | None = None
        self._segmenter: Segmenter | None = None
        self._regularity: Regularity | None = None
        stream = f"{context.participant}/{context.stream}"
        self.now = before or StreamHealth(stream, "waiting", 0.0, None, 0, None, 0, None, 0.0, local_clock())

    @property
    def silence(self) -> float:
        """For how long no sample has come (s)."""
        return local_clock() - self._last_arrival

    @property
    def silent(self) -> bool:
        """Whether a regular stream that is open has missed its next sample for too long."""
        info = self._info
        return info is not None and info.sfreq > 0 and self.silence > LOST_AFTER_S + 1 / info.sfreq

    @property
    def delivered(self) -> bool:
        """Whether a sample has come since the stream was opened."""
        return self._newest is not None

    def listened(self) -> None:
        """Call it after each pull: while nobody listened, since the process was paused say, there was no silence."""
        now = local_clock()
        if now - self._listened > _PAUSE_S:
            self._last_arrival = max(self._last_arrival, now)
        self._listened = now

    def open(self, info: StreamInfo) -> None:
        """Begin with a stream that was opened."""
        self._info, self._newest = info, None
        self._delivery.forget()
        self._last_arrival = self._listened = local_clock()
        self._regularity = Regularity(info.sfreq) if info.sfreq > 0 else None

    def close(self) -> None:
        """There is no stream any more; say so at once."""
        self.count()
        self._info = None
        self.report(at_once=True)

    def add(self, times: Array, chunk: Chunk, segmenter: Segmenter) -> None:
        """Take note of samples that arrived; `chunk` holds the newest of them."""
        if self.silent:  # the hole is no slow delivery
            self._delivery.forget()
        self._delivery.add(chunk.arrival, len(times))
        self._last_arrival = chunk.arrival
        self._newest, self._segmenter = chunk, segmenter
        if self._regularity is not None:
            self._regularity.add(times)

    def count(self) -> StreamHealth:
        """Return how the stream is doing, with all that was added."""
        chunk, segmenter = self._newest, self._segmenter
        if chunk is None or segmenter is None:
            self.now = replace(self.now, state=self._state())
        else:
            self.now = replace(
                self.now,
                state=self._state(),
                samples_received=segmenter.samples,
                samples_lost=segmenter.lost,
                gaps=segmenter.gaps,
                last_sample=float(chunk.times[-1]) + chunk.offset - self._delay,
                offset=chunk.offset,
            )
        return self.now

    def report(self, clock: SourceClock | None = None, *, at_once: bool = False) -> None:
        """Write the stream's health to the store when it is time."""
        now = local_clock()
        if not (self._report_due.due(now) or at_once):
            return
        self.count()
        sfreq = self._info.sfreq if self._info else self.now.sfreq
        self.now = replace(self.now, sfreq=sfreq, delivered_hz=self._rate(now), time=now)
        if clock is not None:
            self.now = replace(
                self.now,
                clock=clock.kind,
                settling=clock.settling,
                drift_ppm=1e6 * clock.drift,
                round_trip=clock.round_trip,
                irregularity=self._regularity.deviation if self._regularity else None,
            )
        self._context.board.put_stream_health(self.now)

    def _state(self) -> str:
        if self._info is None:
            return "waiting" if self.now.last_sample is None else "lost"
        return "lost" if self.silent else "receiving"

    def _rate(self, now: float) -> float | None:
        if self.now.state == "lost":
            return 0.0
        return self._delivery.rate(now) if self._info is not None and self._info.sfreq > 0 else None
