"""Records as bytes and back: a version byte, then MessagePack with little-endian raw arrays; never pickle."""

import math
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from pipeline.records import Record

#: First byte of every encoded record; it changes when a record's fields do.
VERSION: Final = 1

_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    dtype.str: dtype
    for dtype in map(np.dtype, ("?", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "<f4", "<f8"))
}
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


def _array_to_plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<")).reshape(value.shape)
        if array.dtype.str not in _DTYPES:
            raise TypeError(f"an array of {value.dtype} cannot be stored; use numbers of at most 64 bits")
        return array.dtype.str, array.shape, array.tobytes()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _array_from_plain(_type: Any, value: Any) -> Any:
    match value:
        case [str(name), [*shape], bytes(raw)] if name in _DTYPES and all(isinstance(n, int) and n >= 0 for n in shape):
            dtype = _DTYPES[name]
        case _:
            raise ValueError("an array must be its data type, its shape and its bytes")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"{len(raw)} bytes do not fill an array of {dtype} with shape {tuple(shape)}")
    return np.frombuffer(raw, dtype).reshape(shape)


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_array_to_plain)


@cache
def _decoder(record: type[Record]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(record, dec_hook=_array_from_plain)
