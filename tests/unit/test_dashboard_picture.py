"""What a page is sent: every point once or more, never one that must not be shown."""

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.history import KEPT_S, History, Minutes, add_estimate, add_state
from dashboard.picture import compose, happened
from dashboard.situation import Situation
from dashboard.words import ALWAYS, DEMONSTRATION
from pipeline.commands import Recording
from pipeline.records import Chunk, Estimate, Event
from pipeline.states import ModelInfo, SessionInfo

EPOCH = 1.7e9
replace_fields = msgspec.structs.replace
EMOTIONS = ("Alert", "Upset")


def estimate(tick: int, shares=(0.25, 0.75), *, abstained: bool = False) -> Estimate:
    values = np.array(shares, dtype=np.float32)
    return Estimate(
        tick=tick, time=tick * 0.25, distribution=values, low=values, high=values, mean_label=values, modalities={},
        abstained=abstained, reason="", stages={"arrival": 0.01}, model_hash="abc",
    )  # fmt: skip


def situation(newest: Estimate | None = None, *, display: str = "open", demonstration: bool = True) -> Situation:
    mean = np.full(2, 0.5, dtype=np.float32)
    return Situation(
        now=100.0,
        participant="P001",
        session=SessionInfo("demo", {"P001": {"eeg": "EEG"}}, 0.25, display, ("A composite.",), 1.0),
        model=ModelInfo(EMOTIONS, mean, "abc", "A model.", demonstration=demonstration, device="cpu"),
        newest=newest,
        events=(Event(99.0, "marker", "<b>start</b>", "P001/marks"),),
    )


def minutes(*estimates: Estimate, blind: bool = False) -> Minutes:
    kept = Minutes()
    for one in estimates:
        add_estimate(kept.estimates, one, epoch=EPOCH, blind=blind)
    return kept


@pytest.mark.parametrize(
    ("recording", "said"),
    [
        (None, "start"), (Recording("off"), "start"), (Recording("recording", ((90.0, None),)), "start"),
        (Recording("set-up"), "start (not recorded)"),
        (Recording("paused", ((90.0, 98.0),)), "start (not recorded)"),
        (Recording("recording", ((90.0, 98.0), (99.5, None))), "start (not recorded)"),
    ],
)  # fmt: skip
def test_a_marker_that_no_recording_holds_is_said_to_be_none(recording, said):
    told = replace(situation(), recording=recording, events=(Event(99.0, "marker", "start", "P001/marks"),))
    assert [event["text"] for event in happened(told, EPOCH)] == [said]


def test_a_new_page_gets_the_last_minutes_at_once():
    kept = minutes(*map(estimate, range(50)))
    update, sent = compose(situation(estimate(49)), kept, EPOCH, None)
    assert [point[0] for point in update["points"]] == list(range(50))
    assert sent.points == 50


@given(st.lists(st.integers(0, 9), max_size=40))
def test_every_point_is_sent_once(steps):
    kept = minutes(estimate(0))
    sent, numbers = None, []
    for new in [0, *steps]:
        for _ in range(new):
            add_estimate(kept.estimates, estimate(kept.estimates.made), epoch=EPOCH, blind=False)
        update, sent = compose(situation(estimate(0)), kept, EPOCH, sent)
        numbers += [point[0] for point in update["points"]]
    assert numbers == list(range(kept.estimates.made))


def test_another_run_sends_everything_again():
    kept = minutes(*map(estimate, range(50)))
    _, sent = compose(situation(estimate(49)), kept, EPOCH, None)
    other = replace(situation(estimate(49)), session=SessionInfo("demo", {"P001": {}}, 0.25, "open", (), 2.0))
    update, _ = compose(other, kept, EPOCH, sent)
    assert len(update["points"]) == 50


def test_points_older_than_a_page_can_show_are_dropped_and_numbers_go_on():
    history = History()
    for second in range(2 * round(KEPT_S)):
        history.add(second * 1000, np.array([1.0]), [])
    assert history.points[0][1] == (2 * KEPT_S - 1 - KEPT_S) * 1000
    assert [point[0] for point in history.points] == list(range(history.points[0][0], history.made))


def test_an_abstained_tick_is_a_gap_and_shares_are_whole_numbers():
    points = compose(situation(), minutes(estimate(0), estimate(1, abstained=True)), EPOCH, None)[0]["points"]
    assert [point[2] for point in points] == [[2500, 7500], None]
    assert points[1][1] == (EPOCH + 0.25) * 1000


def test_a_point_brings_its_interval_or_why_there_is_none():
    abstained = replace_fields(estimate(1, abstained=True), reason="GSR: flat")
    points = compose(situation(), minutes(estimate(0), abstained), EPOCH, None)[0]["points"]
    assert points[0][4:] == [[2500, 7500], [2500, 7500], ""]
    assert points[1][4:] == [None, None, "EDA: flat"]


def test_a_blind_session_sends_no_estimate_at_all():
    kept = minutes(estimate(0, (0.111, 0.889)), blind=True)
    update, _ = compose(situation(estimate(0, (0.111, 0.889)), display="blind"), kept, EPOCH, None)
    assert "0.111" not in json.dumps(update)
    assert "1110" not in json.dumps(update)
    assert update["current"] == {"message": ALWAYS["blind"]}
    assert update["truth"] is None
    assert ALWAYS["blind"] in update["notices"]


def test_the_demonstration_sentence_stands_before_the_session_s_notices():
    assert compose(situation(), minutes(), EPOCH, None)[0]["notices"] == [DEMONSTRATION, "A composite."]
    assert compose(situation(demonstration=False), minutes(), EPOCH, None)[0]["notices"] == ["A composite."]


def test_the_simulated_state_is_sent_in_the_order_of_the_model_s_emotions():
    kept = minutes(estimate(4))
    kept.state = History()
    times = np.array([0.5, 0.75, 1.25])
    data = np.array([[0.9, 0.0, 0.1], [0.8, 0.0, 0.2], [0.7, 0.0, 0.3]], dtype=np.float32)
    chunk = Chunk(segment=1, first=0, times=times, offset=0.0, data=data, arrival=2.0)
    add_state(kept.state, chunk, [2, 0], epoch=EPOCH)
    update, _ = compose(situation(estimate(4)), kept, EPOCH, None)
    assert [point[2] for point in update["state"]] == [[1000, 9000], [2000, 8000], [3000, 7000]]
    assert update["truth"] == [0.2, 0.8]


def test_an_interval_that_is_not_known_is_sent_as_json_has_it():
    nothing = np.full(2, np.nan, dtype=np.float32)
    unknown = msgspec.structs.replace(estimate(0), low=nothing, high=nothing)
    update, _ = compose(situation(unknown), minutes(unknown), EPOCH, None)
    assert json.loads(json.dumps(update, allow_nan=False))["current"]["low"] == [None, None]


def test_only_events_of_the_participant_and_of_the_whole_session_are_sent():
    events = tuple(Event(99.0, "marker", "start", source) for source in ("P001/marks", "P002/marks", "P0011/marks"))
    gap = Event(99.5, "gap", "12 samples were not recorded.", "recorder")
    told = compose(replace(situation(), events=(*events, gap)), minutes(), EPOCH, None)[0]["events"]
    assert [event["key"].split(maxsplit=1)[1] for event in told] == [
        "recorder gap 12 samples were not recorded.",
        "P001/marks marker start",
    ]


def test_nothing_known_is_still_a_picture():
    update, sent = compose(Situation(now=1.0), Minutes(), EPOCH, None)
    assert update["status"]["level"] == "waiting"
    assert (update["points"], update["streams"], sent.points) == ([], [], 0)
