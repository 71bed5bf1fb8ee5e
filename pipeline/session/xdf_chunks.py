"""Walk the chunks of an XDF file without reading its samples: where it ends, and what each stream has so far."""

import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.session.xdf_format import MAGIC, VARLEN, Tag

_STAMP_BYTES: Final = 8
_NUMBER_BYTES: Final = 4
_TAG_BYTES: Final = 2
_TAGS: Final = frozenset(map(int, Tag))
_SAMPLES: Final = int(Tag.SAMPLES)
#: Of a chunk of samples: the stream's number, and how many bytes the number of samples has.
_HEAD: Final = struct.Struct("<IB")
_OF_NO_STREAM: Final = frozenset({int(Tag.FILE_HEADER), int(Tag.BOUNDARY)})


@dataclass
class SurveyedStream:
    """What a file holds of one stream."""

    header: bytes = b""
    """Its XML document."""
    samples: int = 0
    first: float | None = None
    """Timestamp of the first sample (s)."""
    offsets: list[tuple[int, float, float]] = field(default_factory=list)
    """Of every clock offset: the samples before it, its collection time and its value (s)."""


@dataclass
class Survey:
    """What the walk found."""

    end: int = len(MAGIC)
    """Bytes up to the end of the last whole chunk."""
    body: int = len(MAGIC)
    """Bytes up to the end of the last chunk before the footers."""
    cut: bool = False
    """The file ends within a chunk."""
    damaged: bool = False
    """What follows `end` is no chunk, although the file goes on."""
    streams: dict[int, SurveyedStream] = field(default_factory=dict)
    """Stream number -> stream."""


def survey(path: Path) -> Survey:
    """Walk a file from its beginning to its end, or to the first place that is no chunk.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It does not begin as an XDF file does.
    """
    found = Survey()
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin with 'XDF:'")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _walk(content, found)
    return found


def _walk(content: mmap.mmap, found: Survey) -> None:
    # Hundreds of thousands of chunks: what is mostly there, a length of one byte or of four, is read without a call.
    size, end, footers = len(content), found.end, False
    while end < size:
        width = content[end]
        start = end + 1 + width
        if start + _TAG_BYTES > size:
            length = tag = None
        else:
            length = content[end + 1] if width == 1 else int.from_bytes(content[end + 1 : start], "little")
            tag = content[start] | content[start + 1] << 8
        if (
            width not in VARLEN
            or (tag is not None and tag not in _TAGS)
            or (length is not None and length < _TAG_BYTES)
        ):
            found.damaged = True
            return
        if length is None or tag is None or start + length > size:
            found.cut = True
            return
        if tag == _SAMPLES:
            _count(content, start + _TAG_BYTES, start + length, found.streams)
        elif tag not in _OF_NO_STREAM:
            _take(content, tag, start + _TAG_BYTES, start + length, found.streams)
        found.end = end = start + length
        footers = footers or tag == Tag.STREAM_FOOTER
        found.body = found.body if footers else end


def _count(content: mmap.mmap, start: int, end: int, streams: dict[int, SurveyedStream]) -> None:
    """Count the samples of a whole chunk, whose content lies from `start` to `end`."""
    body = start + _NUMBER_BYTES
    if body >= end or content[body] not in VARLEN:
        return
    number, width = _HEAD.unpack_from(content, start)
    stream = streams.get(number) or streams.setdefault(number, SurveyedStream())
    first = body + 1 + width
    if first <= len(content):
        stream.samples += content[body + 1] if width == 1 else int.from_bytes(content[body + 1 : first], "little")
    if stream.first is None and content[first : first + 1] == bytes([_STAMP_BYTES]):
        stream.first = struct.unpack("<d", content[first + 1 : first + 1 + _STAMP_BYTES])[0]


def _take(content: mmap.mmap, tag: int, start: int, end: int, streams: dict[int, SurveyedStream]) -> None:
    """Note what a whole chunk that holds no samples, and whose content lies from `start` to `end`, says of a stream."""
    body = start + _NUMBER_BYTES
    if body > end:
        return
    stream = streams.setdefault(int.from_bytes(content[start:body], "little"), SurveyedStream())
    if tag == Tag.STREAM_HEADER:
        stream.header = content[body:end]
    elif tag == Tag.CLOCK_OFFSET and end - body == struct.calcsize("<dd"):
        stream.offsets.append((stream.samples, *struct.unpack_from("<dd", content, body)))
