"""Arrays inside MessagePack: data type, shape and little-endian bytes."""

import math
from typing import Any, Final

import numpy as np

_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    dtype.str: dtype
    for dtype in map(np.dtype, ("?", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "<f4", "<f8"))
}
_NAMES: Final = {dtype: name for name, dtype in _DTYPES.items()}


def to_plain(value: Any) -> Any:
    """Return what msgspec can write of an array or a NumPy number; its ``enc_hook``.

    Raises
    ------
    TypeError
        It is neither, or an array of something else than numbers.
    """
    if isinstance(value, np.ndarray):
        if value.dtype in _NAMES and value.flags.c_contiguous:
            return _NAMES[value.dtype], value.shape, value.tobytes()
        array = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<")).reshape(value.shape)
        if array.dtype.str not in _DTYPES:
            raise TypeError(f"an array of {value.dtype} cannot be stored; use numbers of at most 64 bits")
        return array.dtype.str, array.shape, array.tobytes()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def from_plain(_type: Any, value: Any) -> Any:
    """Return the array that `to_plain` wrote, a read-only view of the bytes; msgspec's ``dec_hook``.

    Raises
    ------
    ValueError
        It is no array.
    """
    match value:
        case [str(name), [*shape], bytes(raw)] if name in _DTYPES and all(isinstance(n, int) and n >= 0 for n in shape):
            dtype = _DTYPES[name]
        case _:
            raise ValueError("an array must be its data type, its shape and its bytes")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"{len(raw)} bytes do not fill an array of {dtype} with shape {tuple(shape)}")
    return np.frombuffer(raw, dtype).reshape(shape)
