"""Records survive the way through bytes; whatever else the bytes are is refused in one sentence."""

import contextlib
import typing

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline import commands, records, states
from pipeline.records import Chunk, Estimate, Event, FeatureWindow, Grid, ModalityUse, Record
from pipeline.store.codec import VERSION, CorruptRecord, decode, encode

NUMBERS = st.one_of(
    hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.floating_dtypes(sizes=(32, 64))
)
ARRAYS = hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FLOATS = st.floats(width=64)
WHOLE = st.integers(-(2**63), 2**63 - 1)
PLAIN = {
    str: TEXT,
    bytes: st.binary(max_size=20),
    float: FLOATS,
    int: WHOLE,
    bool: st.booleans(),
    type(None): st.none(),
}


def _strategy(kind: object) -> st.SearchStrategy[object]:
    """Return values for a field of a record, by its type."""
    if kind == records.Array:
        return ARRAYS
    if typing.get_origin(kind) is tuple:
        first, *others = typing.get_args(kind)
        if others == [...]:
            return st.lists(_strategy(first), max_size=3).map(tuple)
        return st.tuples(_strategy(first), *map(_strategy, others))
    if typing.get_origin(kind) is dict:
        keys, values = typing.get_args(kind)
        return st.dictionaries(_strategy(keys), _strategy(values), max_size=3)
    if typing.get_args(kind):
        return st.one_of(*map(_strategy, typing.get_args(kind)))
    if isinstance(kind, type) and issubclass(kind, Record):
        return _record(kind)
    return {
        str: TEXT,
        bytes: st.binary(max_size=20),
        float: FLOATS,
        int: WHOLE,
        bool: st.booleans(),
        type(None): st.none(),
    }[kind]


def _record(kind: type[Record]) -> st.SearchStrategy[Record]:
    fields = msgspec.structs.fields(kind)
    return st.builds(kind, **{field.name: _strategy(field.type) for field in fields})


KINDS = [
    kind
    for module in (records, states, commands)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Record) and kind.__module__ == module.__name__
    if kind not in (Record, ModalityUse)
]


def _same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        little = a.dtype.newbyteorder("<")
        return (
            isinstance(b, np.ndarray)
            and b.dtype == little
            and a.shape == b.shape
            and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        )
    if isinstance(a, Record):
        return type(a) is type(b) and all(_same(getattr(a, n), getattr(b, n)) for n in a.__struct_fields__)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, float):
        return isinstance(b, float) and (a == b or (a != a and b != b))
    return a == b


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_record_survives(kind, data):
    record = data.draw(_record(kind))
    assert _same(record, decode(encode(record), kind))


def _chunk(**changes: object) -> Chunk:
    fields = {
        "segment": 1_700_000_000_000, "first": 42, "times": np.arange(4.0), "offset": 0.5,
        "data": np.ones((4, 2), np.float32), "arrival": 9.0,
    }  # fmt: skip
    return Chunk(**{**fields, **changes})


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1)))
def test_samples_survive_bit_for_bit(data):
    found = decode(encode(_chunk(data=data)), Chunk).data
    assert found.tobytes() == data.tobytes()


def test_arrays_come_back_read_only():
    found = decode(encode(_chunk()), Chunk)
    with pytest.raises(ValueError, match="read-only"):
        found.data[0, 0] = 1.0


def test_arrays_of_any_memory_order_are_stored_alike():
    data = np.arange(12, dtype=np.float32).reshape(3, 4)
    alike = (data, np.asfortranarray(data), data[::-1][::-1], data.astype(">f4"))
    assert len({encode(_chunk(data=array)) for array in alike}) == 1


def test_numpy_numbers_are_stored_as_numbers():
    assert encode(Grid(start=np.float64(1.5), hop=np.float32(0.25))) == encode(Grid(start=1.5, hop=0.25))


def test_first_byte_is_the_version():
    assert encode(_chunk())[0] == VERSION


@pytest.mark.parametrize("data", [np.array(["a"]), np.array([{}], object), np.array([1j]), np.array([1], "M8[s]")])
def test_an_array_of_anything_but_numbers_is_refused(data):
    with pytest.raises(TypeError, match="cannot be stored"):
        encode(_chunk(data=data))


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(data):
    with pytest.raises(CorruptRecord):
        decode(data, Chunk)
    with pytest.raises(CorruptRecord):
        decode(bytes([VERSION]) + data, Estimate)


@given(st.data())
def test_a_record_with_changed_bytes_is_a_record_or_refused(data):
    good = bytearray(encode(_chunk()))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptRecord):
        assert isinstance(decode(bytes(good), Chunk), Chunk)


@given(st.integers(min_value=0))
def test_a_record_cut_off_is_refused(length):
    good = encode(_chunk())
    with pytest.raises(CorruptRecord):
        decode(good[: length % len(good)], Chunk)


def test_bytes_after_the_record_are_refused():
    with pytest.raises(CorruptRecord, match="Chunk"):
        decode(encode(_chunk()) + b"\x00", Chunk)


def test_another_version_is_named():
    with pytest.raises(CorruptRecord, match=f"version byte 9, expected {VERSION}"):
        decode(b"\x09" + encode(_chunk())[1:], Chunk)


def test_another_record_is_named():
    with pytest.raises(CorruptRecord, match=r"is no FeatureWindow.*'chunk'"):
        decode(encode(_chunk()), FeatureWindow)


def test_no_bytes_are_named():
    with pytest.raises(CorruptRecord, match="no bytes instead of a Event"):
        decode(b"", Event)


def _forged(array: object) -> bytes:
    """Return the bytes of a chunk whose samples are `array`."""
    return bytes([VERSION]) + msgspec.msgpack.encode(["chunk", 1, 0, ["<f8", [0], b""], 0.0, array, 0.0, []])


def _nested(depth: int) -> object:
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "array",
    [
        ["<f4", [2], b"1234"],
        ["<f4", [-1], b"1234"],
        ["|O", [1], b"12345678"],
        ["<f4", [0, 2**62, 2**62], b""],
        ["<f4", [0, 2**63], b""],
        ["<f4", [1] * 100, b"1234"],
        ["<f4", [True], b"1234"],
        ["<f4", 1, b"1234"],
        ["<f4", [1], "1234"],
        {"<f4": 1},
        None,
        _nested(500),
    ],
    ids=repr,
)
def test_an_array_that_is_none_is_refused(array):
    with pytest.raises(CorruptRecord, match="is no Chunk"):
        decode(_forged(array), Chunk)


def test_nesting_without_end_is_refused():
    head = msgspec.msgpack.encode(["chunk", 1, 0, ["<f8", [0], b""], 0.0])[1:]
    with pytest.raises(CorruptRecord, match="is no Chunk"):
        decode(bytes([VERSION, 0x98]) + head + b"\x91" * 100_000, Chunk)


def test_a_length_beyond_the_bytes_is_refused():
    head = msgspec.msgpack.encode(["chunk", 1, 0, ["<f8", [0], b""], 0.0])[1:]
    with pytest.raises(CorruptRecord, match="is no Chunk"):
        decode(bytes([VERSION, 0x98]) + head + b"\xdd\xff\xff\xff\xff", Chunk)
