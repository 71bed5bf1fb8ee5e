"""XDF files are read as far as they go; what cannot be used is named."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.files.xdf import read_xdf
from pipeline.records import StreamInfo
from pipeline.session.xdf import XdfWriter
from pipeline.session.xdf_format import ESTIMATES_TYPE


def info(name: str = "Cap", form: str = "float32", n_channels: int = 2, **fields: object) -> StreamInfo:
    known = {"stream": name, "type": "EEG", "source_id": "s", "sfreq": 10.0, "host": "", "uid": "", "use": "record"}
    labels = tuple(f"C{index}" for index in range(n_channels))
    return StreamInfo(
        **{**known, "name": name, "format": form, "ch_names": labels, "units": ("uV",) * n_channels, **fields}
    )


def write(path: Path, *infos: StreamInfo, n_times: int = 20) -> list[int]:
    """Write streams in chunks of five samples that count; return where each chunk ends."""
    ends = []
    with path.open("wb") as file:
        writer = XdfWriter(file)
        numbers = [writer.add_stream(one) for one in infos]
        for start in range(0, n_times, 5):
            rows = np.arange(start, start + 5)
            for number, one in zip(numbers, infos, strict=True):
                if one.format == "string":
                    writer.samples(number, rows / 10, [(str(row),) * len(one.ch_names) for row in rows])
                else:
                    values = np.repeat(rows[:, None], len(one.ch_names), axis=1).astype(np.float32)
                    writer.samples(number, rows / 10, values)
                ends.append(file.tell())
        writer.close()
    return ends


def test_streams_keep_their_own_names_labels_and_units(tmp_path):
    write(tmp_path / "a.xdf", info("Cap", can_drop_samples=True), info("Marks", "string", 1, type="Markers", sfreq=0.0))
    cap, marks = read_xdf(tmp_path / "a.xdf").streams
    assert (cap.info.name, cap.info.type, cap.info.sfreq) == ("Cap", "EEG", 10.0)
    assert cap.info.ch_names == ("C0", "C1")
    assert cap.info.units == ("uV", "uV")
    assert cap.info.can_drop_samples
    assert cap.data[:, 0].tolist() == list(range(20))
    assert marks.strings[:2] == (("0",), ("1",))
    assert marks.data.shape == (20, 0)


def test_source_ids_are_stable_and_differ_within_a_file(tmp_path):
    write(tmp_path / "a.xdf", info("Muse"), info("Muse"))
    first, again = read_xdf(tmp_path / "a.xdf"), read_xdf(tmp_path / "a.xdf")
    ids = [stream.info.source_id for stream in first.streams]
    assert len(set(ids)) == 2
    assert ids == [stream.info.source_id for stream in again.streams]


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off_is_read_up_to_its_last_whole_chunk(tmp_path_factory, share):
    path = tmp_path_factory.mktemp("cut") / "a.xdf"
    ends = write(path, info("A"))
    content = path.read_bytes()
    size = int(len(content) * share)
    path.write_bytes(content[:size])
    whole = sum(end <= size for end in ends)
    if whole == 0:
        with pytest.raises(BadInput, match=r"a\.xdf: (holds nothing to use|is not an XDF file)"):
            read_xdf(path)
        return
    recording = read_xdf(path)
    assert recording.streams[0].data[:, 0].tolist() == list(range(5 * whole))
    assert all("cut off" in note for note in recording.notes)


def test_a_damaged_file_is_read_beyond_the_damage(tmp_path):
    path = tmp_path / "a.xdf"
    with path.open("wb") as file:
        writer = XdfWriter(file)
        number = writer.add_stream(info())
        writer.samples(number, np.array([0.1]), np.zeros((1, 2), np.float32))
        file.write(b"\x00 broken ")
        writer.boundary()
        writer.samples(number, np.array([0.2]), np.ones((1, 2), np.float32))
    recording = read_xdf(path)
    assert recording.streams[0].data[:, 0].tolist() == [0.0, 1.0]
    assert recording.notes[0] == "the file is damaged, and was read as far as it goes"
    assert not any("Traceback" in note for note in recording.notes)


def test_stamps_are_put_on_the_recorders_clock_with_their_jitter(tmp_path):
    times = np.array([1000.0, 1000.13, 1000.2, 1000.29])
    with (tmp_path / "a.xdf").open("wb") as file:
        writer = XdfWriter(file)
        number = writer.add_stream(info())
        writer.clock_offset(number, 100.0, -900.0)
        writer.samples(number, times, np.zeros((4, 2), np.float32))
        writer.close()
    assert read_xdf(tmp_path / "a.xdf").streams[0].times == pytest.approx(times - 900.0, abs=1e-9)


def test_empty_streams_and_old_estimates_are_named_and_left_out(tmp_path):
    path = tmp_path / "a.xdf"
    with path.open("wb") as file:
        writer = XdfWriter(file)
        for one in (info("Cap"), info("Old", type=ESTIMATES_TYPE)):
            writer.samples(writer.add_stream(one), np.array([0.1, 0.2]), np.zeros((2, 2), np.float32))
        writer.add_stream(info("Nothing"))
        writer.close()
    recording = read_xdf(path)
    assert [stream.info.name for stream in recording.streams] == ["Cap"]
    assert recording.left_out == (
        "Old (EmotionDistribution): is what helo estimated, not what a device sent; left out",
        "Nothing (EEG): holds no samples; left out",
    )


def test_a_file_without_anything_to_use_says_why(tmp_path):
    with (tmp_path / "a.xdf").open("wb") as file:
        XdfWriter(file).add_stream(info("Nothing"))
    with pytest.raises(BadInput, match=r"a\.xdf: holds nothing to use: Nothing \(EEG\): holds no samples"):
        read_xdf(tmp_path / "a.xdf")


@pytest.mark.parametrize("content", [b"", b"XDF", b"no XDF at all", b"XDF:", b"XDF:\x01\x02\x03"])
def test_what_is_no_xdf_file_is_refused(tmp_path, content):
    (tmp_path / "a.xdf").write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.xdf: "):
        read_xdf(tmp_path / "a.xdf")


def test_a_header_that_is_no_xml_is_refused(tmp_path):
    with (tmp_path / "a.xdf").open("wb") as file:
        XdfWriter(file)
        file.write(b"\x01\x0a\x02\x00\x01\x00\x00\x00<xx<")
    with pytest.raises(BadInput, match=r"a\.xdf: is damaged"):
        read_xdf(tmp_path / "a.xdf")
