"""The parts of an XDF 1.0 file that its writer and its surveyor share.

A file is a sequence of chunks, each ``[length][tag][stream number, for chunks of a stream][content]``
(https://github.com/sccn/xdf/wiki/Specifications).
"""

import enum
import struct
from typing import Final

import numpy as np

MAGIC: Final = b"XDF:"
BOUNDARY_MARK: Final = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
#: LSL's channel formats and the dtypes in which XDF holds them; strings have none.
FORMATS: Final[dict[str, np.dtype[np.generic] | None]] = {
    "float32": np.dtype("<f4"),
    "double64": np.dtype("<f8"),
    "int8": np.dtype("<i1"),
    "int16": np.dtype("<i2"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "string": None,
}
#: Type of the streams in which a session's file holds its estimates.
ESTIMATES_TYPE: Final = "EmotionDistribution"
#: Type of the stream in which a session's file holds its events.
EVENTS_TYPE: Final = "SessionEvents"
#: First byte of a variable-length integer -> how the integer is written.
VARLEN: Final = {1: "<B", 4: "<I", 8: "<Q"}


class Tag(enum.IntEnum):
    """What a chunk holds."""

    FILE_HEADER = 1
    STREAM_HEADER = 2
    SAMPLES = 3
    CLOCK_OFFSET = 4
    BOUNDARY = 5
    STREAM_FOOTER = 6


def varlen(value: int) -> bytes:
    """Return an integer in the shortest of the three lengths that XDF has."""
    if value < 1 << 8:
        return struct.pack("<BB", 1, value)
    return struct.pack("<BI", 4, value) if value < 1 << 32 else struct.pack("<BQ", 8, value)
