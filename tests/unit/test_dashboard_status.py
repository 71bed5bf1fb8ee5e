"""What the status line says of a session."""

from dataclasses import replace

import pytest

from dashboard.sensors import rows
from dashboard.situation import Situation, amiss_since
from dashboard.status import judge
from pipeline.commands import Recorded, Recording
from pipeline.states import Alarm, SessionInfo
from tests.situations import LIVE, NOW, USES, estimate, process, replace_use, stream, taken


def test_green_when_all_sensors_deliver():
    status = judge(LIVE)
    assert (status.level, status.title, status.reasons) == ("green", "All 2 sensors deliver.", ())


def test_no_session_is_said_with_what_to_do():
    status = judge(Situation(now=NOW))
    assert status.level == "waiting"
    assert "helo demo" in status.reasons[0]


def test_a_store_that_does_not_answer_outweighs_everything():
    status = judge(replace(LIVE, store_fault="The store does not answer."))
    assert status.level == "red"
    assert status.title == "The store does not answer. The picture goes on when it is back."


def test_sensors_waited_for_are_named_as_the_screen_names_them():
    streams = {"eeg": stream("eeg"), "gsr": stream("gsr", state="waiting", last_sample=None)}
    assert judge(replace(LIVE, newest=None, streams=streams)).title == "Waiting for the sensors: EDA."
    assert judge(replace(LIVE, newest=None, streams={})).title == "Waiting for the sensors: EEG and EDA."


def test_before_the_first_estimate_it_says_what_it_waits_for():
    assert "model is being loaded" in judge(replace(LIVE, newest=None, model=None)).title
    assert "when every window is full" in judge(replace(LIVE, newest=None)).title


@pytest.mark.parametrize("state", ["restarting", "running"])
def test_infer_being_restarted_is_said_until_it_delivers(state):
    restarted = {("infer", ""): NOW - 1.0}
    situation = replace(LIVE, newest=estimate(3.0), processes=(process("infer", state),), restarted=restarted)
    status = judge(situation)
    assert status.level == "red"
    assert status.title == "The infer process stopped; it is being restarted. The chart goes on when it is back."
    assert judge(replace(situation, newest=estimate(), processes=(process("infer"),))).level == "green"


def test_the_preprocess_of_all_participants_stops_every_chart():
    session = SessionInfo("demo", {"P001": USES, "P002": USES}, 0.25, "open", (), 900.0)
    status = judge(replace(LIVE, session=session, processes=(process("preprocess", "restarting"),)))
    assert status.level == "red"
    assert status.title == ("The preprocess process stopped; it is being restarted. The chart goes on when it is back.")


def test_a_process_given_up_is_said_without_promise():
    status = judge(replace(LIVE, processes=(process("infer", "failed"),)))
    assert status.title == "The infer process stopped and was given up. The chart does not go on."


def test_no_new_estimate_for_two_seconds_is_not_live():
    assert judge(replace(LIVE, newest=estimate(2.4))).level == "green"
    status = judge(replace(LIVE, newest=estimate(2.5)))
    assert (status.level, status.title) == ("red", "No new estimate for 2.3 s.")


def test_estimates_that_are_seldom_due_are_waited_for():
    session = SessionInfo("demo", {"P001": USES}, 5.0, "open", (), 900.0)
    assert judge(replace(LIVE, session=session, newest=estimate(6.9))).level == "green"
    assert judge(replace(LIVE, session=session, newest=estimate(7.5))).level == "red"


def test_abstention_is_said_with_its_reason():
    status = judge(replace(LIVE, newest=estimate(abstained=True, reason="no modality has valid data")))
    assert (status.level, status.title) == ("amber", "The model abstains: no modality has valid data.")


def test_why_the_model_abstains_names_modalities_as_the_screen_does():
    status = judge(replace(LIVE, newest=estimate(abstained=True, reason="no modality has valid data; GSR: flat")))
    assert status.title == "The model abstains: no modality has valid data; EDA: flat."


@pytest.mark.parametrize("changes", [{"state": "lost", "time": NOW - 0.4}, {"time": NOW - 2.6}])
def test_a_silent_sensor_is_named_with_its_silence(changes):
    status = judge(replace(LIVE, streams={**LIVE.streams, "gsr": stream("gsr", last_sample=NOW - 2.6, **changes)}))
    assert (status.level, status.title) == (
        "amber",
        "EDA delivers no samples for 2.6 s: estimate from EEG.",
    )


def test_a_slow_sensor_is_named_with_its_rate():
    status = judge(replace(LIVE, streams={**LIVE.streams, "eeg": stream("eeg", delivered_hz=200.0)}))
    assert (status.level, status.title) == ("amber", "EEG delivers 200 of 300 samples a second.")


@pytest.mark.parametrize(
    ("use", "sentence", "state"),
    [
        (
            taken("flat", quality=0.05, used=False),
            "EDA flat: estimate from EEG.",
            "delivers, but is not used",
        ),
        (taken(used=False), "EDA without usable data: estimate from EEG.", "delivers, but is not used"),
        (taken("line noise", "movement", quality=0.4), "EDA is noisy: line noise, movement.", "delivers, but is noisy"),
        (taken(quality=0.4), "EDA is noisy.", "delivers, but is noisy"),
    ],
)
def test_a_sensor_that_delivers_but_is_left_out_or_noisy_is_amber_with_the_reason(use, sentence, state):
    situation = replace(LIVE, newest=estimate(EEG=taken(), GSR=use))
    status = judge(situation)
    assert (status.level, status.title) == ("amber", sentence)
    row = {row["key"]: row for row in rows(situation)}["gsr"]
    assert (row["level"], row["state"], row["note"]) == ("amber", state, "; ".join(use.reasons))


def test_the_banner_says_since_when_a_sensor_is_amiss_and_what_the_estimate_is_made_from():
    newest = estimate(EEG=taken(), GSR=taken("flat", quality=0.2, used=False), Face=taken())
    status = judge(replace(LIVE, newest=newest, amiss_since={"GSR": {"flat": newest.time - 12}}))
    assert (status.level, status.title) == ("amber", "EDA flat for 12 s: estimate from EEG and face.")


def test_a_reason_that_tells_its_duration_is_not_given_another():
    newest = estimate(EEG=taken(), GSR=taken("no samples for 3 s", quality=0.0, used=False))
    status = judge(replace(LIVE, newest=newest, amiss_since={"GSR": {"no samples for s": newest.time - 2}}))
    assert status.title == "EDA no samples for 3 s: estimate from EEG."


def test_it_is_counted_from_the_first_estimate_in_a_row_that_lacked_a_sensor():
    flat, good = estimate(2.0, GSR=taken("flat", used=False)), estimate(1.0, GSR=taken())
    since = amiss_since({}, flat)
    assert since == {"GSR": {"flat": NOW - 2.0}}
    assert amiss_since(since, estimate(1.0, GSR=taken("flat", quality=0.4))) == since
    assert amiss_since(since, good) == {}


def test_it_is_counted_for_each_reason_of_its_own_whatever_its_figures():
    paused = amiss_since({}, estimate(4.0, GSR=taken("the recording is paused", used=False)))
    settles = amiss_since(paused, estimate(3.0, GSR=taken("F3 flat", "no face in 30% of it", used=False)))
    assert settles == {"GSR": {"F3 flat": NOW - 3.0, "no face in % of it": NOW - 3.0}}
    moves = amiss_since(settles, estimate(2.0, GSR=taken("no face in 90% of it", "movement", used=False)))
    assert moves == {"GSR": {"no face in % of it": NOW - 3.0, "movement": NOW - 2.0}}
    other = amiss_since(moves, estimate(1.0, GSR=taken("F4 flat", "movement", used=False)))
    assert other == {"GSR": {"F4 flat": NOW - 1.0, "movement": NOW - 2.0}}


def test_a_slow_rate_is_told_to_the_digit_that_shows_it():
    slow = replace_use(stream("gsr", delivered_hz=0.07), sfreq=0.1)
    assert judge(replace(LIVE, streams={**LIVE.streams, "gsr": slow})).title == (
        "EDA delivers 0.07 of 0.1 samples a second."
    )


def test_an_alarm_comes_first_and_is_amber():
    alarm = Alarm("P001 0", "P001", "Upset is above 60 % for 5 s.", NOW - 5, sounds=True)
    gsr = taken("flat", quality=0.2, used=False)
    status = judge(replace(LIVE, alarms=(alarm,), newest=estimate(EEG=taken(), GSR=gsr)))
    assert (status.level, status.title) == ("amber", "Alarm: Upset is above 60 % for 5 s.")
    assert status.reasons == ("EDA flat: estimate from EEG.",)


def test_an_alarm_of_somebody_else_says_whose_it_is():
    alarm = Alarm("P002 0", "P002", "Upset is above 60 % for 5 s.", NOW - 5, sounds=True)
    status = judge(replace(LIVE, alarms=(alarm,)))
    assert (status.level, status.title) == ("amber", "Alarm for P002: Upset is above 60 % for 5 s.")


def test_a_small_flaw_does_not_colour_the_status():
    assert judge(replace(LIVE, newest=estimate(EEG=taken("blink", quality=0.5), GSR=taken()))).level == "green"


def test_a_silent_sensor_is_not_said_twice():
    gsr = stream("gsr", state="lost", last_sample=NOW - 2.6, time=NOW - 0.4)
    newest = estimate(EEG=taken(), GSR=taken("late", quality=0.0, used=False))
    status = judge(replace(LIVE, newest=newest, streams={**LIVE.streams, "gsr": gsr}))
    assert status.title == "EDA delivers no samples for 2.6 s: estimate from EEG."
    assert status.reasons == ()


def test_what_an_old_estimate_lacked_is_not_said_of_now():
    newest = estimate(5.0, EEG=taken("flat", used=False))
    assert judge(replace(LIVE, newest=newest)).reasons == ()


def test_a_stream_that_is_only_recorded_does_not_colour_the_status():
    status = judge(replace(LIVE, streams={**LIVE.streams, "state": stream("state", state="lost")}))
    assert status.level == "green"


def test_a_recorder_that_stopped_is_amber_and_says_what_is_missing():
    status = judge(replace(LIVE, processes=(process("infer"), process("recorder", "restarting"))))
    assert (status.level, status.title) == (
        "amber", "The recorder process stopped; it is being restarted. Nothing is recorded meanwhile.",
    )  # fmt: skip


def test_a_clock_that_settles_is_said_and_does_not_colour_the_status():
    eeg = stream("eeg", clock="LSL", settling=True)
    status = judge(replace(LIVE, streams={**LIVE.streams, "eeg": eeg}))
    assert status.level == "green"
    assert status.reasons == ("EEG: clock settling; its times may still shift by a millisecond.",)


def test_a_foreign_clock_is_named():
    eeg = stream("eeg", clock="Unix time")
    assert judge(replace(LIVE, streams={**LIVE.streams, "eeg": eeg})).reasons == (
        "EEG stamps by Unix time; its samples are timed by their arrival.",
    )


def test_a_pause_is_said_before_the_model_abstains_for_it():
    status = judge(
        replace(LIVE, recording=Recording("paused", ((1.0, 2.0),)), newest=estimate(abstained=True, reason="paused"))
    )
    assert (status.level, status.title) == ("amber", "Paused: nothing is recorded or estimated.")


def test_a_recording_that_was_stopped_is_said_while_the_picture_goes_on():
    recorded = Recorded({}, 0, 0, "The recording was stopped: the disk is full.", NOW)
    status = judge(replace(LIVE, recording=Recording("recording", ((1.0, None),)), recorded=recorded))
    assert (status.level, status.title) == ("amber", "The recording was stopped: the disk is full.")


@pytest.mark.parametrize("state", ["off", "set-up", "recording"])
def test_other_states_of_the_recording_leave_the_sensors_green(state):
    assert judge(replace(LIVE, recording=Recording(state))).level == "green"
