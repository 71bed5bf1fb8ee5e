"""What the control page is sent: in which state a session is, since when, and no estimate."""

import json

import numpy as np
import pytest

from dashboard.controlled import compose
from dashboard.situation import Situation
from pipeline.commands import Recorded, Recording
from pipeline.records import Estimate, Event
from pipeline.states import SessionInfo

EPOCH = 1.7e9
STARTED = 10.0
STOPPED = Recorded({}, 0, 0, "The disk is full.", 40.0)


def situation(recording: Recording | None = None, recorded: Recorded | None = None) -> Situation:
    shares = np.array([0.1234, 0.8766], np.float32)
    return Situation(
        now=50.0,
        participant="P001",
        session=SessionInfo("demo", {"P001": {"eeg": "EEG"}}, 0.25, "open", (), STARTED, notes=("coughs", "moves")),
        recording=recording,
        recorded=recorded,
        newest=Estimate(9, 49.0, shares, shares, shares, shares, {}, False, "", {}, "abc"),
        events=(Event(45.0, "note", "coughs", "the control page"), Event(46.0, "gap", "one", "P002/eeg")),
    )


@pytest.mark.parametrize(
    ("recording", "recorded", "name", "word", "since"),
    [
        (None, None, "", "Not begun", None),
        (Recording("off"), None, "off", "Not recorded", STARTED),
        (Recording("set-up"), None, "set-up", "Set-up", STARTED),
        (Recording("recording", ((20.0, 25.0), (30.0, None))), None, "recording", "Recording", 30.0),
        (Recording("paused", ((20.0, 25.0),)), None, "paused", "Paused", 25.0),
        (Recording("recording", ((20.0, None),)), STOPPED, "stopped", "Recording stopped", None),
    ],
)
def test_the_state_is_told_with_its_beginning(recording, recorded, name, word, since):
    state = compose(situation(recording, recorded), EPOCH, {})["state"]
    when = None if since is None else round((EPOCH + since) * 1000)
    assert state == {"name": name, "word": word, "since": when}


def test_labels_and_events_are_there_and_no_estimate_is():
    update = compose(situation(), EPOCH, {})
    assert update["labels"] == ["coughs", "moves"]
    assert [event["text"] for event in update["events"]] == ["coughs"]
    assert "0.1234" not in json.dumps(update)
    assert "points" not in update


def test_before_a_session_is_there_nothing_can_be_noted():
    assert compose(Situation(now=1.0), EPOCH, {})["labels"] == []


def test_trials_that_are_not_rated_are_told():
    assert compose(situation(), EPOCH, {})["unrated"] == ""
    told = compose(situation(), EPOCH, {"P001": 2, "P002": 1})["unrated"]
    assert told == "Trials that are not rated yet: 2 of P001, 1 of P002."
