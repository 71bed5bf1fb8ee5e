"""Files that MNE reads become one EEG stream in microvolts and its markers."""

from pathlib import Path

import mne
import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.files.mne_file import read_mne


def save(path: Path, *, annotate: bool = True, seconds: float = 4.0) -> np.ndarray:
    """Save counting microvolts on two EEG channels and plain counts on a third; return them."""
    counts = np.arange(int(100 * seconds), dtype=float)
    raw = mne.io.RawArray(
        np.stack([counts * 1e-6, -counts * 1e-6, counts]),
        mne.create_info(["Fp1", "O2", "counter"], 100.0, ["eeg", "eeg", "misc"]),
        verbose="ERROR",
    )
    if annotate:
        raw.set_annotations(mne.Annotations([2.5, 0.5], [0.1, 0.1], ["stop", "start"]))
    raw.save(path, verbose="ERROR")
    return counts


def test_volts_become_microvolts_and_other_units_stay(tmp_path):
    counts = save(tmp_path / "rest_raw.fif")
    stream = read_mne(tmp_path / "rest_raw.fif").streams[0]
    assert (stream.info.name, stream.info.type, stream.info.sfreq) == ("rest_raw", "EEG", 100.0)
    assert stream.info.ch_names == ("Fp1", "O2", "counter")
    assert stream.info.units == ("uV", "uV", "a.u.")
    assert stream.data.dtype == np.float32
    assert np.allclose(stream.data, np.stack([counts, -counts, counts], axis=1), rtol=1e-6)
    assert np.array_equal(stream.times, counts / 100)


def test_annotations_become_markers_in_the_order_of_time(tmp_path):
    save(tmp_path / "rest_raw.fif")
    marks = read_mne(tmp_path / "rest_raw.fif").streams[1]
    assert (marks.info.name, marks.info.type, marks.info.format, marks.info.sfreq) == (
        "rest_raw-markers", "Markers", "string", 0.0,
    )  # fmt: skip
    assert marks.strings == (("start",), ("stop",))
    assert marks.times.tolist() == [0.5, 2.5]


def test_a_file_that_begins_later_keeps_its_annotations_in_place(tmp_path):
    save(tmp_path / "rest_raw.fif")
    raw = mne.io.read_raw_fif(tmp_path / "rest_raw.fif", verbose="ERROR").crop(tmin=1.0)
    raw.save(tmp_path / "late_raw.fif", verbose="ERROR")
    marks = read_mne(tmp_path / "late_raw.fif").streams[1]
    assert marks.strings == (("stop",),)
    assert marks.times.tolist() == [1.5]


def test_a_file_without_annotations_has_no_markers(tmp_path):
    save(tmp_path / "rest_raw.fif", annotate=False)
    assert len(read_mne(tmp_path / "rest_raw.fif").streams) == 1


def test_what_mne_warns_of_is_said_in_a_sentence(tmp_path):
    save(tmp_path / "rest_raw.fif")
    (tmp_path / "rest_raw.fif").rename(tmp_path / "rest.fif")
    notes = read_mne(tmp_path / "rest.fif").notes
    assert len(notes) == 1
    assert notes[0].startswith("MNE says: This filename")


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(shared_data, tmp_path):
    for suffix in ("set", "fdt"):
        (tmp_path / f"eeglab_data.{suffix}").write_bytes((shared_data / "eeg" / f"eeglab_data.{suffix}").read_bytes())
    whole = read_mne(tmp_path / "eeglab_data.set").streams[0]
    content = (tmp_path / "eeglab_data.fdt").read_bytes()
    (tmp_path / "eeglab_data.fdt").write_bytes(content[: len(content) // 2 + 7])
    recording = read_mne(tmp_path / "eeglab_data.set")
    part = recording.streams[0]
    assert 118 < len(part.times) / 128 <= 119.2
    assert np.array_equal(part.data, whole.data[: len(part.data)])
    assert recording.streams[1].times[-1] < part.end
    assert recording.notes == (f"the file is cut off: {len(part.data) / 128:.1f} of 238.3 s could be read",)


def test_a_real_eeglab_file(shared_data):
    stream, marks = read_mne(shared_data / "eeg" / "eeglab_data.set").streams
    raw = mne.io.read_raw_eeglab(shared_data / "eeg" / "eeglab_data.set", verbose="ERROR")
    assert stream.data.shape == (30504, 32)
    assert set(stream.info.units) == {"uV"}
    assert np.allclose(stream.data, raw.get_data(units="uV").T, rtol=1e-6)
    assert len(marks.strings) == 154


def test_a_real_brainvision_file(shared_data):
    stream = read_mne(shared_data / "eeg" / "test.vhdr").streams[0]
    assert (stream.info.name, stream.info.sfreq, stream.data.shape) == ("test", 1000.0, (7900, 32))
    assert stream.info.units[:26] == ("uV",) * 26
    assert stream.info.units[-1] == "degC"


@pytest.mark.parametrize("name", ["notes.txt", "data.edf", "data.vhdr", "data.set", "data.fif"])
def test_what_mne_does_not_read_is_refused_in_a_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is not a recording")
    with pytest.raises(BadInput, match=f"{name}: MNE does not read it"):
        read_mne(tmp_path / name)
