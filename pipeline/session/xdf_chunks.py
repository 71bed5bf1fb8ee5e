"""Walk the chunks of an XDF file without reading its samples: where it ends, and what each stream has so far."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.session.xdf_format import MAGIC, VARLEN, Tag

_STAMP_BYTES: Final = 8
_TAGS: Final = frozenset(map(int, Tag))


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
    size = path.stat().st_size
    footers = False
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("it does not begin with 'XDF:'")
        while found.end < size:
            length, tag = _varlen(file), _unpack(file, "<H")
            if (length is not None and length < 2) or (tag is not None and tag not in _TAGS):
                found.damaged = True
                break
            end = file.tell() - 2 + (length or 0)
            if length is None or tag is None or end > size:
                found.cut = True
                break
            _take(file, Tag(tag), length - 2, found.streams)
            found.end = end
            footers = footers or tag == Tag.STREAM_FOOTER
            found.body = found.body if footers else found.end
            file.seek(found.end)
    return found


def _take(file: BinaryIO, tag: Tag, length: int, streams: dict[int, SurveyedStream]) -> None:
    """Note what a whole chunk adds to its stream."""
    if tag in (Tag.FILE_HEADER, Tag.BOUNDARY):
        return
    number = _unpack(file, "<I")
    if number is None:
        return
    stream = streams.setdefault(number, SurveyedStream())
    if tag == Tag.STREAM_HEADER:
        stream.header = file.read(length - 4)
    elif tag == Tag.CLOCK_OFFSET and length == 4 + 16:
        stream.offsets.append((stream.samples, *struct.unpack("<dd", file.read(16))))
    elif tag == Tag.SAMPLES:
        stream.samples += max(_varlen(file) or 0, 0)
        if stream.first is None and file.read(1) == bytes([_STAMP_BYTES]):
            stream.first = struct.unpack("<d", file.read(_STAMP_BYTES))[0]


def _varlen(file: BinaryIO) -> int | None:
    """Return a variable-length integer; None where the file ends, -1 where there is no such integer."""
    size = file.read(1)
    if not size:
        return None
    form = VARLEN.get(size[0])
    return -1 if form is None else _unpack(file, form)


def _unpack(file: BinaryIO, form: str) -> int | None:
    size = struct.calcsize(form)
    content = file.read(size)
    return int.from_bytes(content, "little") if len(content) == size else None
