"""Whom the participant's page asks about which trial."""

from pathlib import Path

import pytest

from dashboard.rating import Ratings
from pipeline.commands import Recording
from pipeline.records import Event
from pipeline.session.config import Trials
from pipeline.session.ratings import Plan
from pipeline.session.scale_file import load_scale
from pipeline.states import SessionInfo

PLAN = Plan(scale=load_scale("sam", Path()), trials=Trials(start="start *", end="end *")).model_dump_json()
ALL = Recording("recording", ((0.0, None),))


def ratings_of(*markers: tuple[float, str], participant: str = "P001") -> Ratings:
    made = Ratings(SessionInfo("s1", {participant: {}}, 0.25, "open", (), 1.0, rating=PLAN))
    made.take(Event(time, "marker", text, f"{participant}/marks") for time, text in markers)
    made.take([])
    return made


def answers(page: dict, value: int = 5) -> dict:
    items = [{"name": item["name"], "value": value, "reaction_s": 1.5, "changes": 1} for item in page["items"]]
    return {"trial": page["trial"], "seconds_ago": 0, "items": items}


def test_a_trial_is_asked_for_once_it_has_ended_and_until_it_is_rated():
    ratings = ratings_of((1, "start a"))
    assert ratings.page("P001", ALL, 0.0)["state"] == "wait"
    ratings.take([Event(2, "marker", "end a", "P001/marks"), Event(2, "marker", "lights", "P001/marks")])
    page = ratings.page("P001", ALL, 0.0)
    assert page["state"] == "ask"
    rating = ratings.rating("P001", ALL, answers(page))
    assert rating is not None
    assert ratings.page("P001", ALL, 0.0) == page
    ratings.take([Event(3, "rating", rating.as_text(), "P001/rating")])
    assert ratings.page("P001", ALL, 0.0)["state"] == "thanks"
    assert ratings.rating("P001", ALL, answers(page)) is None
    ratings.take([Event(4, "marker", "start b", "P001/marks")])
    assert ratings.page("P001", ALL, 0.0)["state"] == "wait"


def test_the_trial_that_ended_first_comes_first():
    ratings = ratings_of((1, "start a"), (2, "start b"), (3, "end b"), (4, "end a"))
    trials = []
    while (page := ratings.page("P001", ALL, 0.0))["state"] == "ask":
        rating = ratings.rating("P001", ALL, answers(page))
        ratings.note(rating)
        trials.append(rating.trial)
    assert trials == ["b", "a"]


def test_where_several_trials_wait_the_page_says_which_one_is_asked_about():
    ratings = ratings_of((1, "start a"), (2.5, "end a"), (3, "start b"))
    assert ratings.page("P001", ALL, 1000.0)["late"] is None
    ratings.take([Event(4, "marker", "end b", "P001/marks")])
    page = ratings.page("P001", ALL, 1000.0)
    assert page["late"] == {"of": 2, "from": 1_001_000, "to": 1_002_500}
    ratings.note(ratings.rating("P001", ALL, answers(page)))
    assert ratings.page("P001", ALL, 1000.0)["late"] is None


def test_the_operator_is_told_whose_trials_are_not_rated_yet():
    ratings = Ratings(SessionInfo("s1", {"P001": {}, "P002": {}}, 0.25, "open", (), 1.0, rating=PLAN))
    marks = [(1, "start a"), (2, "end a"), (3, "start b"), (4, "end b"), (5, "start c")]
    ratings.take(Event(time, "marker", text, "P002/marks") for time, text in marks)
    assert ratings.unrated(ALL) == {}  # what was rated may still come
    ratings.take([])
    assert ratings.unrated(ALL) == {"P002": 2}
    ratings.note(ratings.rating("P002", ALL, answers(ratings.page("P002", ALL, 0.0))))
    assert ratings.unrated(ALL) == {"P002": 1}
    assert ratings.unrated(None) == {}


def test_a_page_is_made_anew_only_where_something_has_changed():
    ratings = ratings_of((1, "start a"), (2, "end a"))
    page = ratings.page("P001", ALL, 0.0)
    ratings.take([Event(3, "note", "coughs", "operator")])
    assert ratings.page("P001", Recording("recording", ((0.0, None),)), 0.0) is page
    assert ratings.page("P002", ALL, 0.0)["state"] == "wait"
    assert ratings.page("P001", Recording("set-up"), 0.0)["state"] == "wait"
    assert ratings.page("P001", ALL, 0.0) == page


def test_only_trials_that_are_recorded_are_asked_for_unless_nothing_is():
    ratings = ratings_of((1, "start a"), (2, "end a"), (5, "start b"), (6, "end b"))
    recording = Recording("paused", ((4.0, 7.0),))
    page = ratings.page("P001", recording, 0.0)
    assert ratings.rating("P001", recording, answers(page)).trial == "b"
    assert ratings.page("P001", Recording("set-up"), 0.0)["state"] == "wait"
    assert ratings.page("P001", Recording("off"), 0.0)["state"] == "ask"


def test_nobody_is_asked_before_all_that_happened_is_known():
    ratings = Ratings(SessionInfo("s1", {"P001": {}}, 0.25, "open", (), 1.0, rating=PLAN))
    ratings.take([Event(1, "marker", "start a", "P001/marks"), Event(2, "marker", "end a", "P001/marks")])
    assert ratings.page("P001", ALL, 0.0) == {"state": "unknown"}


def test_a_session_that_asks_for_nothing_says_so():
    page = Ratings(SessionInfo("s1", {"P001": {}}, 0.25, "open", (), 1.0)).page("P001", ALL, 0.0)
    assert page == {
        "state": "told",
        "sentence": "This session asks for no ratings; its session file has no `rating`.",
    }


def test_the_page_is_told_nothing_of_the_trial():
    page = ratings_of((1, "start horror"), (2, "end horror")).page("P001", ALL, 0.0)
    assert "horror" not in repr(page)
    assert "s1" not in repr(page)


@pytest.mark.parametrize("value", [0, 10, 5.5, "5", None])
def test_an_answer_outside_of_the_scale_is_no_rating(value):
    ratings = ratings_of((1, "start a"), (2, "end a"))
    said = answers(ratings.page("P001", ALL, 0.0))
    said["items"][0]["value"] = value
    with pytest.raises(ValueError, match=r"outside of the scale|Expected `int`"):
        ratings.rating("P001", ALL, said)
