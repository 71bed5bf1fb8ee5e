"""A recording is watched as it grows: only a stream that is received and does not grow is an alarm."""

import pytest

from pipeline.states import StreamHealth
from pipeline.workers.growth import PATIENCE_S, Growth

LONG = PATIENCE_S + 1


def health(received: int) -> list[StreamHealth]:
    return [StreamHealth("P001/eeg", "receiving", 100.0, 100.0, received, 0, 0, 1.0, 0.0, 1.0)]


def test_a_stream_that_grows_is_well():
    growth = Growth()
    assert not any(growth.stuck(LONG * n, health(100 * n), {"P001/eeg": 90 * n}) for n in range(5))


def test_a_stream_that_is_silent_is_no_fault_of_the_recorder():
    growth = Growth()
    assert not any(growth.stuck(LONG * n, health(100), {"P001/eeg": 100}) for n in range(5))


@pytest.mark.parametrize("recorded", [{}, {"P001/eeg": 50}])
def test_a_stream_that_is_received_and_does_not_grow_is_told_once(recorded):
    growth = Growth()
    told = [growth.stuck(LONG * n, health(100 * n), recorded) for n in range(4)]
    assert told == [[], ["P001/eeg"], [], []]


def test_one_that_grows_again_can_be_told_again():
    growth = Growth()
    for now, received, recorded in ((0, 0, 0), (LONG, 10, 0), (2 * LONG, 20, 20)):
        growth.stuck(now, health(received), {"P001/eeg": recorded})
    assert growth.stuck(3 * LONG, health(30), {"P001/eeg": 20}) == ["P001/eeg"]


def test_silence_before_does_not_count():
    growth = Growth()
    growth.stuck(0, health(0), {})
    growth.stuck(LONG, health(0), {})
    assert growth.stuck(LONG + 1, health(10), {}) == []


def test_samples_that_are_on_the_disk_before_their_reader_counts_them_are_no_alarm():
    growth = Growth()
    growth.stuck(0, health(0), {"P001/eeg": 1})
    looks = [growth.stuck(0.5 + n, health(1), {"P001/eeg": 1}) for n in range(20)]
    assert not any(looks)
