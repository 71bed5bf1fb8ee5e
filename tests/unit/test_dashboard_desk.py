"""Who may ask for something from the control page, and that nothing is done twice."""

import msgspec
import pytest

from dashboard.desk import ANSWERS_KEPT, Asked, Desk, Line
from pipeline.commands import Answer
from pipeline.streams.clock import local_clock

KEY = "the-key-of-this-run"
#: Nobody listens there.
NOWHERE = "unix:///nowhere/store.sock"


def told(key: str, *what: str) -> dict:
    return {"sent": 1000.5, "key": key, "asks": [{"id": str(number), "what": one} for number, one in enumerate(what)]}


def said(desk: Desk, key: str, *what: str) -> dict:
    line = Line()
    desk.take(line, told(key, *what), 7.25)
    return line.reply()


@pytest.mark.parametrize(("own", "given"), [(KEY, ""), (KEY, KEY[:-1]), (KEY, KEY + "x"), (KEY, "schlüssel"), ("", "")])
def test_without_the_key_nothing_is_passed_on(own, given):
    reply = said(Desk(NOWHERE, "s", own), given, "stop")
    assert reply["operator"] is False
    assert [answer["sentence"] for answer in reply["answers"]] == ["Refused: this is not the operator's page."]


def test_with_the_key_it_is_passed_on_and_a_store_that_is_away_is_said():
    reply = said(Desk(NOWHERE, "s", KEY), KEY, "pause")
    assert reply["operator"] is True
    (answer,) = reply["answers"]
    assert not answer["done"]
    assert answer["sentence"].startswith("Not done, as far as is known: ")


def test_a_page_hears_when_it_was_heard_so_that_it_can_compare_the_clocks():
    before = local_clock()
    reply = said(Desk(NOWHERE, "s", KEY), KEY)
    assert (reply["sent"], reply["at"]) == (1000.5, 7.25)
    assert before <= reply["left"] <= local_clock()


def test_what_was_answered_is_not_done_again():
    line, asked = Line(), Asked("0", "pause")
    line.answer(asked, Answer("0", done=True, sentence="The recording is paused."))
    Desk(NOWHERE, "s", KEY).take(line, told(KEY, "pause"), 7.25)
    assert [answer["sentence"] for answer in line.reply()["answers"]] == ["The recording is paused."]


def test_old_answers_are_let_go_of():
    line = Line()
    for number in range(ANSWERS_KEPT + 3):
        line.answer(Asked(str(number), "note"), Answer("", done=True, sentence="Noted."))
    assert [answer["id"] for answer in line.reply()["answers"]] == [str(3 + place) for place in range(ANSWERS_KEPT)]


@pytest.mark.parametrize("asks", [[{"id": "0", "what": "format"}], [{"what": "stop"}], "stop"])
def test_what_no_page_of_ours_says_is_refused_as_a_whole(asks):
    with pytest.raises(msgspec.ValidationError):
        Desk(NOWHERE, "s", KEY).take(Line(), {"sent": 1.0, "key": KEY, "asks": asks}, 7.25)
