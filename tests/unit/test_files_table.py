"""Plain CSV tables become a stream once type, unit and rate are known."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.files.table import TableOptions, read_table

GSR = TableOptions(type="GSR", unit="uS", sfreq=4.0)


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "rest.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_columns_become_channels(tmp_path):
    recording = read_table(table(tmp_path, "ECG,EDA\n1,0.25\n2,0.5\n"), TableOptions("GSR", ("EDA",), "uS", 4.0))
    (stream,) = recording.streams
    assert (stream.info.name, stream.info.type, stream.info.sfreq) == ("rest", "GSR", 4.0)
    assert (stream.info.ch_names, stream.info.units) == (("EDA",), ("uS",))
    assert stream.data.tolist() == [[0.25], [0.5]]
    assert stream.times.tolist() == [0.0, 0.25]
    assert stream.info.format == "double64"


def test_without_channels_all_but_the_time_column_are_taken(tmp_path):
    options = TableOptions("Motion", unit="g", time="t")
    (stream,) = read_table(table(tmp_path, "x,t,y\n1,0.5,2\n3,1,4\n5,1.5,6\n"), options).streams
    assert stream.info.ch_names == ("x", "y")
    assert stream.data.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert stream.times.tolist() == [0.5, 1.0, 1.5]
    assert stream.info.sfreq == 2.0


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_are_read_to_the_last_digit(tmp_path_factory, values):
    text = "a\n" + "".join(f"{value!r}\n" for value in values)
    (stream,) = read_table(table(tmp_path_factory.mktemp("t"), text), GSR).streams
    assert stream.data[:, 0].tolist() == values


def test_empty_cells_are_nan(tmp_path):
    (stream,) = read_table(table(tmp_path, "a,b,c\n1,,\n,NaN,\n"), GSR).streams
    assert np.array_equal(stream.data, [[1, np.nan, np.nan], [np.nan] * 3], equal_nan=True)


def test_a_face_table_knows_its_units_and_may_drop_samples(tmp_path):
    text = "t_s,face_found,jawOpen,yaw_deg,tz_cm\n0.0,1,0.5,3,40\n0.04,0,,,\n0.2,1,0.5,3,40\n0.24,1,.5,3,40\n"
    (stream,) = read_table(table(tmp_path, text), TableOptions("Face", time="t_s")).streams
    assert stream.info.can_drop_samples
    assert stream.info.units == ("a.u.", "a.u.", "deg", "cm")
    assert stream.info.sfreq == pytest.approx(25)


def test_irregular_times_have_no_rate(tmp_path):
    text = "t,a\n0,1\n0.1,1\n5,1\n"
    (stream,) = read_table(table(tmp_path, text), TableOptions("GSR", unit="uS", time="t")).streams
    assert stream.info.sfreq == 0.0


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path):
    (stream,) = read_table(table(tmp_path, "\ufeffEDA\r\n1\r\n2\r\n"), GSR).streams
    assert stream.info.ch_names == ("EDA",)
    assert len(stream.data) == 2


def test_a_last_line_that_is_cut_off_is_left_out_and_told(tmp_path):
    recording = read_table(table(tmp_path, "a,b\n1,2\n\n3,4\n5"), GSR)
    assert recording.streams[0].data.tolist() == [[1, 2], [3, 4]]
    assert recording.notes == ("the last line is cut off and was left out",)


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("a\n1\n", TableOptions(unit="uS", sfreq=4.0), "--type is missing"),
        ("a\n1\n", TableOptions("GSR", sfreq=4.0), "--unit is missing: .* uS or"),
        ("a\n1\n", TableOptions("GSR", unit="uS"), "--sfreq .* or --time .* is missing"),
        ("a\n1\n", TableOptions("GSR", unit="uS", sfreq=0.0), "--sfreq is 0.0"),
        ("a\n1\n", TableOptions("GSR", unit="uS", sfreq=float("nan")), "--sfreq is nan"),
        ("a,b\n1,2\n", TableOptions("GSR", ("EDA",), "uS", 4.0), "--channels: no column 'EDA'; the columns are a, b"),
        ("a,b\n1,2\n", TableOptions("GSR", unit="uS", time="t"), "--time: no column 't'; the columns are a, b"),
        ("t,a\n0,1\n0,2\n", TableOptions("GSR", unit="uS", time="t"), "--time: column 't' does not rise at line 3"),
        ("t,a\n0,1\n,2\n", TableOptions("GSR", unit="uS", time="t"), "--time: column 't' does not rise at line 3"),
        ("t\n0\n", TableOptions("GSR", unit="uS", time="t"), "there is no column besides 't'"),
        ("a\n1\nx\n", GSR, "column 'a', line 3: 'x' is not a number"),
        ("a,b\n1,2\n3\n4,5\n", GSR, "line 3 has 1 cells, the first line has 2"),
        ("a,a\n1,2\n", GSR, "two columns have the same name"),
        ("a,b\n", GSR, "holds column names and no rows"),
        ("", GSR, "is not a comma-separated table"),
        ("a;b\n1;2\n", GSR, "column 'a;b', line 2: '1;2' is not a number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, options, sentence):
    with pytest.raises(BadInput, match=rf"rest\.csv: {sentence}"):
        read_table(table(tmp_path, text), options)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"rest\.csv: is not UTF-8 text"):
        read_table(table(tmp_path, "größe\n1\n", "latin-1"), GSR)


def test_a_real_eda_table(shared_data):
    options = TableOptions("GSR", ("EDA",), "uS", 100.0)
    (stream,) = read_table(shared_data / "eda" / "bio_resting_8min_100hz.csv", options).streams
    assert stream.data.shape == (50682, 1)
    assert stream.data[0, 0] == 11.73400953


def test_a_real_face_table(shared_data):
    path = shared_data / "face" / "pyfeat_face_noface_blendshapes.csv"
    (stream,) = read_table(path, TableOptions("Face", time="t_s")).streams
    assert stream.data.shape == (169, 59)
    assert stream.info.sfreq == pytest.approx(26.4, abs=0.01)
    found = stream.data[:, 0] == 1
    assert found.sum() == 73
    assert np.isnan(stream.data[~found, 1:]).all()
