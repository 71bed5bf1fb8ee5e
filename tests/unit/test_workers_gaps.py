"""Gaps: an operator reads of each, and is not flooded by those that come thick."""

from pipeline.workers.gaps import SUM_UP_S, Gaps


def test_single_gaps_are_said_at_once():
    gaps = Gaps("P001/eeg")
    assert gaps.add(3, now=10.0)
    assert gaps.sum_up(10.0 + SUM_UP_S) is None
    assert gaps.add(2, now=10.1 + SUM_UP_S)


def test_those_that_follow_closely_are_summed_up_and_none_is_left_out():
    gaps = Gaps("P001/eeg")
    said = [gaps.add(1, now=10.0 + index / 100) for index in range(1000)]
    assert said == [True] + [False] * 999
    assert gaps.sum_up(14.0) is None
    assert gaps.sum_up(20.0) == "Stream P001/eeg: 999 more samples missing, in 999 gaps."
    assert not gaps.add(4, now=21.0)
    assert gaps.sum_up(25.0) == "Stream P001/eeg: 4 more samples missing, in 1 gaps."
    assert gaps.sum_up(40.0) is None
    assert gaps.add(1, now=41.0)


def test_when_the_stream_is_over_nothing_stays_unsaid():
    gaps = Gaps("P001/eeg")
    assert gaps.add(1, now=10.0)
    assert not gaps.add(7, now=10.1)
    assert gaps.sum_up(10.2, over=True) == "Stream P001/eeg: 7 more samples missing, in 1 gaps."
    assert gaps.add(1, now=10.3)
