"""How fast a stream delivers: the same at every moment for one that is steady, and told of one that is not."""

import numpy as np
import pytest

from pipeline.workers.delivery import ENOUGH, RATE_OVER_S, TOGETHER_S, Delivery


def rates(arrivals: np.ndarray, samples: int) -> list[float]:
    """Return what is said of the rate after each arrival, from when it is said."""
    delivery, said = Delivery(), []
    for number, arrival in enumerate(arrivals, 1):
        delivery.add(float(arrival), samples)
        rate = delivery.rate(float(arrival) + 2 * TOGETHER_S)
        assert (rate is None) == (number < ENOUGH)
        if rate is not None:
            said.append(rate)
    return said


@pytest.mark.parametrize(
    ("every_s", "samples"), [(1.0, 1), (10.0, 1), (0.25, 1), (0.25, 75), (0.7, 210), (1.0, 300), (3.0, 12)]
)
def test_a_steady_stream_delivers_its_rate_at_every_moment(every_s: float, samples: int):
    said = rates(100 + every_s * np.arange(100), samples)
    assert said == pytest.approx([samples / every_s] * len(said))


def test_jitter_of_the_arrivals_is_no_lack_of_samples():
    arrivals = np.arange(200) + np.random.default_rng(0).uniform(0, 0.2, 200)
    assert min(rates(arrivals, 1)) > 0.95


def test_samples_that_arrive_one_by_one_are_counted_whole():
    said = rates(np.arange(0, 20, 0.25), 1)
    delivery = Delivery()
    for arrival in np.arange(0, 20, 1 / 300):
        delivery.add(float(arrival), 1)
    assert said[-1] == pytest.approx(4.0)
    assert delivery.rate(20.0) == pytest.approx(300.0)


def test_a_burst_that_is_pulled_in_pieces_is_one():
    delivery, said = Delivery(), []
    for second in range(30):
        for piece in (0.0, 0.03):
            delivery.add(second + piece, 150)
            said += [delivery.rate(second + piece), delivery.rate(second + piece + 0.01)]
    known = [rate for rate in said if rate is not None]
    assert known == pytest.approx([300.0] * len(known))
    assert len(known) > 80


@pytest.mark.parametrize("samples", [1, 75])
def test_a_stream_at_seven_tenths_of_its_rate_is_told_so(samples: int):
    arrivals = np.arange(100) * samples / (0.7 * 300 if samples > 1 else 0.7)
    assert rates(arrivals, samples)[-1] == pytest.approx(210 if samples > 1 else 0.7)


@pytest.mark.parametrize(("sfreq", "samples"), [(1.0, 1), (4.0, 1), (300.0, 75)])
def test_a_stream_that_slows_down_is_noticed(sfreq: float, samples: int):
    every_s = samples / sfreq
    steady = np.arange(60) * every_s
    slow = steady[-1] + np.arange(1, 60) * every_s / 0.5
    said = rates(np.concatenate([steady, slow]), samples)
    noticed = slow[next(k for k, rate in enumerate(said[-len(slow) :]) if rate < 0.9 * sfreq)] - steady[-1]
    assert noticed <= max(RATE_OVER_S, 2 / sfreq)
    assert said[-1] == pytest.approx(0.5 * sfreq)


def test_what_came_before_a_hole_is_forgotten():
    delivery = Delivery()
    for second in range(10):
        delivery.add(second, 300)
    delivery.forget()
    assert delivery.rate(9.5) is None
    for second in range(100, 110):
        delivery.add(second, 300)
    assert delivery.rate(109.5) == pytest.approx(300)
