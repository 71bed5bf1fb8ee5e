"""Nothing is late on account of a store that was away."""

import pytest

from pipeline.workers.lateness import Lateness


def test_while_the_store_is_there_the_clock_may_be_asked():
    lateness = Lateness()
    assert lateness.may_judge(0.0)
    lateness.arrived("eeg", 1.0)
    assert lateness.may_judge(100.0)


def test_after_the_store_is_back_every_stream_that_flowed_is_waited_for():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    lateness.arrived("gsr", 9.9)
    lateness.away(10.1, 14.0, lost=True)
    assert not lateness.may_judge(14.0)
    lateness.arrived("eeg", 14.1)
    lateness.arrived("gsr", 12.0)  # which its reader had held
    assert not lateness.may_judge(14.2)
    lateness.arrived("gsr", 14.1)
    assert lateness.may_judge(14.2)


def test_a_stream_that_was_silent_before_is_not_waited_for():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    lateness.arrived("gsr", 5.0)
    lateness.away(10.1, 14.0, lost=True)
    lateness.arrived("eeg", 14.1)
    assert lateness.may_judge(14.2)


@pytest.mark.parametrize(
    ("since", "until", "lost", "waited_s"),
    [
        pytest.param(10.1, 14.0, True, 6.5, id="until every writer has noticed that the store is back"),
        pytest.param(10.1, 14.0, False, 6.5, id="also where others may have given it up"),
        pytest.param(10.1, 11.1, False, 1.0, id="as long again as a slow answer took"),
        pytest.param(10.1, 10.35, False, 0.5, id="half a second after a hiccup"),
    ],
)
def test_a_stream_that_does_not_come_back_is_not_waited_for_long(since, until, lost, waited_s):
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    lateness.away(since, until, lost=lost)
    assert not lateness.may_judge(until + waited_s - 0.05)
    assert lateness.may_judge(until + waited_s + 0.05)


def test_a_store_that_goes_again_is_waited_for_again():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    lateness.away(10.1, 14.0, lost=True)
    lateness.away(14.0, 18.0, lost=True)  # so that the stream seems to be silent
    assert not lateness.may_judge(19.0)
    lateness.arrived("eeg", 18.1)
    assert lateness.may_judge(19.0)


def test_a_stream_that_falls_silent_is_late_in_time_even_where_every_answer_is_slow():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    for back in (10.4, 10.8, 11.2, 11.6, 12.0, 12.4):
        lateness.away(back - 0.3, back, lost=False)
    assert lateness.may_judge(12.5)


def test_a_stream_that_flows_is_waited_for_after_each_slow_answer():
    lateness = Lateness()
    lateness.arrived("eeg", 9.9)
    lateness.away(9.7, 10.0, lost=False)
    lateness.arrived("eeg", 10.9)
    lateness.away(10.9, 13.7, lost=False)
    assert not lateness.may_judge(13.8)
    lateness.arrived("eeg", 13.8)
    assert lateness.may_judge(13.8)


def test_slow_answers_without_a_pause_between_them_put_it_off_by_six_seconds_at_most():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    for back in range(11, 30):
        lateness.away(back - 1, back, lost=False)
        assert lateness.may_judge(back) == (back > 17.5)


def test_a_stream_that_was_waited_for_in_vain_is_not_waited_for_again():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    lateness.away(10.1, 14.0, lost=True)
    lateness.away(60.0, 64.0, lost=True)
    assert lateness.may_judge(64.0)
