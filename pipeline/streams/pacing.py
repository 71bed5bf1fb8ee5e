"""Push streams at the time at which their samples are due: the simulator's and the replay's heartbeat."""

import heapq
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.streams.clock import local_clock
from pipeline.streams.outlet import Outlet

#: How much of a stream is sent at once (s), about what devices send.
BLOCK_S: Final = 0.04
#: How long the outlets are left to send the last block (s): liblsl drops what it has not sent when one is closed.
LINGER_S: Final = 0.5


@dataclass(frozen=True)
class Block:
    """Consecutive samples of one stream that are sent together."""

    times: Array
    """float64 ``(n_times,)``, in seconds since the sources' common start; never falls from block to block."""
    samples: Array | Sequence[Sequence[str]]
    """``(n_times, n_channels)``, or one sequence of strings a sample."""


@dataclass(frozen=True)
class PacedSource:
    """A stream to publish: where its samples go, and its blocks in the order of their times."""

    outlet: Outlet
    blocks: Iterator[Block]


def cut(times: Array, samples: Array | Sequence[Sequence[str]], block_s: float = BLOCK_S) -> Iterable[Block]:
    """Cut samples into blocks that lie on a common grid of `block_s` seconds.

    Parameters
    ----------
    times : array, shape (n_times,)
        Seconds since the start, not falling.
    samples : array, shape (n_times, n_channels) | sequence of sequences of str
    block_s : float
        Length of a block (s); a block without a sample is left out.
    """
    cells = np.floor(times / block_s)
    borders = [0, *(np.flatnonzero(np.diff(cells)) + 1).tolist(), len(times)]
    for start, stop in pairwise(borders):
        if stop > start:
            yield Block(times[start:stop], samples[start:stop])


def pace(sources: Sequence[PacedSource], *, start: float, stop: threading.Event, speed: float = 1.0) -> bool:
    """Send every block when its last sample is due, until the sources are exhausted or `stop` is set.

    A sample at ``t`` seconds is due at ``start + t / speed`` and is stamped ``start + t``: at any speed, the intervals
    between stamps stay the source's own. After the last block the outlets get a moment to send it.

    Parameters
    ----------
    sources : sequence of PacedSource
        Their blocks are drawn one ahead, so a generator may make them as they are needed.
    start : float
        Time of the sources' common start on the LSL clock (s).
    stop : threading.Event
        Ends the pacing at once.
    speed : float
        How many seconds of the sources pass in a second.

    Returns
    -------
    bool
        Whether all sources were sent to their end.
    """
    due: list[tuple[float, int, Block]] = []

    def draw(index: int) -> None:
        block = next(sources[index].blocks, None)
        if block is not None:
            heapq.heappush(due, (float(block.times[-1]), index, block))

    for index in range(len(sources)):
        draw(index)
    while due:
        time, index, block = due[0]
        if stop.wait(max(0.0, start + time / speed - local_clock())):
            return False
        sources[index].outlet.push(block.samples, start + block.times)
        heapq.heappop(due)
        draw(index)
    stop.wait(LINGER_S)
    return True
