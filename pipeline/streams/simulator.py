"""Publish a simulated participant over LSL, in real time by the LSL clock."""

import threading
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from itertools import count, takewhile
from typing import Final

import numpy as np

from pipeline.simulation.participant import PREFIX, SimulatedParticipant, stream_infos
from pipeline.simulation.trials import Trials
from pipeline.streams.clock import local_clock
from pipeline.streams.closing import Closing
from pipeline.streams.outlet import Outlet
from pipeline.streams.pacing import Block, PacedSource, cut, pace

_MARKERS: Final = "Markers"


class Simulator(Closing):
    """A simulated participant's streams, open on LSL from construction to `close`.

    Parameters
    ----------
    seed : int
        Who it is.
    counter : bool
        Put the sample's index before the EEG channels.
    prefix : str
        Begins the streams' names and source ids.
    without : collection of str
        Streams that are not published, for example ``"Face"``; the others are the same with and without them.
    """

    def __init__(
        self, seed: int, *, counter: bool = False, prefix: str = PREFIX, without: Collection[str] = ()
    ) -> None:
        self._participant = SimulatedParticipant(seed, counter=counter)
        self._open = ExitStack()
        told = stream_infos(seed, counter=counter, prefix=prefix)
        infos = {kind: info for kind, info in told.items() if kind not in without}
        self.outlets = {kind: self._open.enter_context(Outlet(info)) for kind, info in infos.items()}
        self._waiting: dict[str, deque[Block]] = {kind: deque() for kind in infos if kind != _MARKERS}

    def run(self, stop: threading.Event, *, duration: float = float("inf")) -> bool:
        """Send samples at their time: sample ``i`` of a stream is stamped with the start plus ``i / sfreq``.

        Parameters
        ----------
        stop : threading.Event
            Ends the simulation at once.
        duration : float
            How many seconds to send.

        Returns
        -------
        bool
            Whether all was sent.
        """
        blocks = {kind: self._blocks(waiting) for kind, waiting in self._waiting.items()}
        sources = [
            PacedSource(outlet, takewhile(lambda block: block.times[-1] < duration, blocks.get(kind) or _markers()))
            for kind, outlet in self.outlets.items()
        ]
        return pace(sources, start=local_clock(), stop=stop)

    def _blocks(self, waiting: deque[Block]) -> Iterator[Block]:
        """Yield a stream's blocks without end; a second is made when the first stream needs it."""
        while True:
            if not waiting:
                self._make_second()
            yield waiting.popleft()

    def _make_second(self) -> None:
        made = self._participant.next_second()
        for kind, waiting in self._waiting.items():
            waiting.extend(cut(made[kind].times, made[kind].data))

    def close(self) -> None:
        """Take the streams off the network."""
        self._open.close()


def _markers() -> Iterator[Block]:
    """Yield the markers without end: they are known in advance, so no second is made to see the next one coming."""
    for second in count():
        for time, text in Trials.markers(second):
            yield Block(np.array([time]), [[text]])
