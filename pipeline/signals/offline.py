"""Feature windows of a recording: nothing is late, and it goes as fast as it can."""

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from pipeline.modalities import EEG_CHANNELS, MODALITIES
from pipeline.records import Array, Chunk, FeatureWindow, Grid, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals.extractor import ModalityExtractor
from pipeline.signals.families import LIVE, Family
from pipeline.signals.participant import ParticipantProcessor

#: Length of the pieces in which a recording is fed (s); no result depends on it.
PIECE_S: Final = 10.0

#: Is told how many samples were processed.
Progress = Callable[[int], None]


class Recorded(NamedTuple):
    """One stream of a recording."""

    info: StreamInfo
    settings: StreamSettings
    times: Array
    """float64 ``(n_times,)``: stamps on the host's clock (s)."""
    data: Array
    """``(n_times, n_channels)``, in the stream's own unit."""
    breaks: tuple[int, ...] = ()
    """Rows at which a new segment starts."""


class Closing(NamedTuple):
    """A live decision that the clock took: a tick was closed with the samples that were there."""

    tick: int
    segment: int
    last: int
    """Index of the newest sample that was there."""
    why: str


def extract(
    recorded: Mapping[str, Recorded],
    *,
    hop_s: float,
    eeg_channels: tuple[str, ...] = EEG_CHANNELS,
    grid: Grid | None = None,
    family: Family = LIVE,
) -> list[FeatureWindow]:
    """Return all feature windows of a participant's recording.

    Parameters
    ----------
    recorded : mapping of str to Recorded
        The participant's streams.
    hop_s : float
        Seconds between ticks.
    eeg_channels : tuple of str
        The model's EEG channels.
    grid : Grid | None
        The tick grid; when None it starts at the first full window of every required stream.
    family : str
        The model's feature family.

    Returns
    -------
    windows : list of FeatureWindow
        Each modality in the order of ticks, and each with the same ticks.

    Raises
    ------
    BadInput
        A stream is not what its modality needs.
    """
    used = {name: stream for name, stream in recorded.items() if stream.settings.use in MODALITIES}
    streams = {name: (stream.info, stream.settings) for name, stream in used.items()}
    processor = ParticipantProcessor(streams, hop_s=hop_s, eeg_channels=eeg_channels, grid=grid, family=family)
    chunks = {name: pieces(stream) for name, stream in used.items()}
    return list(feed(processor, chunks))


def feed(
    processor: ParticipantProcessor, chunks: Mapping[str, Iterable[Chunk]], progress: Progress = lambda _: None
) -> Iterator[FeatureWindow]:
    """Yield the windows that a processor makes of whole streams.

    Parameters
    ----------
    processor : ParticipantProcessor
        Fresh.
    chunks : mapping of str to iterable of Chunk
        Each stream's chunks, in their order, none of them empty; between streams the first samples decide, so that the
        tick grid is known before a gap.
    progress : callable
        Told of the samples of every chunk.
    """
    ordered = ([(float(c.times[0]) + c.offset, name, c) for c in stream] for name, stream in chunks.items())
    for _, name, chunk in heapq.merge(*ordered, key=lambda item: item[:2]):
        yield from processor.process(name, chunk)
        progress(len(chunk.times))
    yield from processor.finish()


def repeat(
    extractor: ModalityExtractor,
    chunks: Iterable[Chunk],
    closings: Sequence[Closing],
    grid: Grid,
    progress: Progress = lambda _: None,
) -> Iterator[FeatureWindow]:
    """Yield the windows of one stream as they were made live: what the clock closed is closed at the same sample.

    Parameters
    ----------
    extractor : ModalityExtractor
        Fresh.
    chunks : iterable of Chunk
        The stream's.
    closings : sequence of Closing
        What the clock closed, in the order of ticks.
    grid : Grid
        The live tick grid.
    progress : callable
        Told of the samples of every chunk.
    """
    waiting = list(reversed(closings))
    for chunk in chunks:
        rest = chunk
        while waiting and (waiting[-1].segment, waiting[-1].last) < (rest.segment, rest.last):
            closing = waiting.pop()
            if closing.segment == rest.segment and closing.last >= rest.first:
                before, rest = _cut(rest, closing.last + 1)
                yield from extractor.process(before, grid)
            yield from _close(extractor, grid, closing)
        yield from extractor.process(rest, grid)
        progress(len(chunk.times))
    while waiting:
        yield from _close(extractor, grid, waiting.pop())


def pieces(stream: Recorded) -> Iterator[Chunk]:
    """Cut a stream into chunks that keep to its segments; a segment is numbered by its first row."""
    times = np.asarray(stream.times, dtype=np.float64)
    edges = [0, *stream.breaks, len(times)]
    size = piece_size(stream.info)
    for start, stop in pairwise(edges):
        for first in range(start, stop, size):
            rows = slice(first, min(first + size, stop))
            yield Chunk(start + 1, first - start, times[rows], 0.0, stream.data[rows], float(times[rows].max()))


def piece_size(info: StreamInfo) -> int:
    """Return how many samples of a stream are fed at once."""
    return max(1, round((info.sfreq or 30.0) * PIECE_S))


def _cut(chunk: Chunk, index: int) -> tuple[Chunk, Chunk]:
    """Cut a chunk before the sample of an index."""
    row = index - chunk.first
    before = replace(chunk, times=chunk.times[:row], data=chunk.data[:row], strings=chunk.strings[:row])
    after = replace(chunk, first=index, times=chunk.times[row:], data=chunk.data[row:], strings=chunk.strings[row:])
    return before, after


def _close(extractor: ModalityExtractor, grid: Grid, closing: Closing) -> list[FeatureWindow]:
    return extractor.close_until(grid, math.nextafter(grid.end(closing.tick), math.inf), closing.why)
