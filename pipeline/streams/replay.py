"""Publish a recording's streams over LSL, paced by their own timestamps."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Final

import msgspec

from pipeline.errors import BadInput
from pipeline.files.recording import MARKERS, RecordedStream, Recording
from pipeline.records import StreamInfo
from pipeline.streams.clock import local_clock
from pipeline.streams.closing import Closing
from pipeline.streams.outlet import Outlet
from pipeline.streams.pacing import Block, PacedSource, cut, pace

#: Between the opening of the outlets and the first sample (s), so that none is late.
_LEAD_S: Final = 0.1


class Replay(Closing):
    """The streams of a recording, open on LSL from construction to `close`.

    Samples are stamped "now" plus the recording's own intervals, whatever the speed. With `loop` the recording starts
    again where it ends, and stamps go on rising.

    Parameters
    ----------
    recording : Recording
        What to publish.
    name : str | None
        Instead of the file's name in the streams' names; see `renamed`.
    source_id : str | None
        Instead of the source ids that stand for the file.
    """

    def __init__(self, recording: Recording, *, name: str | None = None, source_id: str | None = None) -> None:
        self._recording = recording
        self._open = ExitStack()
        infos = renamed([stream.info for stream in recording.streams], recording.path.stem, name, source_id)
        self.outlets = tuple(self._open.enter_context(Outlet(info)) for info in infos)

    def run(self, stop: threading.Event, *, speed: float = 1.0, loop: bool = False) -> bool:
        """Send all samples at their time, until the recording ends or `stop` is set.

        Parameters
        ----------
        stop : threading.Event
            Ends the replay at once.
        speed : float
            Seconds of the recording that pass in a second.
        loop : bool
            Start again at the end.

        Returns
        -------
        bool
            Whether the recording was sent to its end.

        Raises
        ------
        BadInput
            A recording without length is to be looped.
        """
        if loop and not self._recording.end > self._recording.start:
            raise BadInput(f"{self._recording.path}: --loop: a single moment cannot be repeated; leave --loop out")
        sources = [
            PacedSource(outlet, _blocks(self._recording, stream, loop=loop))
            for outlet, stream in zip(self.outlets, self._recording.streams, strict=True)
        ]
        return pace(sources, start=local_clock() + _LEAD_S, stop=stop, speed=speed)

    def close(self) -> None:
        """Take the streams off the network."""
        self._open.close()


def renamed(infos: list[StreamInfo], stem: str, name: str | None, source_id: str | None) -> list[StreamInfo]:
    """Return stream descriptions with other names and source ids.

    Streams that are named after the file get `name` instead of its stem. Streams with names of their own get `name`
    where there is one of them, else ``<name>-<own name>``. A stream that is alone but for the file's markers gets
    `source_id`; several get ``<source_id>-<what the file calls the stream>``, with the type, then a number, where that
    is not enough to tell them apart.

    Parameters
    ----------
    infos : list of StreamInfo
        The descriptions.
    stem : str
        Name of the file, without its suffix.
    name, source_id : str | None
        What to put instead; None for no change.
    """
    new = infos
    if name is not None:
        others = sum(not _named_after(info, stem) for info in infos)
        new = [msgspec.structs.replace(info, name=_new_name(info, stem, name, others)) for info in new]
    if source_id is not None:
        new = [
            msgspec.structs.replace(info, source_id=one) for info, one in zip(new, _ids(infos, source_id), strict=True)
        ]
    return new


def _new_name(info: StreamInfo, stem: str, name: str, others: int) -> str:
    if _named_after(info, stem):
        return name + info.name.removeprefix(stem)
    return name if others == 1 else f"{name}-{info.name}"


def _named_after(info: StreamInfo, stem: str) -> bool:
    return info.name in (stem, f"{stem}-markers")


def _ids(infos: list[StreamInfo], source_id: str) -> list[str]:
    """Return a source id for each stream: with its name, then its type, then a number where they must be told apart."""
    alone = sum(info.stream != MARKERS for info in infos) == 1
    ids = [source_id if alone and info.stream != MARKERS else f"{source_id}-{info.stream}" for info in infos]
    repeated = Counter(ids)
    ids = [f"{one}-{info.type}" if repeated[one] > 1 else one for one, info in zip(ids, infos, strict=True)]
    repeated, seen = Counter(ids), Counter[str]()
    for index, one in enumerate(ids):
        seen[one] += 1
        if repeated[one] > 1:
            ids[index] = f"{one}-{seen[one]}"
    return ids


def _blocks(recording: Recording, stream: RecordedStream, *, loop: bool) -> Iterator[Block]:
    """Yield a stream's blocks, timed from the recording's start; round after round with `loop`."""
    times = stream.times - recording.start
    samples = stream.strings if stream.info.format == "string" else stream.data
    period = recording.end - recording.start
    for turn in count() if loop else range(1):
        yield from cut(times + turn * period, samples)
