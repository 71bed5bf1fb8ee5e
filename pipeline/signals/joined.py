"""Chunks that follow each other as one: what is done once a chunk is done less often, and its result is the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.records import Array, Chunk


@dataclass(frozen=True)
class Joined:
    """Consecutive chunks of one stream as one."""

    chunk: Chunk
    arrivals: Array
    """When each sample arrived (s), float64 ``(n_times,)``."""
    newest: Chunk
    """The last of the chunks, as it came."""


def joined(chunks: Sequence[Chunk]) -> Iterator[Joined]:
    """Join chunks of one stream of numbers as long as segment and clock offset stay and no sample is missing."""
    breaks = [i + 1 for i, (one, other) in enumerate(pairwise(chunks)) if not _continues(one, other)]
    for start, stop in pairwise([0, *breaks, len(chunks)]):
        if run := chunks[start:stop]:
            arrivals = np.repeat([chunk.arrival for chunk in run], [len(chunk.times) for chunk in run])
            yield Joined(_one(run), arrivals, run[-1])


def _continues(one: Chunk, other: Chunk) -> bool:
    return (
        one.segment == other.segment
        and one.last + 1 == other.first
        and one.offset == other.offset
        and one.data.dtype == other.data.dtype
        and one.data.shape[1] == other.data.shape[1]
    )


def _one(run: Sequence[Chunk]) -> Chunk:
    if len(run) == 1:
        return run[0]
    return Chunk(
        segment=run[0].segment,
        first=run[0].first,
        times=np.concatenate([chunk.times for chunk in run]),
        offset=run[0].offset,
        data=np.concatenate([chunk.data for chunk in run]),
        arrival=run[-1].arrival,
    )
