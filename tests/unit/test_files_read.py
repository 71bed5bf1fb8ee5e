"""`read_recording` finds out what a path is."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.files.read import read_recording
from pipeline.files.table import TableOptions
from pipeline.records import StreamInfo
from pipeline.session.xdf import XdfWriter


def xdf(path: Path) -> Path:
    info = StreamInfo("e", "Cap", "EEG", "s", 4.0, ("a",), ("uV",), "float32", "", "", "EEG")
    with path.open("wb") as file:
        writer = XdfWriter(file)
        writer.samples(writer.add_stream(info), np.array([0.0, 0.25]), np.zeros((2, 1), np.float32))
        writer.close()
    return path


def test_a_session_folder_is_its_raw_file(tmp_path):
    (tmp_path / "s1").mkdir()
    xdf(tmp_path / "s1" / "raw.xdf")
    assert [stream.info.name for stream in read_recording(tmp_path / "s1").streams] == ["Cap"]


def test_a_recording_knows_where_it_begins_and_ends(tmp_path):
    recording = read_recording(xdf(tmp_path / "a.xdf"))
    assert (recording.start, recording.end) == (0.0, 0.5)


def test_a_folder_of_e4_files_is_recognized(tmp_path):
    (tmp_path / "EDA.csv").write_text("1\n4\n0.5\n")
    assert read_recording(tmp_path).streams[0].info.type == "GSR"


def test_options_of_a_table_are_refused_for_anything_else(tmp_path):
    with pytest.raises(BadInput, match=r"a\.xdf: --unit, --sfreq describe a \.csv table"):
        read_recording(xdf(tmp_path / "a.xdf"), TableOptions(unit="uS", sfreq=4.0))


def test_nothing_at_the_path(tmp_path):
    with pytest.raises(BadInput, match="nowhere: there is no such file or folder"):
        read_recording(tmp_path / "nowhere")


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(BadInput, match=r"is a folder with neither raw\.xdf"):
        read_recording(tmp_path)


@pytest.mark.parametrize(
    "path", ["face/astronaut_motion_640x480_30fps.mp4", "eeg/OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"]
)
def test_real_files_of_other_kinds_are_refused(shared_data, path):
    with pytest.raises(BadInput, match="MNE does not read it"):
        read_recording(shared_data / path)


@pytest.mark.parametrize(
    ("name", "streams", "left_out"),
    [
        ("clock_resets", {"Markers": 175, "EEG": 27815}, 0),
        ("empty_streams", {"data": 10, "control": 1}, 2),
        ("minimal", {"EEG": 9, "StringMarker": 9}, 0),
        ("sub-P001_ses-S001_task-Default_run-001_eeg", {"ACC": 573, "GYRO": 573, "EEG": 2820}, 1),
        ("sub-P031_ses-S001_task-Default_run-001_eeg", {"PPG": 324, "ACC": 261, "GYRO": 261, "EEG": 1284}, 0),
    ],
)
def test_real_xdf_files(shared_data, name, streams, left_out):
    recording = read_recording(shared_data / "xdf" / f"{name}.xdf")
    assert {stream.info.type: len(stream.times) for stream in recording.streams} == streams
    assert len(recording.left_out) == left_out


def test_a_recording_of_events_alone_ends_a_mean_interval_after_the_last(tmp_path):
    (tmp_path / "a.csv").write_text("t,x\n1,0\n2,0\n7,0\n")
    recording = read_recording(tmp_path / "a.csv", TableOptions("GSR", unit="uS", time="t"))
    assert (recording.start, recording.end) == (1.0, 10.0)
