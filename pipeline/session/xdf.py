"""Write XDF 1.0, the file format of LabRecorder, so that pyxdf, MNELAB and EEGLAB open what we record.

Timestamps are written as the devices sent them; what puts them on the recorder's clock stands beside them in
ClockOffset chunks. Stamps that are already on the recorder's clock must have no such chunks, or readers would shift
them twice.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import RawIOBase
from typing import BinaryIO, Final

import numpy as np

from pipeline.records import Array, StreamInfo
from pipeline.session import xdf_xml
from pipeline.session.xdf_chunks import SurveyedStream
from pipeline.session.xdf_format import BOUNDARY_MARK, FORMATS, MAGIC, Tag, varlen

_STAMP_BYTES: Final = 8


@dataclass
class _Written:
    """What is needed to write a stream, and what its footer sums up."""

    n_channels: int
    dtype: np.dtype[np.generic] | None
    samples: int = 0
    first: float | None = None
    last: float | None = None
    offsets: list[tuple[float, float]] = field(default_factory=list)


class XdfWriter:
    """Write an XDF file chunk by chunk; it can be read wherever it is cut off.

    Parameters
    ----------
    file : BinaryIO | RawIOBase
        Opened for writing; stays the caller's to flush and to close.
    written : mapping of int to SurveyedStream | None
        The streams that the file holds already, to go on with it after a crash; `file` then stands at its end.
    """

    def __init__(self, file: BinaryIO | RawIOBase, written: Mapping[int, SurveyedStream] | None = None) -> None:
        self._file = file
        self._streams: dict[int, _Written] = {}
        if written is None:
            file.write(MAGIC)
            self._chunk(Tag.FILE_HEADER, xdf_xml.file_header())
        for number, stream in (written or {}).items():
            n_channels, form, *_ = xdf_xml.read_stream_header(stream.header)
            offsets = [(time, value) for _, time, value in stream.offsets]
            self._streams[number] = _Written(n_channels, FORMATS[form], stream.samples, stream.first, offsets=offsets)

    def add_stream(self, info: StreamInfo, *, participant: str = "") -> int:
        """Write a stream's header.

        Parameters
        ----------
        info : StreamInfo
            Its description; where ``desc`` holds the device's own, that is what is kept.
        participant : str
            Written into the header with the session's name for the stream, if there is one.

        Returns
        -------
        int
            The stream's number in the file.
        """
        number = max(self._streams, default=0) + 1
        self._streams[number] = _Written(len(info.ch_names), FORMATS[info.format])
        self._chunk(Tag.STREAM_HEADER, xdf_xml.stream_header(info, participant), number)
        return number

    def samples(self, number: int, times: Array, data: Array | Sequence[Sequence[str]]) -> None:
        """Write consecutive samples of one stream, each with its timestamp.

        Parameters
        ----------
        number : int
            The stream's number.
        times : array, shape (n_times,)
            Source timestamps (s).
        data : array, shape (n_times, n_channels) | sequence of sequences of str
            In the stream's own format.

        Raises
        ------
        ValueError
            The shape or the dtype is not the stream's.
        """
        stream = self._streams[number]
        if not len(times):
            return
        if stream.dtype is None:
            body = _string_samples(times, data, stream.n_channels)
        else:
            body = _number_samples(times, np.asarray(data), stream.n_channels, stream.dtype)
        self._chunk(Tag.SAMPLES, varlen(len(times)) + body, number)
        stream.first = float(times[0]) if stream.first is None else stream.first
        stream.last = float(times[-1])
        stream.samples += len(times)

    def clock_offset(self, number: int, time: float, offset: float) -> None:
        """Write a clock offset.

        Parameters
        ----------
        number : int
            The stream's number.
        time : float
            When it was measured, on the recorder's clock (s). The file holds it on the source's clock,
            ``time - offset``, as LabRecorder writes it.
        offset : float
            What is added to the stream's timestamps to put them on the recorder's clock (s).
        """
        self._chunk(Tag.CLOCK_OFFSET, struct.pack("<dd", time - offset, offset), number)
        self._streams[number].offsets.append((time - offset, offset))

    def boundary(self) -> None:
        """Write a mark from which a reader can go on after a damaged place."""
        self._chunk(Tag.BOUNDARY, BOUNDARY_MARK)

    def close(self) -> None:
        """Write the footers of all streams; nothing can be written after them."""
        for number, stream in self._streams.items():
            footer = xdf_xml.stream_footer(stream.samples, stream.first, stream.last, stream.offsets)
            self._chunk(Tag.STREAM_FOOTER, footer, number)

    def _chunk(self, tag: Tag, content: bytes, number: int | None = None) -> None:
        head = struct.pack("<H", tag) if number is None else struct.pack("<HI", tag, number)
        self._file.write(varlen(len(head) + len(content)) + head + content)


def _number_samples(times: Array, data: Array, n_channels: int, dtype: np.dtype[np.generic]) -> bytes:
    if data.shape != (len(times), n_channels) or data.dtype.newbyteorder("<") != dtype:
        wanted = (len(times), n_channels)
        raise ValueError(f"samples of shape {data.shape} and {data.dtype}; the stream has shape {wanted} and {dtype}")
    rows = np.empty(len(times), [("n", "u1"), ("time", "<f8"), ("values", dtype, (n_channels,))])
    rows["n"] = _STAMP_BYTES
    rows["time"] = times
    rows["values"] = data
    return rows.tobytes()


def _string_samples(times: Array, samples: Array | Sequence[Sequence[str]], n_channels: int) -> bytes:
    if len(samples) != len(times) or any(len(sample) != n_channels for sample in samples):
        raise ValueError(
            f"the stream has {n_channels} texts a sample; {len(samples)} samples, {len(times)} timestamps came"
        )
    parts = []
    for time, sample in zip(times.tolist(), samples, strict=True):
        parts.append(struct.pack("<Bd", _STAMP_BYTES, time))
        for text in sample:
            encoded = str(text).encode()
            parts += (varlen(len(encoded)), encoded)
    return b"".join(parts)
