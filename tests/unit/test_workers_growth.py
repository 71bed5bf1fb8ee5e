"""A recording is watched as it grows: only a stream that is received and does not grow is an alarm."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from pipeline.states import StreamHealth
from pipeline.workers.growth import LAG_S, PATIENCE_S, Growth

LONG = int(PATIENCE_S + LAG_S) + 2


def health(received: int) -> list[StreamHealth]:
    return [StreamHealth("P001/eeg", "receiving", 100.0, 100.0, received, 0, 0, 1.0, 0.0, 1.0)]


def told(growth: Growth, moments: Iterable[int], received: Callable[[int], int], recorded: Mapping[str, int]) -> int:
    """Return how often it is told that a stream does not grow, with a look every second."""
    return sum(growth.stuck(now, health(received(now)), recorded) == ["P001/eeg"] for now in moments)


def test_a_stream_that_grows_is_well():
    growth = Growth()
    assert sum(told(growth, [now], lambda now: 100 * now, {"P001/eeg": 90 * now}) for now in range(5 * LONG)) == 0


def test_a_stream_that_is_silent_is_no_fault_of_the_recorder():
    assert told(Growth(), range(5 * LONG), lambda _: 100, {"P001/eeg": 100}) == 0


@pytest.mark.parametrize("recorded", [{}, {"P001/eeg": 50}])
def test_a_stream_that_is_received_and_does_not_grow_is_told_once(recorded):
    growth = Growth()
    assert told(growth, range(LONG), lambda now: 100 * now, recorded) == 1
    assert told(growth, range(LONG, 5 * LONG), lambda now: 100 * now, recorded) == 0


def test_one_that_grows_again_can_be_told_again():
    growth = Growth()
    assert told(growth, range(LONG), lambda now: 10 * now, {}) == 1
    assert told(growth, range(LONG, 2 * LONG), lambda now: 10 * now, {"P001/eeg": 20}) == 1


def test_silence_before_does_not_count():
    growth = Growth()
    assert told(growth, range(2 * LONG), lambda _: 0, {}) == 0
    assert told(growth, range(2 * LONG, 2 * LONG + int(PATIENCE_S)), lambda now: now, {}) == 0


def test_who_could_not_look_has_something_to_catch_up_with_first():
    growth = Growth()
    assert told(growth, range(3), lambda now: 100 * now, {}) == 0
    back = 3 + LONG
    assert told(growth, range(back, back + int(PATIENCE_S)), lambda now: 100 * now, {}) == 0
    assert told(growth, range(back + int(PATIENCE_S), back + LONG), lambda now: 100 * now, {}) == 1


def test_samples_that_are_on_the_disk_before_their_reader_counts_them_are_no_alarm():
    growth = Growth()
    growth.stuck(0, health(0), {"P001/eeg": 1})
    looks = [growth.stuck(0.5 + n, health(1), {"P001/eeg": 1}) for n in range(20)]
    assert not any(looks)
