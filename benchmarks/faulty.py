"""Simulated sensors that misbehave when told to, over real LSL streams: for the fault tests and `benchmarks.recovery`.

Each stream carries the index of its samples as its first channel, so that what was lost or doubled shows. Where that is
called `counter`, helo-live counts by it; where it is called `index`, stamps alone tell what is missing.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from pipeline.records import Array, StreamInfo
from pipeline.simulation.participant import SimulatedParticipant, stream_infos
from pipeline.streams.clock import local_clock
from pipeline.streams.outlet import Outlet
from pipeline.streams.pacing import BLOCK_S, Block, cut

#: A sensor that goes away keeps its outlet for so long (s): liblsl drops what one still holds when it is closed.
HANDED_OVER_S = 0.5


@dataclass(frozen=True)
class Fault:
    """What a sensor does for a while."""

    name: str
    seconds: float
    """How long, in the sensor's own time."""
    keep: Callable[[Array], Array] | None = None
    """Which samples are sent at all, of their indices."""
    change: Callable[[Array], Array] | None = None
    """What is sent instead of the samples, ``(n_times, n_channels)`` without the counter."""
    shift_s: float = 0.0
    """By how much the sensor's clock jumps (s); it stays there."""
    held: bool = False
    """All is sent at once at the end, with true stamps."""
    away: bool = False
    """The outlet is closed, and opened again at the end."""
    back_as: tuple[str, ...] = ()
    """Channels after the return, where they are others; those that the sensor has not are 0."""
    useless: bool = False
    """What returns cannot be used."""


@dataclass
class Happened:
    """When a fault was; times on the host's LSL clock, whatever the sensor's says (s)."""

    fault: Fault
    begin: float
    returned: float = np.inf
    """When the outlet was opened again, or the fault was over."""
    end: float = np.inf
    """Of the first sample that somebody could read after it."""


@dataclass
class Sensor:
    """One stream.

    Parameters
    ----------
    info : StreamInfo
        What it says of itself.
    blocks : iterator of Block
        Its samples, the counter first, in seconds since the start.
    faults : sequence of (float, Fault)
        Which fault comes how long (s) after it was told to begin; one after the other.
    in_bursts : bool
        All samples of a block are stamped with the time of its last one.
    """

    info: StreamInfo
    blocks: Iterator[Block]
    faults: Sequence[tuple[float, Fault]] = ()
    in_bursts: bool = False
    happened: list[Happened] = field(default_factory=list)
    sent: list[Array] = field(default_factory=list)
    """Counters of what was sent while somebody read."""

    def __post_init__(self) -> None:
        self._names = self.info.ch_names
        self._outlet: Outlet | None = Outlet(self.info)
        self._leaving: tuple[float, Outlet] | None = None
        self._origin: float | None = None
        self._fault: Fault | None = None
        self._shift = 0.0
        self._held: list[tuple[Array, Array]] = []

    @property
    def over(self) -> bool:
        """Whether all faults are over, and samples flow again."""
        return len(self.happened) == len(self.faults) and all(one.end < np.inf for one in self.happened)

    def send(self, block: Block, start: float, *, begin: bool) -> None:
        """Send a block, or what the fault in force makes of it.

        Parameters
        ----------
        block : Block
            The next samples.
        start : float
            Time of the sensor's start (s).
        begin : bool
            The faults have begun.
        """
        time = float(block.times[0])
        if begin and self._origin is None:
            self._origin = time
        self._turn_to(self._due(time), start, time)
        if self._leaving is not None and self._leaving[0] <= time:
            self._leave()
        if self._outlet is None or (self._back and not self._outlet.has_consumers):
            return
        times, data = self._spoil(block.times, np.asarray(block.samples))
        self._held.append((times + start + self._shift, data))
        if self._fault is not None and self._fault.held:
            return
        self._push()
        if self._fault is None and self._back:
            self.happened[-1].end = start + time

    def close(self) -> None:
        """Take the stream off the network."""
        self._leave()
        if self._outlet is not None:
            self._outlet.close()

    def _leave(self) -> None:
        if self._leaving is not None:
            self._leaving[1].close()
            self._leaving = None

    @property
    def _back(self) -> bool:
        """Whether a fault is over after which nothing has been sent yet."""
        return bool(self.happened) and self.happened[-1].returned < np.inf == self.happened[-1].end

    def _due(self, time: float) -> Fault | None:
        if self._origin is None:
            return None
        since = time - self._origin
        return next((fault for at, fault in self.faults if at <= since < at + fault.seconds), None)

    def _turn_to(self, fault: Fault | None, start: float, time: float) -> None:
        """Begin and end faults."""
        if fault is self._fault:
            return
        now = start + time
        if self._fault is not None:
            self.happened[-1].returned = now
            if self._fault.away:
                self._names = self._fault.back_as or self.info.ch_names
                self._outlet = Outlet(_as(self.info, self._names))
        if fault is not None:
            self.happened.append(Happened(fault, now))
            self._shift += fault.shift_s
            if fault.away and self._outlet is not None:
                self._leaving = time + HANDED_OVER_S, self._outlet
                self._outlet = None
        self._fault = fault

    def _spoil(self, times: Array, data: Array) -> tuple[Array, Array]:
        if self.in_bursts:
            times = np.full_like(times, times[-1])
        if self._fault is not None and self._fault.keep is not None:
            kept = self._fault.keep(data[:, 0].astype(np.int64))
            times, data = times[kept], data[kept]
        if self._fault is not None and self._fault.change is not None:
            data = np.concatenate([data[:, :1], self._fault.change(data[:, 1:])], axis=1)
        if self._names != self.info.ch_names:
            own = [data[:, self.info.ch_names.index(name)] if name in self.info.ch_names else 0 for name in self._names]
            data = np.stack(np.broadcast_arrays(*own), axis=1)
        return times, np.ascontiguousarray(data, np.float32)

    def _push(self) -> None:
        times, data = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
        self._held.clear()
        assert self._outlet is not None
        self._outlet.push(data, times)
        self.sent.append(data[:, 0].astype(np.int64))


class Sensors(threading.Thread):
    """The sensors of all participants, from `start` to `close`; their faults begin when `begin` is set.

    Parameters
    ----------
    faults : mapping
        Participant -> modality -> the faults of its stream; a modality that is not named has no stream.
    prefix : str
        Begins every stream's name, followed by the participant.
    in_bursts : collection of (participant, modality)
        Streams whose samples are stamped in bursts of 0.1 s.
    uncounted : collection of str
        Participants whose streams have no channel called `counter`.
    """

    def __init__(
        self,
        faults: Mapping[str, Mapping[str, Sequence[tuple[float, Fault]]]],
        prefix: str,
        in_bursts: Collection[tuple[str, str]] = (),
        uncounted: Collection[str] = (),
    ) -> None:
        super().__init__(name="sensors", daemon=True)
        self.begin = threading.Event()
        self.sensors: dict[tuple[str, str], Sensor] = {}
        self._ended = threading.Event()
        for seed, (participant, streams) in enumerate(faults.items()):
            bursts = {modality for modality in streams if (participant, modality) in in_bursts}
            blocks = _blocks(seed, {modality: 0.1 if modality in bursts else BLOCK_S for modality in streams})
            infos = stream_infos(seed, prefix=f"{prefix}-{participant}")
            for modality, its_faults in streams.items():
                info = replace(infos[modality], source_id=infos[modality].name)
                info = _as(info, ("index" if participant in uncounted else "counter", *info.ch_names))
                sensor = Sensor(info, blocks[modality], its_faults, modality in bursts)
                self.sensors[participant, modality] = sensor

    def run(self) -> None:
        """Send every block when its last sample is due."""
        start = local_clock()
        sensors = list(self.sensors.values())
        due = [(float(block.times[-1]), index, block) for index, block in enumerate(next(s.blocks) for s in sensors)]
        heapq.heapify(due)
        while not self._ended.wait(max(0.0, start + due[0][0] - local_clock())):
            _, index, block = due[0]
            sensors[index].send(block, start, begin=self.begin.is_set())
            block = next(sensors[index].blocks)
            heapq.heapreplace(due, (float(block.times[-1]), index, block))

    def close(self) -> None:
        """Stop sending, and take all streams off the network."""
        self._ended.set()
        self.join()
        for sensor in self.sensors.values():
            sensor.close()


def _as(info: StreamInfo, names: tuple[str, ...]) -> StreamInfo:
    """Return a stream with these channels, each with the unit that it had."""
    units = dict(zip(info.ch_names, info.units, strict=True))
    return replace(info, ch_names=names, units=tuple(units.get(name, "count") for name in names))


def _blocks(seed: int, lengths: Mapping[str, float]) -> dict[str, Iterator[Block]]:
    """Return a simulated participant's signals without end, in blocks of these lengths (s), the counter first.

    The face is always found: what is missing is missing because of a fault.
    """
    participant = SimulatedParticipant(seed)
    waiting: dict[str, deque[Block]] = {modality: deque() for modality in lengths}

    def make() -> None:
        second = participant.next_second()
        for modality, blocks in waiting.items():
            times, data = second[modality].times, second[modality].data
            if modality == "Face":
                data = np.nan_to_num(data)
                data[:, 0] = 1
            counter = np.rint(times * len(times)).astype(np.float32)
            blocks.extend(cut(times, np.column_stack([counter, data]), lengths[modality]))

    def draw(modality: str) -> Iterator[Block]:
        while True:
            if not waiting[modality]:
                make()
            yield waiting[modality].popleft()

    return {modality: draw(modality) for modality in lengths}
