"""What `RawFile` writes passes the checks that LabRecorder's own files pass."""

from pathlib import Path

import mne
import numpy as np
import pytest
import pyxdf

from pipeline.records import Chunk, StreamInfo, array
from pipeline.session.raw import RawFile
from pipeline.session.xdf_chunks import survey
from pipeline.session.xdf_format import FORMATS

OURS = "ours"
LABRECORDER = [
    "clock_resets.xdf",
    "empty_streams.xdf",
    "sub-P001_ses-S001_task-Default_run-001_eeg.xdf",
    "sub-P002_ses-S001_task-Default_run-001_eeg.xdf",
    "sub-P031_ses-S001_task-Default_run-001_eeg.xdf",
    "sub-P032_ses-S001_task-Default_run-001_eeg.xdf",
    "sub-P050_ses-S001_task-Default_run-001_eeg.xdf",
]
SECONDS, SFREQ, OFFSET = 30, 100.0, -812.25


def ours(path: Path) -> Path:
    """Write half a minute of a stream of every format, in chunks of half a second, with a boundary every ten."""
    raw = RawFile(path)
    infos = [
        StreamInfo(form, form, "EEG", f"id-{form}", SFREQ, ("a", "b"), ("uV", "uV"), form, "lab", "u", "record")
        for form in FORMATS
    ]
    for half in range(2 * SECONDS):
        index = np.arange(half * 50, half * 50 + 50)
        times = 1000.0 + index / SFREQ
        for info in infos:
            dtype = FORMATS[info.format]
            strings = tuple((f"{i}", "ä") for i in index) if dtype is None else ()
            data = (
                np.empty((50, 0), np.float32)
                if dtype is None
                else array(np.stack([index % 100, -(index % 100)], 1), dtype)
            )
            arrival = float(times[-1]) + OFFSET
            raw.add("P001", info, Chunk(1, int(index[0]), times, OFFSET, data, arrival, strings))
        if half % 20 == 19:
            raw.boundary()
        raw.flush()
    raw.close()
    return path


@pytest.fixture(scope="module", params=[OURS, *LABRECORDER])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == OURS:
        return ours(tmp_path_factory.mktemp("xdf") / "raw.xdf")
    return request.getfixturevalue("shared_data") / "xdf" / request.param


@pytest.fixture(scope="module")
def streams(file: Path) -> list[dict]:
    return pyxdf.load_xdf(file, synchronize_clocks=False, dejitter_timestamps=False)[0]


def test_it_is_whole_and_of_version_1(file: Path):
    found = survey(file)
    assert (found.cut, found.damaged, found.end) == (False, False, file.stat().st_size)
    assert pyxdf.load_xdf(file)[1]["info"]["version"] == ["1.0"]


def test_samples_are_of_the_shape_and_the_format_that_the_header_says(streams):
    for stream in streams:
        info, series = stream["info"], stream["time_series"]
        n_channels = int(info["channel_count"][0])
        assert info["channel_format"][0] in FORMATS
        assert len(series) == len(stream["time_stamps"])
        if info["channel_format"] == ["string"]:
            assert all(len(sample) == n_channels for sample in series)
        elif len(series):
            assert series.shape[1] == n_channels
            assert series.dtype == FORMATS[info["channel_format"][0]]


def test_every_footer_says_what_the_stream_holds(file: Path, streams):
    """To the sample where it is ours; LabRecorder's may be a sample short, and a second off."""
    samples, seconds = (0, 0.0) if file.name == "raw.xdf" else (1, 1.001)
    for stream in streams:
        footer = stream["footer"]["info"]
        times = stream["time_stamps"]
        assert abs(int(footer["sample_count"][0]) - len(times)) <= samples
        if len(times):
            assert float(footer["first_timestamp"][0]) == pytest.approx(times[0], abs=seconds)
            assert float(footer["last_timestamp"][0]) == pytest.approx(times[-1], abs=seconds)


def test_clock_offsets_come_about_every_five_seconds_on_the_sources_clock(streams):
    for stream in streams:
        times, values = np.array(stream["clock_times"]), np.array(stream["clock_values"])
        assert len(times) == len(values) >= 1
        in_footer = stream["footer"]["info"]["clock_offsets"][0]["offset"]
        assert [float(one["value"][0]) for one in in_footer] == pytest.approx(values.tolist(), abs=1e-6)
        steps = np.diff(times)
        assert (np.abs(steps[np.abs(steps) < 100]) < 12).all()


def test_after_synchronisation_all_is_on_one_clock(file: Path, streams):
    raw = {stream["info"]["stream_id"]: stream for stream in streams}
    for stream in pyxdf.load_xdf(file, synchronize_clocks=True, dejitter_timestamps=False)[0]:
        before = raw[stream["info"]["stream_id"]]
        values = before["clock_values"]
        if len(stream["time_stamps"]) and len(stream["info"]["clock_segments"]) == 1:
            shift = stream["time_stamps"] - before["time_stamps"]
            assert (shift > min(values) - 0.01).all()
            assert (shift < max(values) + 0.01).all()


def test_mne_takes_every_regular_stream_through_pyxdf(file: Path):
    taken = 0
    for stream in pyxdf.load_xdf(file)[0]:
        sfreq = float(stream["info"]["nominal_srate"][0])
        if sfreq and len(stream["time_stamps"]) and stream["info"]["channel_format"] != ["string"]:
            data = np.asarray(stream["time_series"], float).T
            raw = mne.io.RawArray(data, mne.create_info(len(data), sfreq), verbose="error")
            assert raw.n_times == len(stream["time_stamps"])
            taken += 1
    assert taken or "empty" in file.name
