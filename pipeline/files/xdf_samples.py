"""pyxdf reads the samples of an XDF file one by one; helped by what is here, many at once.

A recording written live has ten chunks a second and stream or more, each of a few samples. They are joined into large
ones before pyxdf gets them, and it reads each of these in one piece.
"""

import io
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from pyxdf import pyxdf

from pipeline.records import Array
from pipeline.session.xdf_format import MAGIC, Tag, varlen

_STAMP_BYTES: Final = 8

#: Size up to which a stream's chunks are joined (bytes).
_JOINED: Final = 1 << 20


@dataclass
class _Waiting:
    """Samples of one stream that wait to be written as one chunk."""

    samples: int = 0
    size: int = 0
    parts: list[bytes] = field(default_factory=list)


def joined(path: Path) -> BinaryIO:
    """Return an XDF file with the chunks of each stream's samples joined into few; all else is as it was.

    Where a chunk ends says nothing of its samples, and other chunks stay where they are among themselves.

    Parameters
    ----------
    path : Path
        A file that is whole, as `pipeline.session.xdf_chunks.survey` has found.
    """
    target = io.BytesIO()
    target.write(MAGIC)
    waiting: dict[bytes, _Waiting] = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at, size = len(MAGIC), len(content)
        while at < size:
            start = at + 1 + content[at]
            end = start + int.from_bytes(content[at + 1 : start], "little")
            tag, number = int.from_bytes(content[start : start + 2], "little"), content[start + 2 : start + 6]
            if tag == Tag.SAMPLES:
                stream = waiting.setdefault(number, _Waiting())
                body = start + 7 + content[start + 6]
                stream.samples += int.from_bytes(content[start + 7 : body], "little")
                stream.size += end - body
                stream.parts.append(content[body:end])
                if stream.size >= _JOINED:
                    _write(target, number, waiting.pop(number))
            else:
                if tag == Tag.STREAM_FOOTER and number in waiting:
                    _write(target, number, waiting.pop(number))
                target.write(content[at:end])
            at = end
    for number, stream in waiting.items():
        _write(target, number, stream)
    target.seek(0)
    return target


def _write(target: BinaryIO, number: bytes, stream: _Waiting) -> None:
    head = Tag.SAMPLES.to_bytes(2, "little") + number + varlen(stream.samples)
    target.write(varlen(len(head) + stream.size) + head)
    target.writelines(stream.parts)


@contextmanager
def whole_chunks() -> Iterator[None]:
    """Let pyxdf read a chunk of numbers at a time wherever each sample has its timestamp, as LabRecorder writes it.

    Any other chunk is left to pyxdf's own function. It has no setting for this: its function is replaced for as long as
    the context lasts, and the tests compare what both return.
    """
    own = pyxdf._read_chunk3

    def read(file: BinaryIO, stream: Any) -> tuple[int, Array, Any]:
        start = file.tell()
        found = None if stream.fmt == "string" else _whole_chunk(file, stream)
        if found is not None:
            return found
        file.seek(start)
        one_by_one: tuple[int, Array, Any] = own(file, stream)
        return one_by_one

    pyxdf._read_chunk3 = read
    try:
        yield
    finally:
        pyxdf._read_chunk3 = own


def _whole_chunk(file: BinaryIO, stream: Any) -> tuple[int, Array, Array] | None:
    """Return number of samples, stamps and values of a chunk; None where a sample has no stamp of its own."""
    n_times = pyxdf._read_varlen_int(file)
    sample = np.dtype([("stamp_bytes", "u1"), ("time", "<f8"), ("values", stream.dtype_le, (stream.nchns,))])
    raw = file.read(n_times * sample.itemsize)
    if not n_times or len(raw) < n_times * sample.itemsize:
        return None
    # The first sample without a stamp says so where all samples before it were whole.
    rows = np.frombuffer(raw, sample)
    if (rows["stamp_bytes"] != _STAMP_BYTES).any():
        return None
    stream.last_timestamp = float(rows["time"][-1])
    return n_times, rows["time"].astype(np.float64), rows["values"].astype(stream.dtype)
