"""What every reader of a file returns: streams with their samples, and sentences about what is not among them."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.records import Array, StreamInfo

#: What the file calls the stream of its markers, where it has one beside its signals.
MARKERS: Final = "markers"


@dataclass(frozen=True)
class RecordedStream:
    """One stream of a recording."""

    info: StreamInfo
    """Its description; ``stream`` is what the file calls it, ``source_id`` is stable for the file."""
    times: Array
    """float64 ``(n_times,)`` (s), on a clock that all streams of the recording share."""
    data: Array
    """``(n_times, n_channels)`` in the dtype of ``info.format``; ``(n_times, 0)`` for strings."""
    strings: tuple[tuple[str, ...], ...] = ()
    """Samples of a string stream, one tuple of channels a sample."""
    resets: tuple[int, ...] = ()
    """Samples at which the clock of the source began anew."""

    @property
    def end(self) -> float:
        """Where the stream ends (s): one nominal interval after its last sample."""
        return float(self.times[-1]) + (1 / self.info.sfreq if self.info.sfreq > 0 else 0.0)


@dataclass(frozen=True)
class Recording:
    """The streams of a file or folder, at least one of them."""

    path: Path
    streams: tuple[RecordedStream, ...]
    left_out: tuple[str, ...] = ()
    """What the file holds besides, and why it is not among the streams: a sentence each."""
    notes: tuple[str, ...] = field(default=())
    """What the reader noticed, for example that the file is cut off: a sentence each."""

    @property
    def start(self) -> float:
        """Time of the first sample of all (s)."""
        return min(float(stream.times[0]) for stream in self.streams)

    @property
    def end(self) -> float:
        """Where the last stream ends (s); a mean interval after its last sample where it is irregular."""
        last = max(self.streams, key=lambda stream: stream.end)
        if last.info.sfreq > 0 or len(last.times) < 2:
            return last.end
        return last.end + float(np.mean(np.diff(last.times)))


def source_id(path: Path, *parts: object) -> str:
    """Return an LSL source id for a part of a file: the same whenever the file stays where it is."""
    text = "\0".join([str(path.resolve()), *map(str, parts)])
    return f"helo-replay-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def describe(
    path: Path,
    stream: str,
    *,
    name: str,
    type: str,  # noqa: A002 - LSL's own word
    sfreq: float,
    ch_names: tuple[str, ...],
    units: tuple[str, ...],
    format: str = "float32",  # noqa: A002 - LSL's own word
    can_drop_samples: bool = False,
) -> StreamInfo:
    """Return the description of a stream that a file does not describe by itself as LSL does."""
    return StreamInfo(
        stream=stream,
        name=name,
        type=type,
        source_id=source_id(path, stream),
        sfreq=sfreq,
        ch_names=ch_names,
        units=units,
        format=format,
        host="",
        uid="",
        use="record",
        can_drop_samples=can_drop_samples,
    )


def markers(path: Path, name: str, times: Array, texts: list[str]) -> RecordedStream:
    """Return a stream of markers, ordered by time.

    Parameters
    ----------
    path : Path
        The file that holds them.
    name : str
        The stream's name.
    times : array, shape (n_times,)
        When they happened (s).
    texts : list of str
        What they say.
    """
    order = np.argsort(times, kind="stable")
    return RecordedStream(
        describe(
            path, MARKERS, name=name, type="Markers", sfreq=0.0, ch_names=("marker",), units=("",), format="string"
        ),
        np.asarray(times, np.float64)[order],
        np.empty((len(order), 0), np.float32),
        tuple((texts[index],) for index in order),
    )
