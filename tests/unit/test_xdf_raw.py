"""Chunks go into the session's XDF file; where each sample came from survives a crash."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from msgspec.structs import replace

from pipeline.records import Chunk, StreamInfo
from pipeline.session.raw import RawFile

EEG = StreamInfo("eeg", "Cap", "EEG", "cap-1", 10.0, ("a", "b"), ("uV", "uV"), "float32", "lab", "u", "EEG")
MARKS = StreamInfo("marks", "Marks", "Markers", "m-1", 0.0, ("m",), ("",), "string", "lab", "v", "Markers")


def chunk(first: int, n_times: int = 5, *, segment: int = 1000, offset: float = 0.5) -> Chunk:
    """Samples that hold their own index; sample i is stamped i / 10 s."""
    index = np.arange(first, first + n_times)
    data = np.repeat(index[:, None], 2, axis=1).astype(np.float32)
    return Chunk(segment, first, index / 10, offset, data, float(index[-1] / 10 + offset))


def load(path: Path, *, synchronize: bool = False) -> dict[str, dict]:
    streams, _ = pyxdf.load_xdf(path, synchronize_clocks=synchronize, dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


def test_chunks_are_written_with_source_stamps_and_offsets(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    for first in (0, 5):
        raw.add("P001", EEG, chunk(first))
    raw.close()
    found = load(tmp_path / "raw.xdf")["Cap"]
    assert found["time_stamps"].tolist() == (np.arange(10) / 10).tolist()
    assert found["time_series"][:, 0].tolist() == list(range(10))
    assert found["clock_values"] == [0.5]
    assert found["clock_times"] == pytest.approx([0.4])
    assert load(tmp_path / "raw.xdf", synchronize=True)["Cap"]["time_stamps"] == pytest.approx(np.arange(10) / 10 + 0.5)


def test_an_offset_is_written_when_it_changes_and_every_five_seconds(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    for first in range(0, 120, 5):
        raw.add("P001", EEG, chunk(first, offset=0.5 if first < 20 else 0.75))
    raw.close()
    found = load(tmp_path / "raw.xdf")["Cap"]
    assert found["clock_values"] == [0.5, 0.75, 0.75]
    assert found["clock_times"] == pytest.approx([0.4, 2.4, 7.4], abs=0.51)
    assert raw.provenance()[0]["offsets"] == [[0, 0.5], [20, 0.75]]


def test_markers_are_written_as_they_came(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    marks = Chunk(1000, 0, np.array([1.0, 2.5]), 0.0, np.empty((2, 0), np.float32), 3.0, (("start",), ("end",)))
    raw.add("P001", MARKS, marks)
    raw.close()
    assert load(tmp_path / "raw.xdf")["Marks"]["time_series"] == [["start"], ["end"]]


def test_every_run_of_samples_is_noted_with_its_segment(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    assert [raw.add("P001", EEG, one) for one in (chunk(0), chunk(5), chunk(15), chunk(0, segment=2000))] == [
        0,
        0,
        5,
        0,
    ]
    raw.close()
    (place,) = raw.provenance()
    assert place["segments"] == [[1000, 0, 0], [1000, 15, 10], [2000, 0, 15]]
    assert raw.last("P001", "eeg") == (2000, 4)


def test_streams_of_two_participants_may_have_one_name(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    raw.add("P001", EEG, chunk(0))
    raw.add("P002", EEG, chunk(7))
    raw.close()
    streams, _ = pyxdf.load_xdf(tmp_path / "raw.xdf", synchronize_clocks=False, dejitter_timestamps=False)
    assert [stream["info"]["desc"][0]["helo"][0]["participant"] for stream in streams] == [["P001"], ["P002"]]
    assert [place["participant"] for place in raw.provenance()] == ["P001", "P002"]


def test_a_stream_that_comes_back_with_other_channels_is_another_stream(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    raw.add("P001", EEG, chunk(0))
    one = StreamInfo("eeg", "Cap2", "EEG", "cap-1", 10.0, ("a",), ("uV",), "int16", "lab", "u", "EEG")
    raw.add("P001", one, Chunk(2000, 0, np.array([9.0]), 0.0, np.ones((1, 1), np.int16), 9.0))
    raw.close()
    assert {name: stream["time_series"].shape for name, stream in load(tmp_path / "raw.xdf").items()} == {
        "Cap": (5, 2), "Cap2": (1, 1),
    }  # fmt: skip
    assert raw.last("P001", "eeg") == (2000, 0)


def test_what_is_on_the_recorders_clock_gets_no_offsets(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    raw.add("P001", EEG, chunk(0), synchronized=True)
    raw.close()
    assert load(tmp_path / "raw.xdf", synchronize=True)["Cap"]["time_stamps"].tolist() == (np.arange(5) / 10).tolist()


@pytest.mark.parametrize("lost", [0, 1, 50, 200])
def test_a_crash_costs_what_was_not_flushed_and_no_more(tmp_path, lost):
    path = tmp_path / "raw.xdf"
    raw = RawFile(path)
    raw.add("P001", EEG, chunk(0))
    raw.add("P001", EEG, chunk(10))
    raw.add("P001", EEG, chunk(0, segment=2000, offset=0.7))
    before = json.loads(json.dumps(raw.provenance()))
    raw.flush()
    content = path.read_bytes()
    raw.close()
    path.write_bytes(content[: len(content) - lost])

    again = RawFile(path, before)
    segment, index = again.last("P001", "eeg")
    again.add("P001", EEG, chunk(index + 1, segment=segment))
    again.close()
    found = load(path)["Cap"]["time_series"][:, 0]
    (place,) = again.provenance()
    runs = [*place["segments"], [0, 0, len(found)]]
    for (_, first, sample), (_, _, end) in itertools.pairwise(runs):
        assert found[sample:end].tolist() == list(range(first, first + end - sample))
    assert place["offsets"] == ([[0, 0.5]] if lost else [[0, 0.5], [10, 0.7], [15, 0.5]])
    assert len(found) == {0: 20, 1: 15, 50: 15, 200: 10}[lost]


def test_a_file_that_was_closed_is_gone_on_with(tmp_path):
    path = tmp_path / "raw.xdf"
    raw = RawFile(path)
    raw.add("P001", EEG, chunk(0))
    before = raw.provenance()
    raw.close()
    again = RawFile(path, before)
    again.add("P001", EEG, chunk(5))
    again.close()
    found = load(path)["Cap"]
    assert found["time_series"][:, 0].tolist() == list(range(10))
    assert found["footer"]["info"]["sample_count"] == ["10"]


def test_a_crash_before_the_first_sample_of_a_changed_stream_repeats_nothing(tmp_path):
    path = tmp_path / "raw.xdf"
    raw = RawFile(path)
    raw.add("P001", EEG, chunk(0))
    raw.flush()
    size = path.stat().st_size
    other = StreamInfo("eeg", "Cap2", "EEG", "cap-2", 10.0, ("a", "b"), ("uV", "uV"), "float32", "lab", "u", "EEG")
    raw.add("P001", other, chunk(0, segment=2000))
    before = raw.provenance()
    raw.close()
    header = path.read_bytes().index(b"</info>", size) + len(b"</info>")
    path.write_bytes(path.read_bytes()[:header])
    again = RawFile(path, before)
    assert again.last("P001", "eeg") == (1000, 4)
    again.add("P001", other, chunk(0, segment=2000))
    again.close()
    assert [len(place["segments"]) for place in again.provenance()] == [0, 1, 1]


def test_samples_count_on_where_a_stream_came_back_as_another_one(tmp_path):
    raw = RawFile(tmp_path / "raw.xdf")
    raw.add("P001", EEG, chunk(0))
    raw.add("P001", replace(EEG, source_id="cap-2"), chunk(0, segment=2000))
    assert raw.samples() == {"P001/eeg": 10}
    raw.close()
