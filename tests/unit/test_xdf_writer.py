"""What `XdfWriter` writes is what pyxdf, the reference reader, gives back."""

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.records import StreamInfo
from pipeline.session.xdf import XdfWriter
from pipeline.session.xdf_chunks import survey
from pipeline.session.xdf_format import FORMATS

NUMERIC = [name for name, dtype in FORMATS.items() if dtype is not None]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
STAMPS = st.floats(-1e9, 1e9, allow_nan=False)


def info(form: str = "float32", n_channels: int = 2, **fields: object) -> StreamInfo:
    known = {"stream": "eeg", "name": "Cap", "type": "EEG", "source_id": "cap-1", "sfreq": 0.0, "format": form}
    known |= {"host": "lab", "uid": "u1", "use": "EEG"}
    labels = tuple(f"C{index}" for index in range(n_channels))
    return StreamInfo(**{**known, "ch_names": labels, "units": ("uV",) * n_channels, **fields})


def load(content: bytes, **options: bool) -> list[dict]:
    raw = {"synchronize_clocks": False, "dejitter_timestamps": False} | options
    return pyxdf.load_xdf(io.BytesIO(content), **raw)[0]


def one_stream(form: str, times: np.ndarray, data: object, n_channels: int = 2) -> dict:
    file = io.BytesIO()
    writer = XdfWriter(file)
    writer.samples(writer.add_stream(info(form, n_channels)), times, data)
    writer.close()
    return load(file.getvalue())[0]


@pytest.mark.parametrize("form", NUMERIC)
@given(data=st.data())
def test_numbers_of_every_format_come_back_bit_for_bit(form, data):
    n_times, n_channels = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 5))
    samples = data.draw(hnp.arrays(FORMATS[form], (n_times, n_channels)))
    times = np.array(data.draw(st.lists(STAMPS, min_size=n_times, max_size=n_times)))
    found = one_stream(form, times, samples, n_channels)
    assert found["time_series"].dtype == FORMATS[form]
    assert found["time_series"].tobytes() == samples.tobytes()
    assert np.array_equal(found["time_stamps"], times)


@given(samples=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=20))
def test_strings_come_back(samples):
    found = one_stream("string", np.arange(len(samples), dtype=float), samples)
    assert [tuple(sample) for sample in found["time_series"]] == samples


def test_a_long_string_comes_back():
    text = "ä" * 70_000
    assert one_stream("string", np.array([1.0]), [(text,)], 1)["time_series"] == [[text]]


@given(cuts=st.lists(st.integers(0, 30), max_size=5))
def test_how_samples_are_cut_into_chunks_does_not_matter(cuts):
    data = np.arange(60, dtype=np.float32).reshape(30, 2)
    file = io.BytesIO()
    writer = XdfWriter(file)
    number = writer.add_stream(info())
    for start, stop in itertools.pairwise(sorted([0, *cuts, 30])):
        writer.samples(number, np.arange(start, stop, dtype=float), data[start:stop])
    writer.close()
    (found,) = load(file.getvalue())
    assert np.array_equal(found["time_series"], data)
    assert found["footer"]["info"]["sample_count"] == ["30"]


def test_interleaved_streams_are_kept_apart():
    file = io.BytesIO()
    writer = XdfWriter(file)
    numbers = [writer.add_stream(info(name=name)) for name in ("a", "b")]
    for index in range(10):
        for number in numbers:
            writer.samples(number, np.array([float(index)]), np.full((1, 2), 100 * number + index, np.float32))
        writer.boundary()
    writer.close()
    for stream, number in zip(load(file.getvalue()), numbers, strict=True):
        assert stream["time_series"][:, 0].tolist() == [100 * number + index for index in range(10)]


def test_the_header_says_what_the_stream_said():
    file = io.BytesIO()
    described = info(name='a <"&"> \x00b', sfreq=250.0, can_drop_samples=True)
    XdfWriter(file).add_stream(described, participant="P001")
    found = load(file.getvalue())[0]["info"]
    assert found["name"] == ['a <"&"> \ufffdb']
    assert [found[key][0] for key in ("type", "nominal_srate", "source_id", "hostname")] == [
        "EEG",
        "250.0",
        "cap-1",
        "lab",
    ]
    desc = found["desc"][0]
    assert [channel["label"][0] for channel in desc["channels"][0]["channel"]] == ["C0", "C1"]
    assert [channel["unit"][0] for channel in desc["channels"][0]["channel"]] == ["uV", "uV"]
    assert desc["synchronization"][0]["can_drop_samples"] == ["true"]
    assert desc["helo"][0]["participant"] == ["P001"]


def test_the_streams_own_description_is_kept():
    own = "<desc><maker>Acme</maker><channels><channel><label>Fp1</label></channel></channels></desc>"
    file = io.BytesIO()
    XdfWriter(file).add_stream(info(n_channels=1, desc=own), participant="P001")
    desc = load(file.getvalue())[0]["info"]["desc"][0]
    assert desc["maker"] == ["Acme"]
    assert desc["helo"][0]["stream"] == ["eeg"]


def test_a_clock_offset_is_added_to_the_stamps_and_stands_at_the_sources_time():
    file = io.BytesIO()
    writer = XdfWriter(file)
    number = writer.add_stream(info())
    writer.clock_offset(number, 105.0, -900.0)
    writer.samples(number, np.array([1000.0, 1001.0]), np.zeros((2, 2), np.float32))
    writer.clock_offset(number, 110.0, -900.0)
    writer.close()
    (found,) = load(file.getvalue(), synchronize_clocks=True)
    assert found["time_stamps"] == pytest.approx([100.0, 101.0])
    assert found["clock_times"] == [1005.0, 1010.0]
    assert found["clock_values"] == [-900.0, -900.0]
    assert found["footer"]["info"]["clock_offsets"][0]["offset"][1]["value"] == ["-900.0"]


def test_stamps_without_clock_offsets_are_not_shifted():
    found = one_stream("float32", np.array([5.0, 6.0]), np.zeros((2, 2), np.float32))
    assert found["time_stamps"].tolist() == [5.0, 6.0]
    assert found["clock_values"] == []


@pytest.mark.parametrize(
    "data", [np.zeros((3, 2), np.float32), np.zeros((2, 3), np.float32), np.zeros((2, 2), np.int16)]
)
def test_samples_that_are_not_the_streams_are_refused(data):
    writer = XdfWriter(io.BytesIO())
    number = writer.add_stream(info())
    with pytest.raises(ValueError, match="the stream has shape"):
        writer.samples(number, np.zeros(2), data)


def test_texts_that_are_not_the_streams_are_refused():
    writer = XdfWriter(io.BytesIO())
    number = writer.add_stream(info("string"))
    with pytest.raises(ValueError, match="2 texts a sample"):
        writer.samples(number, np.zeros(1), [("one",)])


def test_no_samples_write_nothing():
    file = io.BytesIO()
    writer = XdfWriter(file)
    number = writer.add_stream(info())
    before = file.tell()
    writer.samples(number, np.empty(0), np.empty((0, 2), np.float32))
    assert file.tell() == before


def test_a_file_is_gone_on_with_after_a_cut(tmp_path: Path):
    path = tmp_path / "raw.xdf"
    with path.open("wb") as file:
        writer = XdfWriter(file)
        number = writer.add_stream(info())
        writer.clock_offset(number, 1.0, 0.5)
        writer.samples(number, np.array([1.0, 2.0]), np.ones((2, 2), np.float32))
        writer.samples(number, np.array([3.0]), np.ones((1, 2), np.float32))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 3)
    found = survey(path)
    assert found.cut
    with path.open("r+b") as file:
        file.truncate(found.body)
        file.seek(found.body)
        writer = XdfWriter(file, found.streams)
        writer.samples(number, np.array([4.0]), np.full((1, 2), 7, np.float32))
        assert writer.add_stream(info(name="new")) == number + 1
        writer.close()
    streams = load(path.read_bytes())
    assert streams[0]["time_stamps"].tolist() == [1.0, 2.0, 4.0]
    footer = streams[0]["footer"]["info"]
    assert footer["sample_count"] == ["3"]
    assert footer["first_timestamp"] == ["1.0"]
    assert footer["clock_offsets"][0]["offset"][0]["value"] == ["0.5"]


def test_a_survey_ends_before_the_footers(tmp_path: Path):
    path = tmp_path / "raw.xdf"
    with path.open("wb") as file:
        writer = XdfWriter(file)
        number = writer.add_stream(info())
        writer.samples(number, np.array([1.0]), np.ones((1, 2), np.float32))
        body = file.tell()
        writer.close()
    found = survey(path)
    assert (found.body, found.end) == (body, path.stat().st_size)
    assert not found.cut
    assert found.streams[number].samples == 1
