"""Chunks read at once are those that pyxdf reads sample by sample."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import pyxdf

from pipeline.files.xdf_samples import joined, whole_chunks
from pipeline.session.xdf_format import MAGIC, Tag, varlen

SHARED = Path(os.environ.get("HELO_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def chunk(tag: Tag, content: bytes) -> bytes:
    return varlen(len(content) + 2) + struct.pack("<H", tag) + content


def header(form: str) -> bytes:
    fields = {"name": "Cap", "type": "EEG", "channel_count": 2, "nominal_srate": 10, "channel_format": form}
    xml = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return chunk(Tag.STREAM_HEADER, struct.pack("<I", 1) + f"<info>{xml}</info>".encode())


def samples(dtype: str, stamped: list[bool]) -> bytes:
    """Return a chunk of samples of two channels, with a timestamp where it says so."""
    body = b""
    for number, own in enumerate(stamped):
        body += struct.pack("<Bd", 8, 5 + number / 8) if own else b"\0"
        body += np.array([number, -number], dtype).tobytes()
    return chunk(Tag.SAMPLES, struct.pack("<I", 1) + varlen(len(stamped)) + body)


def load(path: Path, *, whole: bool, join: bool = False) -> list[dict]:
    source = joined(path) if join else path
    if whole:
        with whole_chunks():
            return pyxdf.load_xdf(source, dejitter_timestamps=False)[0]
    return pyxdf.load_xdf(source, dejitter_timestamps=False)[0]


def assert_same(path: Path) -> None:
    one_by_one = load(path, whole=False)
    for at_once in (load(path, whole=True), load(path, whole=True, join=True)):
        assert_streams(at_once, one_by_one)


def assert_streams(at_once: list[dict], one_by_one: list[dict]) -> None:
    assert len(at_once) == len(one_by_one) > 0
    for found, expected in zip(at_once, one_by_one, strict=True):
        assert (found["info"], found.get("footer")) == (expected["info"], expected.get("footer"))
        assert found["time_stamps"].tobytes() == expected["time_stamps"].tobytes()
        assert type(found["time_series"]) is type(expected["time_series"])
        if isinstance(found["time_series"], np.ndarray):
            assert found["time_series"].dtype == expected["time_series"].dtype
            assert found["time_series"].tobytes() == expected["time_series"].tobytes()
        else:
            assert found["time_series"] == expected["time_series"]


@pytest.mark.parametrize(
    ("form", "dtype"),
    [("float32", "<f4"), ("double64", "<f8"), ("int8", "i1"), ("int16", "<i2"), ("int32", "<i4"), ("int64", "<i8")],
)
def test_every_format_is_read_as_pyxdf_reads_it(form: str, dtype: str, tmp_path: Path) -> None:
    content = MAGIC + chunk(Tag.FILE_HEADER, b"<info/>") + header(form)
    content += samples(dtype, [True]) + samples(dtype, [True] * 7)
    path = tmp_path / "some.xdf"
    path.write_bytes(content)
    assert_same(path)


def test_samples_without_a_stamp_of_their_own_are_left_to_pyxdf(tmp_path: Path) -> None:
    content = MAGIC + chunk(Tag.FILE_HEADER, b"<info/>") + header("float32")
    content += samples("<f4", [True, False, False]) + samples("<f4", [False] * 5) + samples("<f4", [True] * 4)
    path = tmp_path / "some.xdf"
    path.write_bytes(content)
    assert_same(path)


def test_pyxdf_is_as_it_was_afterwards() -> None:
    before = pyxdf.pyxdf._read_chunk3
    with whole_chunks():
        assert pyxdf.pyxdf._read_chunk3 is not before
    assert pyxdf.pyxdf._read_chunk3 is before


@pytest.mark.skipif(not (SHARED / "xdf").is_dir(), reason="the shared recordings are not here")
@pytest.mark.filterwarnings("ignore::RuntimeWarning:pyxdf")
@pytest.mark.parametrize("path", sorted((SHARED / "xdf").glob("*.xdf")), ids=lambda path: path.name)
def test_real_recordings_are_read_as_pyxdf_reads_them(path: Path) -> None:
    if path.stat().st_size > 20_000_000:
        pytest.skip("takes pyxdf too long")
    assert_same(path)
