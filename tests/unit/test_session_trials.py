"""Trials between markers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.files.recording import RecordedStream
from pipeline.records import StreamInfo
from pipeline.session.config import Trials
from pipeline.session.settings_file import parse_session
from pipeline.session.trials import Trial, markers_of, trials_of, write_trials

PATTERNS = Trials(start="start *", end="end *")


def marker(time: float, text: str, source: str = "P001/marks") -> dict:
    return {"time": time, "kind": "marker", "text": text, "source": source}


def test_a_trial_goes_from_its_start_to_the_end_of_the_same_name():
    events = [marker(1, "start a"), marker(2, "start b"), marker(5, "end a"), marker(9, "end b")]
    assert trials_of(events, PATTERNS) == [Trial(1, 4, "a", "P001/marks"), Trial(2, 7, "b", "P001/marks")]


def test_the_markers_of_two_participants_are_kept_apart():
    events = [marker(1, "start a", "A/m"), marker(2, "end a", "B/m"), marker(3, "end a", "A/m")]
    assert trials_of(events, PATTERNS) == [Trial(1, 2, "a", "A/m")]


def test_a_trial_without_an_end_has_no_duration():
    events = [marker(1, "start a"), marker(3, "start a"), marker(4, "end a"), marker(6, "start b")]
    durations = [(trial.onset, trial.duration) for trial in trials_of(events, PATTERNS)]
    assert durations == [(1, None), (3, 1), (6, None)]


def test_only_markers_and_only_the_names_asked_for_count():
    events = [marker(1, "start rest"), marker(2, "end rest"), marker(3, "start clip-1"), marker(4, "end clip-1"),
              {**marker(5, "start clip-2"), "kind": "restart"}]  # fmt: skip
    patterns = Trials(start="start *", end="end *", name="clip-*")
    assert [trial.name for trial in trials_of(events, patterns)] == ["clip-1"]


def test_patterns_without_a_star_delimit_trials_without_a_name():
    assert trials_of([marker(1, "on"), marker(2, "off")], Trials(start="on", end="off")) == [
        Trial(1, 1, "", "P001/marks")
    ]


def test_two_stars_are_refused():
    streams = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}}
    session = {"session": "s", "participants": {"P1": {"consent": "c", "streams": streams}}}
    with pytest.raises(BadInput, match=r"trials\.start: give at most one \*"):
        parse_session({**session, "trials": {"start": "* *", "end": "x"}}, "s.yaml")


def test_the_table_reads_back_whatever_a_name_holds(tmp_path):
    import pandas as pd

    trials = [Trial(1.5, 2.25, 'a\t"b"', "P1/m"), Trial(4.0, None, "", "P1/m")]
    write_trials(tmp_path / "trials.tsv", trials)
    table = pd.read_csv(tmp_path / "trials.tsv", sep="\t", keep_default_na=False)
    assert table["name"].tolist() == ['a\t"b"', ""]
    assert table["duration"].tolist() == ["2.250000", "n/a"]
    assert table["onset"].tolist() == [1.5, 4.0]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.text(max_size=8))))
def test_no_duration_is_negative(found):
    events = [marker(time, text) for time, text in found]
    assert all(
        trial.duration is None or trial.duration >= 0 for trial in trials_of(events, Trials(start="a*", end="b*"))
    )


def test_the_first_pattern_that_fits_a_name_gives_the_condition():
    patterns = Trials(start="start *", end="end *", condition={"joy-*": "joy", "*-1": "first", "*": "other"})
    events = [
        marker(time, f"{what} {name}")
        for time, name in enumerate(("joy-1", "sad-1", "sad-2"))
        for what in ("start", "end")
    ]
    assert [trial.condition for trial in trials_of(events, patterns)] == ["joy", "first", "other"]


@pytest.mark.parametrize("form", ["string", "int16", "int32"])
def test_the_markers_of_a_recorded_stream_delimit_trials_at_the_time_at_which_they_happened(form):
    text = form == "string"
    data = np.empty((2, 0), np.float32) if text else np.array([[11], [12]], form)
    info = StreamInfo("m", "M", "Markers", "i", 0.0, ("m",), ("",), form, "", "", "record")
    stream = RecordedStream(info, np.array([1.5, 4.5]), data, (("11",), ("12",)) if text else ())
    events = markers_of("P001/m", stream, delay_ms=500)
    assert trials_of(events, Trials(start="11", end="12")) == [Trial(1.0, 3.0, "", "P001/m")]
