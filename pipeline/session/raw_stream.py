"""One raw stream of a recorded session, cut where a segment begins, the clock offset changes or its kind does."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from pipeline.records import Array, Chunk, StreamInfo
from pipeline.signals.offline import piece_size


class Run(NamedTuple):
    """Consecutive samples of one segment under one clock offset."""

    segment: int
    first: int
    """Index of the first one in its segment."""
    start: int
    stop: int
    """Rows of the file's stream."""
    offset: float


class Part(NamedTuple):
    """A raw stream for as long as it was of one kind."""

    info: StreamInfo
    """As it was when it was first found so."""
    runs: tuple[tuple[Run, Array, Array], ...]
    """Every run with its source stamps and its samples."""

    @property
    def segment(self) -> int:
        """The first one."""
        return self.runs[0][0].segment

    def chunks(self, segments: frozenset[int] | None = None) -> Iterator[Chunk]:
        """Yield the samples as chunks, of all segments or of these."""
        size = piece_size(self.info)
        for run, times, data in self.runs:
            if segments is not None and run.segment not in segments:
                continue
            for row in range(0, len(times), size):
                stamps = times[row : row + size]
                arrival = float(stamps.max()) + run.offset
                yield Chunk(run.segment, run.first + row, stamps, run.offset, data[row : row + size], arrival)


@dataclass(frozen=True)
class RawStream:
    """One raw stream of a session, whatever it was called and whatever channels it had while it came."""

    parts: tuple[Part, ...]

    @property
    def runs(self) -> tuple[tuple[Run, Array, Array], ...]:
        """Every run of every part."""
        return tuple(run for part in self.parts for run in part.runs)

    @property
    def samples(self) -> int:
        """How many there are."""
        return sum(len(times) for _, times, _ in self.runs)

    def join(self, part: Part) -> "RawStream":
        """Return the stream with what came later."""
        *before, newest = self.parts
        if newest.info.kind == part.info.kind:
            return RawStream((*before, Part(newest.info, newest.runs + part.runs)))
        return RawStream((*self.parts, part))

    @property
    def span(self) -> tuple[float, float]:
        """Host time of the first and of the last sample (s)."""
        first, last = self.runs[0], self.runs[-1]
        return float(first[1][0]) + first[0].offset, float(last[1][-1]) + last[0].offset


def runs(segments: list[tuple[int, int, int]], offsets: list[tuple[int, float]], samples: int) -> Iterator[Run]:
    """Cut the rows of a recorded stream where a segment begins and where the clock offset changes.

    Parameters
    ----------
    segments : list of (segment, index within it, row)
        Wherever consecutive samples begin.
    offsets : list of (row, offset)
        Every clock offset (s) from its row on.
    samples : int
        How many rows there are.
    """
    cuts = sorted({0, samples, *(row for *_, row in segments), *(row for row, _ in offsets)})
    for start, stop in pairwise(cut for cut in cuts if cut <= samples):
        segment, index, row = segments[bisect_right(segments, start, key=lambda place: place[2]) - 1]
        _, offset = offsets[bisect_right(offsets, start, key=lambda place: place[0]) - 1]
        yield Run(segment, index + start - row, start, stop, offset)
