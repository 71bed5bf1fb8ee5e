"""Which streams of a foreign recording serve a session, and where their segments begin."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.files.read import read_recording
from pipeline.files.recording import RecordedStream, Recording
from pipeline.session.mapping import cut_segments, match_streams, plain_session
from tests.signals_samples import START, recording, stream_settings
from tests.workers import session_of

GSR = {"match": {"type": "GSR"}, "use": "GSR"}


def stream(modality: str, seconds: float = 10.0, resets: tuple[int, ...] = (), **fields) -> RecordedStream:
    made = recording(modality, seconds)
    return RecordedStream(msgspec.structs.replace(made.info, **fields), made.times, made.data, resets=resets)


def file(*streams: RecordedStream) -> Recording:
    return Recording(Path("a file.xdf"), streams)


def test_streams_are_told_by_every_field_of_match():
    one, other = stream("GSR", source_id="left"), stream("GSR", source_id="right")
    settings = session_of("s", {"gsr": {**GSR, "match": {"type": "GSR", "source_id": "right"}}})
    assert match_streams(file(one, other), settings, "P001") == {"gsr": other}


def test_two_streams_that_match_are_an_error():
    with pytest.raises(BadInput, match=r"participants\.P001\.streams\.gsr: 2 streams match"):
        match_streams(file(stream("GSR"), stream("GSR")), session_of("s", {"gsr": GSR}), "P001")


def test_a_required_stream_that_is_not_there_is_an_error_that_names_what_is():
    with pytest.raises(BadInput, match=r"no stream with type 'GSR'; there are 'test-PPG' \(PPG\)"):
        match_streams(file(stream("PPG")), session_of("s", {"gsr": GSR}), "P001")


def test_one_that_is_not_required_may_be_missing():
    ppg = stream("PPG")
    settings = session_of("s", {"gsr": {**GSR, "required": False}, "ppg": {"match": {"type": "PPG"}, "use": "PPG"}})
    assert match_streams(file(ppg), settings, "P001") == {"ppg": ppg}


@pytest.mark.parametrize(
    ("sfreq", "fmt", "taken"), [(0.0, "float32", True), (32.0, "string", True), (32.0, "float32", False)]
)
def test_numbers_that_come_all_the_time_are_no_markers(sfreq, fmt, taken):
    marks = stream("GSR", type="Markers", sfreq=sfreq, format=fmt)
    settings = session_of("s", {"marks": {"match": {"type": "Markers"}, "use": "Markers"}})
    if taken:
        assert match_streams(file(marks), settings, "P001") == {"marks": marks}
    else:
        with pytest.raises(BadInput, match=r"P001\.streams\.marks\.use: 'test-GSR' sends 32 numbers a second"):
            match_streams(file(marks), settings, "P001")


def test_without_a_session_the_first_stream_of_each_type_is_used():
    first, second, other = stream("GSR", name="one"), stream("GSR", name="two"), stream("Motion")
    settings, notes = plain_session(file(first, second, other), ["GSR", "PPG"])
    assert settings.session == "a-file"
    assert match_streams(file(first, second, other), settings, "P001") == {"gsr": first}
    assert [note.split()[0] for note in notes] == ["two", "test-Motion"]


def test_a_recording_without_any_modality_of_the_model_is_refused():
    with pytest.raises(BadInput, match="say by --session"):
        plain_session(file(stream("Motion")), ["GSR", "PPG"])


@pytest.mark.parametrize("seconds", [8.0, 30.0])
def test_a_segment_starts_at_a_gap_and_at_a_reset(seconds):
    made = stream("PPG", seconds, resets=(100,))
    times = made.times.copy()
    times[100:] += 0.001  # the reset itself is not to be seen in the stamps
    times[300:] += 1.0
    recorded, segments = cut_segments(
        RecordedStream(made.info, times, made.data, resets=made.resets), stream_settings("PPG")
    )
    assert recorded.breaks == (100, 300)
    assert [(segment.began, segment.samples) for segment in segments] == [
        ("open", 100),
        ("clock reset", 200),
        ("gap", len(times) - 300),
    ]
    assert segments[0].start == START


def test_the_reset_of_a_real_recording_is_found(shared_data):
    """One reset, 653,188 s back in the source's clock, which leaves a hole of 274 s once synchronised."""
    eeg = next(s for s in read_recording(shared_data / "xdf" / "clock_resets.xdf").streams if s.info.type == "EEG")
    _, segments = cut_segments(eeg, stream_settings("EEG"))
    (reset,) = (segment for segment in segments if segment.began == "clock reset")
    row = int(np.searchsorted(eeg.times, reset.start))
    assert eeg.times[row] - eeg.times[row - 1] == pytest.approx(274, abs=1)
    assert eeg.resets == (row,)
