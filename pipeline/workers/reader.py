"""The reader: one LSL stream becomes chunks in its ring buffer, with its clock offset and its segments."""

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final

from msgspec.structs import replace

from pipeline.errors import BadInput
from pipeline.records import Event, StreamInfo
from pipeline.states import StreamHealth
from pipeline.streams.clock import local_clock
from pipeline.streams.continuity import Beginning
from pipeline.streams.discovery import Found, find, find_again
from pipeline.streams.inlet import Inlet, StreamLost
from pipeline.streams.lookout import Lookout
from pipeline.streams.segments import Pulled, Segmenter
from pipeline.streams.source_clock import LSL, SourceClock
from pipeline.workers import sentences
from pipeline.workers.context import Every, Renewal, WorkerContext, worker_main
from pipeline.workers.gaps import Gaps
from pipeline.workers.health import Health
from pipeline.workers.marking import Marking
from pipeline.workers.raw_ring import RawRing

#: How long one look for the stream takes (s); the reader looks until it is asked to stop.
_LOOK_S: Final = 1.0
#: Opening an inlet takes at most this long (s): three answers of a device, ten seconds each.
_OPEN_S: Final = 35.0
#: How often liblsl is asked for its newest time probe (s); it makes one every two seconds.
_PROBE_EVERY_S: Final = 0.5
#: A process is not replaced sooner than this (s): a stream that comes and goes is looked for by the same one.
_RENEW_AFTER_S: Final = 5.0


class Reader:
    """Write one stream's samples to its ring buffer.

    Parameters
    ----------
    context : WorkerContext
        With the participant and the stream.
    alone : bool
        Nothing else runs in this process, so that it can be replaced by a new one when the stream is lost: liblsl may
        have been left in a bad state by it. Several readers in one process only make a new inlet each, since the
        others' streams would have to be interrupted.
    """

    def __init__(self, context: WorkerContext, *, alone: bool) -> None:
        self._context = context
        self._alone = alone
        self._started = local_clock()
        self._settings = context.settings.participants[context.participant].streams[context.stream]
        self._source = f"{context.participant}/{context.stream}"
        self._ring = RawRing(context, alarm=lambda sentence: self._say("alarm", sentence))
        self._segmenter: Segmenter | None = None
        self._segmented: tuple[float, bool, int | None] | None = None
        """Rate, whether it may drop samples, and counter channel, of the stream that the segmenter is for."""
        self._health = Health(context, self._ring.health)
        self._lost = self._health.now.state == "lost"
        self._clock_kind = self._health.now.clock
        self._why_not = ""
        self._gaps = Gaps(self._source)
        self._marking = Marking(context.board, self._settings, self._source)

    def run(self) -> None:
        """Find the stream, read it while it lasts, and look for it again, until asked to stop.

        Raises
        ------
        Renewal
            The stream is lost; a new process goes on.
        """
        if self._ring.info is not None:  # whoever reads what was taken over must know what it is
            self._context.board.put_stream(self._context.participant, self._ring.info)
        while not self._context.stop.is_set():
            self._context.pulse.beat(self._source)
            self._ring.flush()
            self._health.report()
            found = self._look()
            if found is None:
                continue
            self._context.pulse.beat(self._source, within_s=_OPEN_S)
            samples = self._health.now.samples_received
            try:
                with Inlet(found) as inlet:
                    self._read(inlet)
            except StreamLost as lost:
                self._lose(str(lost))
            self._sum_up(over=True)
            if self._context.stop.is_set():
                break
            self._health.close()
            if self._health.now.samples_received > samples:
                self._renew()
        self._health.report(at_once=True)
        self._ring.close()

    def _renew(self) -> None:
        """Have a new process look for the stream, unless something still has to be stored."""
        old_enough = local_clock() - self._started >= _RENEW_AFTER_S
        if self._alone and old_enough and self._ring.flush() and self._context.board.flush():
            self._ring.close()
            raise Renewal

    def _look(self) -> Found | None:
        """Look for the stream once; say why there is none, but not again and again."""
        try:
            if self._ring.info is None:
                found: Found | None = find(self._settings.match, _LOOK_S)
            else:
                found = find_again(self._settings.match, self._ring.info, _LOOK_S, others=self._others())
        except BadInput as reason:  # it may be switched on, or its double off, at any time
            if str(reason) != self._why_not:
                self._why_not = str(reason)
                self._context.log.info(self._why_not)
            return None
        self._why_not = ""
        return found

    def _others(self) -> set[str]:
        """Return the source ids that the session file names for other streams."""
        return {
            stream.match.source_id
            for code, participant in self._context.settings.participants.items()
            for name, stream in participant.streams.items()
            if stream.match.source_id is not None and (code, name) != (self._context.participant, self._context.stream)
        }

    def _read(self, inlet: Inlet) -> None:
        """Store what comes until the stream calls for another inlet, or the process is asked to stop."""
        context = self._context
        info = inlet.describe(context.stream, self._settings.use, unit=self._settings.unit)
        context.board.put_stream(context.participant, info)
        segmenter = self._open(info)
        if why_not := self._marking.open(info):
            self._say("alarm", why_not)
        self._health.open(info)
        self._ring.describe(info, self._doing())
        if info.sfreq <= 0:
            self._return()  # its next sample may be long in coming
        clock = SourceClock(inlet.first_probe, regular=info.sfreq > 0)
        probe_due, lookout = Every(_PROBE_EVERY_S), None
        while not context.stop.is_set():
            context.pulse.beat(self._source)
            if probe_due.due(now := local_clock()):  # before the pull: a stream that ends now costs nothing pulled
                self._probe(inlet, clock, segmenter, now)
            pulled = inlet.pull(0.25)
            self._health.listened()
            if pulled is not None:
                self._take(pulled, clock, segmenter)
                lookout = None
            else:
                self._ring.flush()
                if self._health.silent:
                    self._health.report(clock, at_once=not self._lost)
                    self._lose(f"no sample has come for {self._health.silence:.1f} s")
                    lookout = lookout or self._look_out(info)
                    if lookout.calls_for_another_inlet(local_clock()):
                        return
            self._sum_up()
            self._health.report(clock)

    def _look_out(self, info: StreamInfo) -> Lookout:
        return Lookout(self._settings.match, info, delivered=self._health.delivered, now=local_clock())

    def _probe(self, inlet: Inlet, clock: SourceClock, segmenter: Segmenter, now: float) -> None:
        jumped = clock.probe(inlet.probe(), now)
        if jumped:
            segmenter.jump(jumped)
        self._say_clock(clock)

    def _take(self, pulled: Pulled, clock: SourceClock, segmenter: Segmenter) -> None:
        clock.recognize(pulled.times, pulled.arrival)
        self._say_clock(clock)
        pieces = segmenter.split(pulled, offset=clock.offset, epoch_ms=time.time_ns() // 1_000_000)
        offset = pieces[-1].chunk.offset
        if offset != clock.offset:
            clock.jumped(offset, pulled.arrival)
            self._clock_kind = clock.kind  # the sentence about the jump says it
        jumped = clock.hear(float(pulled.times[-1]), pulled.arrival)
        if jumped:
            segmenter.jump(jumped)
            self._clock_kind = clock.kind
        for piece in pieces:
            self._tell(piece.beginning)
        chunks = [piece.chunk for piece in pieces]
        self._health.add(pulled.times, chunks[-1], segmenter)
        self._ring.write(chunks, self._doing())
        self._marking.take(chunks)
        self._return()

    def _open(self, info: StreamInfo) -> Segmenter:
        """Return the segmenter, which begins a new segment."""
        before = self._ring.info
        if before is not None and before.source_id != info.source_id:
            self._say("returned", sentences.renamed(self._source, before, info))
        counter = self._counter(info)
        kind = (info.sfreq, info.can_drop_samples, counter)
        if self._segmenter is not None and kind == self._segmented:
            self._segmenter.reopen()
            return self._segmenter
        newest = self._ring.newest
        segmenter = Segmenter(info.sfreq, can_drop=info.can_drop_samples, counter=counter, newest=newest)
        before_now = self._health.now
        segmenter.samples, segmenter.gaps = before_now.samples_received, before_now.gaps
        if segmenter.lost is not None:
            segmenter.lost = before_now.samples_lost or 0
        self._segmenter, self._segmented = segmenter, kind
        return segmenter

    def _counter(self, info: StreamInfo) -> int | None:
        try:
            return self._settings.counter_in(info.ch_names)
        except BadInput as reason:  # pre-flight refuses it; later it may come back as another stream
            self._say("gap", f"Stream {self._source}: {reason}; what is missing is told by its stamps.")
            return None

    def _tell(self, beginning: Beginning | None) -> None:
        """Say why a segment begins, where that is worth it."""
        if beginning is not None and self._worth_saying(beginning):
            mapped = beginning.reason == "clock jump" and self._clock_kind != LSL
            self._say(beginning.reason, sentences.begun(self._source, beginning, mapped=mapped))

    def _worth_saying(self, beginning: Beginning) -> bool:
        if beginning.reason != "gap" or beginning.restarted:
            return beginning.reason != "open"
        return self._gaps.add(beginning.missing, local_clock())

    def _sum_up(self, *, over: bool = False) -> None:
        """Say what gaps there were that came thick."""
        sentence = self._gaps.sum_up(local_clock(), over=over)
        if sentence is not None:
            self._say("gap", sentence)

    def _lose(self, why: str) -> None:
        """Say that the stream is lost, once."""
        if not self._lost:
            self._lost = True
            self._say("lost", f"Stream {self._source} was lost: {why}.")
            self._ring.note(self._doing())

    def _doing(self) -> StreamHealth:
        """Return how the stream does, for whoever takes over: once lost, until it is said that it is back."""
        now = self._health.count()
        return replace(now, state="lost") if self._lost else now

    def _return(self) -> None:
        """Say that a lost stream is back."""
        if self._lost:
            self._lost = False
            self._say("returned", f"Stream {self._source} is back.")

    def _say_clock(self, clock: SourceClock) -> None:
        """Say what the stamps are where that is not what was thought: LSL's, unless something else was said."""
        if clock.kind and clock.kind != (self._clock_kind or LSL):
            self._say("clock", sentences.clock(self._source, clock.kind))
        self._clock_kind = clock.kind or self._clock_kind

    def _say(self, kind: str, sentence: str) -> None:
        self._context.log.warning(sentence)
        self._context.board.append_event(Event(local_clock(), kind, sentence, self._source))


def run(context: WorkerContext) -> None:
    """Read one stream, or with shared readers all of the session, a thread each, until asked to stop."""
    if context.stream:
        context.pulse.expect([f"{context.participant}/{context.stream}"])
        Reader(context, alone=True).run()
        return
    streams = _all_streams(context)
    context.pulse.expect("/".join(stream) for stream in streams)
    with ThreadPoolExecutor(len(streams)) as pool:
        readers = [
            pool.submit(Reader(dataclasses.replace(context, participant=participant, stream=stream), alone=False).run)
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
