"""The records that cross a process boundary: what a stream of the store holds.

Times are seconds on the host's LSL clock unless a field says otherwise.
"""

import math
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]


class Record(msgspec.Struct, frozen=True, array_like=True, eq=False, tag_field="record"):
    """Base of all records; `pipeline.store.codec` turns them into bytes and back."""


class StreamInfo(Record, frozen=True, tag="stream"):
    """What an LSL stream says of itself, written by its reader when it opens."""

    stream: str
    """The session file's name for it, for example ``eeg``."""
    name: str
    type: str
    source_id: str
    sfreq: float
    """Nominal rate (Hz); 0 for an irregular stream."""
    ch_names: tuple[str, ...]
    units: tuple[str, ...]
    """One unit a channel, as the stream or, where it names none, the session file says."""
    format: str
    """LSL channel format: float32, double64, string, int8, int16, int32 or int64."""
    host: str
    uid: str
    use: str
    """The session file's ``use``: a modality, ``Markers`` or ``record``."""
    can_drop_samples: bool = False
    desc: str = ""
    """The stream's own description (XML), kept for the recording."""

    @property
    def kind(self) -> tuple[object, ...]:
        """What the processing depends on: with another kind, a stream that comes back is taken up anew."""
        return self.ch_names, self.units, self.sfreq, self.format, self.can_drop_samples


class Chunk(Record, frozen=True, tag="chunk"):
    """Consecutive samples of one stream within one segment, as they arrived."""

    segment: int
    """Start of the segment (epoch milliseconds)."""
    first: int
    """Index of the first sample, counted from the start of the segment."""
    times: Array
    """Source timestamps, float64 ``(n_times,)``, on the source's LSL clock (s)."""
    offset: float
    """Clock offset in force (s): ``times + offset`` is on the host's LSL clock."""
    data: Array
    """Samples in the stream's own format and unit, ``(n_times, n_channels)``; ``(n_times, 0)`` for strings."""
    arrival: float
    """When the chunk arrived (s)."""
    strings: tuple[tuple[str, ...], ...] = ()
    """Samples of a string stream, one tuple of channels a sample."""

    @property
    def last(self) -> int:
        """Index of the last sample."""
        return self.first + len(self.times) - 1


class FeatureWindow(Record, frozen=True, tag="window"):
    """The features of one modality at one tick, and the samples they were made from."""

    tick: int
    end: float
    """Where the window ends: the tick's time (s)."""
    modality: str
    features: Array
    """float32 ``(2, *shape)``: absolute values, and the same relative to the participant's own past; NaN where
    nothing could be computed."""
    valid: float
    """Share of the window that is real data, 0..1."""
    quality: float
    """0 (useless) .. 1 (good)."""
    reasons: tuple[str, ...] = ()
    """Why valid or quality is below 1, in words."""
    segment: int = 0
    first: int = 0
    last: int = -1
    """Samples used: indices `first` to `last`, both included, of `segment`; `last` < `first` when none."""
    arrival: float | None = None
    """When the last sample used arrived (s)."""
    made: float | None = None
    """When the worker had the window ready (s)."""
    bad: dict[str, str] = {}
    """Channels of the stream that could not be used, and why; the reasons say so, too."""


class ModalityUse(Record, frozen=True):
    """What an estimate took from one modality."""

    weight: float
    """Share of the modality in the estimate, 0..1; the weights of an estimate sum to 1 (or all are 0)."""
    valid: float
    quality: float
    used: bool
    reasons: tuple[str, ...]
    segment: int
    first: int
    last: int
    distance: float | None = None
    """From the training data, in multiples of the model's limit; None where the modality was not used."""


class Estimate(Record, frozen=True, tag="estimate"):
    """A distribution over the model's emotions at one tick."""

    tick: int
    time: float
    distribution: Array
    """float32 ``(n_emotions,)``; sums to 1."""
    low: Array
    high: Array
    """90 % interval of each share, float32 ``(n_emotions,)``."""
    mean_label: Array
    """The training data's mean distribution, float32 ``(n_emotions,)``."""
    modalities: dict[str, ModalityUse]
    abstained: bool
    reason: str
    """Why the estimate abstained, or what it lacks, in words; empty when nothing is amiss."""
    stages: dict[str, float]
    """Seconds spent, one after the other: ``arrival`` (from the tick until its last sample arrived), ``features``
    (until that sample's window was ready), ``join`` (until all windows were in), ``inference``; and ``latency``, from
    the arrival to the estimate, just before it is stored."""
    model_hash: str


class Event(Record, frozen=True, tag="event"):
    """Something that happened: marker, gap, clock, clock jump, a stream lost or returned, restart, alarm.

    Or an alarm that is over; or that was asked for: note, record, pause, stop; refused. Or a rating.
    """

    time: float
    kind: str
    text: str
    source: str

    @property
    def identity(self) -> tuple[float, str, str, str]:
        """By what it is known again: a store that came back empty is told the same event a second time."""
        return self.time, self.kind, self.text, self.source


class Grid(Record, frozen=True, tag="grid"):
    """The tick grid of one participant: tick k ends at ``start + k * hop``."""

    start: float
    hop: float
    first: int = 0
    """The first tick that is made of recorded samples alone; those before it were only looked at."""
    begun: float | None = None
    """The beginning of the recording that `first` belongs to (s); None while nothing is recorded."""

    def end(self, tick: int) -> float:
        """Return the time of a tick (s)."""
        return self.start + tick * self.hop

    def after(self, time: float) -> int:
        """Return the first tick after a time (s)."""
        return max(0, math.floor((time - self.start) / self.hop) + 1)


def array(values: Any, dtype: npt.DTypeLike = np.float32) -> Array:
    """Return `values` as a C-contiguous little-endian array, copied only if it must be."""
    return np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<"))
