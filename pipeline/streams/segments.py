"""Cut what arrives of one stream into segments: stretches without a gap.

A new segment begins when the stream opens, when samples are missing, and when its clock jumps; what tells them is in
`pipeline.streams.continuity`. Stamps that jumped are not believed any longer: from there on the clock offset is such
that the stream's time goes on as its samples do.
"""

from dataclasses import dataclass

from pipeline.records import Array, Chunk
from pipeline.streams.continuity import Beginning, Continuity
from pipeline.streams.counter import Counter
from pipeline.streams.delay import LeastDelay
from pipeline.streams.offsets import JUMP_S


@dataclass(frozen=True)
class Pulled:
    """What one pull brought: consecutive samples as they arrived."""

    times: Array
    """Source timestamps, float64 ``(n_times,)`` (s)."""
    data: Array
    """In the stream's own format, ``(n_times, n_channels)``; ``(n_times, 0)`` for strings."""
    strings: tuple[tuple[str, ...], ...]
    """Samples of a string stream, one tuple of channels a sample; else empty."""
    arrival: float
    """When they were pulled, on the host's LSL clock (s)."""

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Piece:
    """Samples of one segment; `beginning` says why it began where these are its first."""

    chunk: Chunk
    beginning: Beginning | None


@dataclass(frozen=True)
class _Cut:
    """Where samples begin that belong together."""

    row: int
    beginning: Beginning | None
    offset: float


class Segmenter:
    """Give every sample its segment and its index within it.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz); 0 for an irregular stream.
    can_drop : bool
        The stream may leave out samples.
    counter : int | None
        Index of the channel that counts samples, if there is one; of no use where samples may be left out.
    newest : Chunk | None
        The newest chunk known of this stream, from before a restart: a new segment begins after it, and the samples
        that are missing in between are counted.

    Attributes
    ----------
    samples : int
        Samples seen.
    lost : int | None
        Samples missing between the first and the last one seen; None where they cannot be counted.
    gaps : int
        Segments begun, after the first.
    """

    def __init__(
        self, sfreq: float, *, can_drop: bool = False, counter: int | None = None, newest: Chunk | None = None
    ) -> None:
        regular = sfreq > 0 and not can_drop
        self._sfreq = sfreq
        self._counter = Counter(counter) if counter is not None and regular else None
        self._continuity = Continuity(sfreq, regular=regular, counter=self._counter, newest=newest)
        self._least_delay = LeastDelay()
        self._segment, self._offset = (0, 0.0) if newest is None else (newest.segment, newest.offset)
        self._next = 0
        self.samples = 0
        self.lost: int | None = 0 if regular else None
        self.gaps = 0

    def reopen(self) -> None:
        """Begin a new segment with the next sample: the stream was opened anew."""
        self._continuity.announce(Beginning("open"))
        if self._counter is not None:
            self._counter.forget()
        self._least_delay = LeastDelay()

    def jump(self, seconds: float) -> None:
        """Begin a new segment with the next sample: its clock moved by so much (s), and the offset has followed."""
        self._continuity.announce(Beginning("clock jump", 0, seconds, measured=True))
        self._least_delay = LeastDelay()

    def split(self, pulled: Pulled, *, offset: float, epoch_ms: int) -> list[Piece]:
        """Return the samples as chunks, cut where a segment begins.

        How the input is cut moves no border; only whether a leap ahead is a gap or a jump hangs on the arrivals.

        Parameters
        ----------
        pulled : Pulled
            Consecutive samples.
        offset : float
            Clock offset in force (s). Where the stamps jump, the chunks from there on have another one.
        epoch_ms : int
            Wall clock in milliseconds, from which a new segment takes its number.
        """
        if not len(pulled):
            return []
        cuts = self._cut(pulled, offset)
        self._offset = cuts[-1].offset
        self._least_delay.add(pulled.arrival - float(pulled.times[-1]) - self._offset, pulled.arrival)
        stops = [*(cut.row for cut in cuts[1:]), len(pulled)]
        return [self._piece(pulled, cut, stop, epoch_ms) for cut, stop in zip(cuts, stops, strict=True)]

    def _cut(self, pulled: Pulled, offset: float) -> list[_Cut]:
        times: list[float] = pulled.times.tolist()
        none: list[int | None] = [None] * len(times)
        steps = none if self._counter is None else self._counter.read(pulled.data)
        cuts = [_Cut(0, None, offset)]
        row = 0
        while (row := self._continuity.undisturbed(times, steps, row)) < len(times):
            closer = self._least_delay.closer(pulled.arrival - times[-1] - offset, pulled.arrival)
            beginning = self._continuity.judge(times[row], steps[row], offset - self._offset, closer)
            self._offset = offset
            if beginning is not None:
                self._offset = offset = offset - self._moved(beginning)
                cuts = [*(cut for cut in cuts if cut.row < row), _Cut(row, beginning, offset)]
            row += 1
        return cuts

    def _moved(self, beginning: Beginning) -> float:
        """Return by how much stamps are wrong from here on (s); what an irregular stream sends late may be right."""
        if beginning.reason != "clock jump" or beginning.measured or abs(beginning.seconds) <= JUMP_S:
            return 0.0
        return beginning.seconds if self._sfreq > 0 or beginning.seconds > 0 else 0.0

    def _piece(self, pulled: Pulled, cut: _Cut, stop: int, epoch_ms: int) -> Piece:
        if cut.beginning is not None:
            self._segment = max(epoch_ms, self._segment + 1)
            self._next = 0
            self.gaps += self.samples > 0
            if self.lost is not None:
                self.lost += cut.beginning.missing
        rows = slice(cut.row, stop)
        chunk = Chunk(
            segment=self._segment,
            first=self._next,
            times=pulled.times[rows],
            offset=cut.offset,
            data=pulled.data[rows],
            arrival=pulled.arrival,
            strings=pulled.strings[rows],
        )
        self._next += stop - cut.row
        self.samples += stop - cut.row
        return Piece(chunk, cut.beginning)
