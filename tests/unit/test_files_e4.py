"""Folders and zips of Empatica E4 files become PPG, GSR, temperature and motion."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.files import e4
from pipeline.files.e4 import read_e4

FILES = {
    "BVP.csv": "1000.500000\n64.000000\n" + "1.5\n-2\n" * 64,
    "EDA.csv": "1000.000000\n4.000000\n0.25\n0.5\n0.75\n",
    "TEMP.csv": "1000.000000\n4.000000\n33.1\n33.2\n",
    "ACC.csv": "1000.0, 1000.0, 1000.0\n32.0, 32.0, 32.0\n64,-32,0\n1,2,3\n",
    "HR.csv": "1010.0\n1.0\n70\n",
    "IBI.csv": "1000.0, IBI\n1.2,0.8\n",
    "tags.csv": "1000.75\n1000.25\n",
}


def folder(root: Path, **changed: str | None) -> Path:
    """Write the files; ``EDA=None`` leaves one out, ``EDA="..."`` changes it."""
    path = root / "S1"
    path.mkdir()
    for name, text in FILES.items():
        text = changed.get(name.removesuffix(".csv"), text)
        if text is not None:
            (path / name).write_text(text)
    return path


def zipped(root: Path, files: dict[str, str], name: str = "S1.zip") -> Path:
    path = root / name
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return path


def by_name(path: Path) -> dict:
    return {stream.info.stream: stream for stream in read_e4(path).streams}


def test_sensors_get_their_types_units_and_rates(tmp_path):
    streams = by_name(folder(tmp_path))
    assert {name: (s.info.type, s.info.units[0], s.info.sfreq) for name, s in streams.items()} == {
        "BVP": ("PPG", "a.u.", 64.0),
        "EDA": ("GSR", "uS", 4.0),
        "TEMP": ("Temperature", "degC", 4.0),
        "ACC": ("Motion", "g", 32.0),
        "markers": ("Markers", "", 0.0),
    }
    assert {s.info.name for s in streams.values()} == {"S1", "S1-markers"}
    assert len({s.info.source_id for s in streams.values()}) == 5


def test_acceleration_is_in_g(tmp_path):
    assert by_name(folder(tmp_path))["ACC"].data.tolist() == [[1.0, -0.5, 0.0], [1 / 64, 2 / 64, 3 / 64]]


def test_times_count_from_the_earliest_start(tmp_path):
    streams = by_name(folder(tmp_path))
    assert streams["EDA"].times.tolist() == [0.0, 0.25, 0.5]
    assert streams["BVP"].times[:2].tolist() == [0.5, 0.5 + 1 / 64]
    assert streams["markers"].times.tolist() == [0.25, 0.75]


@pytest.mark.parametrize("inside", ["", "S1/", "deep/er/", "../../"])
def test_a_zip_is_read_like_the_folder_and_written_nowhere(tmp_path, inside):
    path = zipped(tmp_path, {f"{inside}{name}": text for name, text in FILES.items()})
    from_zip, from_folder = by_name(path), by_name(folder(tmp_path))
    assert from_zip.keys() == from_folder.keys()
    assert all(np.array_equal(from_zip[name].data, from_folder[name].data) for name in from_zip)
    assert {entry.name for entry in tmp_path.iterdir()} == {"S1", "S1.zip"}


def test_what_is_not_published_is_named(tmp_path):
    left_out = read_e4(folder(tmp_path, TEMP=None, EDA="1000.0\n4.0\n")).left_out
    assert left_out == (
        "HR.csv: heart rate as the device computed it, not a signal of its own; left out",
        "IBI.csv: intervals between beats as the device computed it, not a signal of its own; left out",
        "EDA.csv: holds no samples; left out",
        "TEMP.csv: is not there",
    )


def test_a_last_line_that_is_cut_off_is_left_out_and_told(tmp_path):
    recording = read_e4(folder(tmp_path, ACC="1000.0,1000.0,1000.0\n32,32,32\n64,0,0\n64,0"))
    assert recording.notes == ("ACC.csv: the last line is cut off and was left out",)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"EDA": "time\n4.0\n1\n"}, r"EDA\.csv: column 'EDA', line 1: 'time' is not a number"),
        ({"EDA": "1000.0\n0.0\n1\n"}, r"EDA\.csv: the first line must be the start .* found 1000.0 and 0.0"),
        ({"EDA": "1000.0\n4.0\nx\n"}, r"EDA\.csv: column 'EDA', line 3: 'x' is not a number"),
        (dict.fromkeys(("BVP", "EDA", "TEMP", "ACC")), "no sensor has samples"),
    ],
)
def test_what_is_wrong_is_said_with_its_file(tmp_path, changed, sentence):
    with pytest.raises(BadInput, match=rf"S1: {sentence}"):
        read_e4(folder(tmp_path, **changed))


def test_a_zip_without_e4_files_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"S1\.zip: holds none of BVP\.csv"):
        read_e4(zipped(tmp_path, {"readme.txt": "hello"}))


def test_a_zip_of_two_recordings_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"S1\.zip: holds EDA\.csv twice"):
        read_e4(zipped(tmp_path, {"a/EDA.csv": "1\n4\n1\n", "b/EDA.csv": "1\n4\n1\n"}))


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "S1.zip").write_bytes(b"PK but not really")
    with pytest.raises(BadInput, match=r"S1\.zip: cannot be read as a zip"):
        read_e4(tmp_path / "S1.zip")


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(e4, "MAX_BYTES", 1 << 20)
    path = tmp_path / "S1.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EDA.csv", b"0" * (2 << 20))
    with pytest.raises(BadInput, match=r"EDA\.csv is larger than 1 MiB"):
        read_e4(path)


def test_a_real_recording(shared_data):
    streams = by_name(shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip")
    assert {name: len(stream.times) for name, stream in streams.items()} == {
        "BVP": 503943, "EDA": 31494, "TEMP": 31496, "ACC": 251970,
    }  # fmt: skip
    assert streams["ACC"].data[0].tolist() == [29 / 64, -6 / 64, 55 / 64]
    assert streams["EDA"].data[1, 0] == np.float32(0.328021)
