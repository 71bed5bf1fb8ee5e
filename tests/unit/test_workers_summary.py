"""What a run comes to."""

import numpy as np
import pytest

from pipeline.records import Estimate
from pipeline.states import StreamHealth
from pipeline.workers.summary import Summary


def estimate(tick: int, *, abstained: bool = False) -> Estimate:
    """An estimate whose last sample arrived 16 ms after the tick."""
    share = np.full(2, 0.5, np.float32)
    return Estimate(tick, tick / 4, share, share, share, share, {}, abstained, "", {"arrival": 0.016}, "hash")


def add(summary: Summary, participant: str, counted: Estimate, *, latency: float = 0.01) -> None:
    summary.add(participant, counted, counted.time + 0.016 + latency)


def test_ticks_are_counted_to_the_duration_and_no_further():
    summary = Summary(("A", "B"), 0.25, 1.0)
    for tick in range(6):
        add(summary, "A", estimate(tick))
    assert not summary.complete
    for tick in range(4):
        add(summary, "B", estimate(tick, abstained=tick == 0))
    assert summary.complete
    result = summary.result([], 3, None, "")
    assert (result["ticks"], result["estimates"], result["abstained"]) == (8, 7, 1)
    assert result["duration_s"] == 1.0
    assert result["restarts"] == 3
    assert result["session_dir"] is None


def test_a_duration_of_whole_ticks_is_no_tick_longer():
    """Although 1.1 / 0.1 is a little more than 11."""
    summary = Summary(("A",), 0.1, 1.1)
    for tick in range(12):
        add(summary, "A", estimate(tick))
    assert summary.ticks == {"A": 11}


def test_without_a_duration_a_run_is_never_complete():
    summary = Summary(("A",), 0.25, None)
    add(summary, "A", estimate(0))
    assert not summary.complete


def test_latency_is_given_in_milliseconds_and_only_of_estimates():
    summary = Summary(("A",), 0.25, None)
    for tick in range(100):
        add(summary, "A", estimate(tick), latency=tick / 1000)
    add(summary, "A", estimate(100, abstained=True), latency=99.0)
    latency = summary.result([], 0, None, "")["latency_ms"]
    assert latency["p50"] == pytest.approx(49.5)
    assert latency["p99"] < 100


def test_without_an_estimate_there_is_no_latency():
    result = Summary(("A",), 0.25, 1.0).result(
        [StreamHealth("A/marks", "receiving", 0.0, 0.0, 3, None, 0, 1.0, 0.0, 2.0)], 0, None, ""
    )
    assert result["latency_ms"] == {"p50": None, "p95": None, "p99": None}
    assert result["streams"] == {"A/marks": {"samples_received": 3, "samples_lost": None, "gaps": 0}}
