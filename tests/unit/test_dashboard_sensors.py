"""What the table of sensors says of each stream, and that it says nothing of now that is not known of now."""

from dataclasses import replace

import pytest

from dashboard.sensors import rows
from dashboard.status import judge
from pipeline.states import SessionInfo
from tests.situations import LIVE, NOW, USES, estimate, replace_use, stream, taken


def test_the_age_of_a_sample_is_the_reader_s_while_it_reports_and_counted_on_when_it_does_not():
    streams = {"eeg": stream("eeg", last_sample=NOW - 0.6, time=NOW - 0.5), "gsr": stream("gsr", time=NOW - 1.6)}
    table = {row["key"]: row for row in rows(replace(LIVE, streams=streams))}
    assert table["eeg"]["age"] == pytest.approx(0.1)
    assert table["gsr"]["age"] == pytest.approx(0.1)
    late = replace(LIVE, now=NOW + 1.2, streams=streams)
    assert {row["key"]: row for row in rows(late)}["gsr"]["age"] == pytest.approx(1.3)


def test_every_row_says_how_much_of_the_window_is_real_and_how_good_it_is():
    newest = estimate(EEG=replace_use(taken(), valid=0.75, quality=0.9))
    table = {row["key"]: row for row in rows(replace(LIVE, newest=newest))}
    assert (table["eeg"]["coverage"], table["eeg"]["quality"]) == (0.75, 0.9)
    assert (table["gsr"]["coverage"], table["gsr"]["quality"]) == (None, None)


def test_no_weight_is_said_where_there_is_no_estimate():
    newest = estimate(abstained=True, reason="GSR: flat", EEG=replace_use(taken(), weight=0.0), GSR=taken(used=False))
    table = {row["key"]: row for row in rows(replace(LIVE, newest=newest))}
    assert [(table[key]["weight"], table[key]["left_out"]) for key in ("eeg", "gsr")] == [(None, False)] * 2
    none = {row["key"]: row for row in rows(replace(LIVE, newest=None))}
    assert (none["eeg"]["weight"], none["eeg"]["left_out"]) == (None, False)


def test_what_an_old_estimate_took_is_not_said_of_now():
    newest = estimate(EEG=replace_use(taken("blink"), valid=0.75), GSR=taken("flat", used=False))
    for now, known in ((NOW + 2.0, True), (NOW + 2.5, False)):
        streams = {name: stream(name, time=now, last_sample=now) for name in ("eeg", "gsr")}
        eeg, gsr, *_ = rows(replace(LIVE, now=now, newest=newest, streams=streams))
        assert [eeg[what] is not None for what in ("weight", "coverage", "quality")] == [known] * 3
        assert (eeg["note"], gsr["state"]) == (("blink", "delivers, but is not used") if known else ("", "delivers"))
        assert gsr["left_out"] == known


def test_a_sensor_that_the_estimate_leaves_out_is_said_to_be_not_in_it():
    newest = estimate(EEG=taken(), GSR=taken("flat", used=False))
    table = {row["key"]: row for row in rows(replace(LIVE, newest=newest))}
    assert [table[key]["left_out"] for key in USES] == [False, True, False, False]


def test_a_blind_session_says_no_weight():
    session = SessionInfo("demo", {"P001": USES}, 0.25, "blind", (), 900.0)
    newest = estimate(EEG=replace_use(taken(), weight=0.75), GSR=taken(used=False))
    table = {row["key"]: row for row in rows(replace(LIVE, session=session, newest=newest))}
    assert [(row["weight"], row["left_out"]) for row in table.values()] == [(None, False)] * len(USES)


def test_what_a_reader_no_longer_reports_is_not_said_of_now():
    gone = stream("eeg", clock="LSL", drift_ppm=1.0, time=NOW - 60, last_sample=NOW - 60)
    row = rows(replace(LIVE, streams={"eeg": gone}))[0]
    assert (row["level"], row["state"]) == ("red", "delivers no samples for 60 s")
    assert (row["rate"], row["clock"], row["clock_figures"]) == ("–", "–", "")


def test_nothing_is_counted_of_a_stream_that_was_not_found():
    waiting = stream("gsr", state="waiting", last_sample=None, delivered_hz=None)
    table = {row["key"]: row for row in rows(replace(LIVE, streams={"eeg": stream("eeg"), "gsr": waiting}))}
    assert [table[key]["gaps"] for key in USES] == [0, None, None, None]


def test_a_window_that_lacks_one_sample_is_not_sent_as_a_whole_one():
    newest = estimate(EEG=replace_use(taken(), valid=4999 / 5000))
    row = rows(replace(LIVE, newest=newest))[0]
    assert row["coverage"] < 1


def test_a_rate_that_is_not_known_yet_is_no_slow_sensor():
    situation = replace(LIVE, streams={**LIVE.streams, "eeg": stream("eeg", delivered_hz=None)})
    assert judge(situation).level == "green"
    row = rows(situation)[0]
    assert (row["level"], row["rate"]) == ("green", "–")


def test_every_stream_of_the_session_has_a_row_in_words():
    streams = {"eeg": stream("eeg"), "gsr": stream("gsr", state="lost", last_sample=NOW - 8)}
    table = {row["key"]: row for row in rows(replace(LIVE, streams=streams))}
    assert list(table) == list(USES)
    assert table["eeg"]["rate"] == "300 of 300 Hz"
    assert (table["eeg"]["weight"], table["eeg"]["note"]) == (1, "F7 railed")
    assert (table["gsr"]["name"], table["gsr"]["level"], table["gsr"]["state"]) == (
        "EDA",
        "red",
        "delivers no samples for 8.0 s",
    )
    assert table["gsr"]["weight"] is None
    assert table["marks"]["state"] == "not found yet"


def test_a_sensor_that_the_model_does_not_know_is_said_to_be_only_recorded():
    table = {row["key"]: row for row in rows(replace(LIVE, newest=estimate(EEG=taken())))}
    assert table["gsr"]["note"] == "recorded only: the model does not know it"
    assert table["eeg"]["note"] == ""
    assert table["state"]["note"] == "recorded only"


@pytest.mark.parametrize(
    ("known", "word", "figures"),
    [
        ({}, "", ""),
        (
            {"clock": "LSL", "drift_ppm": -1.24, "round_trip": 0.0004, "irregularity": 0.0011},
            "steady",
            "+0.00 ms, -1.2 ppm, round trip 0.40 ms, stamps ± 1.1 ms",
        ),
        (
            {"clock": "LSL", "settling": True, "drift_ppm": 0.0, "round_trip": 0.0004},
            "settling",
            "+0.00 ms, round trip 0.40 ms",
        ),
        ({"clock": "Unix time", "drift_ppm": 30.0}, "by Unix time", "+30.0 ppm"),
    ],
)
def test_every_row_says_how_the_clock_is(known, word, figures):
    table = {row["key"]: row for row in rows(replace(LIVE, streams={"eeg": stream("eeg", **known)}))}
    assert (table["eeg"]["clock"], table["eeg"]["clock_figures"]) == (word, figures)
