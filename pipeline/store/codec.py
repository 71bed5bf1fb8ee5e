"""Records as bytes and back: a version byte, then MessagePack with little-endian raw arrays; never pickle."""

from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from pipeline.arrays import from_plain, to_plain
from pipeline.records import Record

#: First byte of every encoded record; it changes when a record's fields do.
VERSION: Final = 1

_VERSION_BYTE: Final = bytes([VERSION])

R = TypeVar("R", bound=Record)


class CorruptRecord(ValueError):  # noqa: N818 - it names what was found
    """Bytes that are not a record of the expected type; the sentence says why."""


def encode(record: Record) -> bytes:
    """Return a record as bytes.

    Raises
    ------
    TypeError
        A field holds what no record may hold, for example an array of objects.
    """
    return _VERSION_BYTE + _encoder.encode(record)


def decode(data: bytes, kind: type[R]) -> R:
    """Return the record that the bytes hold.

    Parameters
    ----------
    data : bytes
        What `encode` returned.
    kind : type
        The record's class.

    Returns
    -------
    record : Record
        Its arrays are read-only views of decoded bytes.

    Raises
    ------
    CorruptRecord
        The bytes are of another version, another record, cut off, or no record at all.
    """
    if not data:
        raise CorruptRecord(f"found no bytes instead of a {kind.__name__}")
    if data[0] != VERSION:
        raise CorruptRecord(f"found version byte {data[0]}, expected {VERSION} of a {kind.__name__}")
    try:
        return _decoder(kind).decode(memoryview(data)[1:])  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptRecord(f"is no {kind.__name__}: {error}") from error


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=to_plain)


@cache
def _decoder(record: type[Record]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(record, dec_hook=from_plain)
