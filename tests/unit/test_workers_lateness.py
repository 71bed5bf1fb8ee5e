"""Nothing is late on account of a store that was away."""

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
    lateness.away(10.1, 14.0)
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
    lateness.away(10.1, 14.0)
    lateness.arrived("eeg", 14.1)
    assert lateness.may_judge(14.2)


def test_a_stream_that_does_not_come_back_is_not_waited_for_long():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    lateness.away(10.1, 14.0)
    assert not lateness.may_judge(20.0)
    assert lateness.may_judge(21.0)


def test_a_store_that_goes_again_is_waited_for_again():
    lateness = Lateness()
    lateness.arrived("eeg", 10.0)
    lateness.away(10.1, 14.0)
    lateness.away(14.0, 18.0)  # so that the stream seems to be silent
    assert not lateness.may_judge(19.0)
    lateness.arrived("eeg", 18.1)
    assert lateness.may_judge(19.0)
