"""The clock offset: what probes scatter by, lie by, drift and jump does not go into the times of samples."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.streams.offsets import JUMP_S, OffsetFilter
from pipeline.streams.probes import Probe
from pipeline.streams.regularity import Regularity
from pipeline.streams.source_clock import LSL, OWN, STEP_S, UNIX, SourceClock

TRUE = -1234.5


def probes(n: int, *, ppm: float = 0.0, seed: int = 1, slow: float = 0.2) -> list[Probe]:
    """Return what liblsl measures on a local network: ways of 0.2 ms, some of them much longer one way."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(n):
        there, back = 0.0002 + rng.exponential(0.00005, 2)
        if rng.random() < slow:
            there += rng.exponential(0.02)
        at = 2.0 * k
        found.append(Probe(at, TRUE + 1e-6 * ppm * at + (back - there) / 2, there + back))
    return found


def fed(given: list[Probe]) -> OffsetFilter:
    estimate = OffsetFilter(given[0])
    for probe in given[1:]:
        assert estimate.add(probe) == 0.0
    return estimate


@pytest.mark.parametrize("ppm", [-200.0, 0.0, 20.0])
@pytest.mark.parametrize("seed", range(5))
def test_offset_and_drift_are_found_whatever_some_probes_say(ppm, seed):
    estimate = fed(probes(60, ppm=ppm, seed=seed))
    assert estimate.settled
    assert 1e6 * estimate.drift == pytest.approx(ppm, abs=3)
    assert estimate.at(118.0) == pytest.approx(TRUE + 118e-6 * ppm, abs=1e-4)


def test_an_estimate_of_few_probes_is_not_settled():
    assert not fed(probes(4)).settled
    assert fed(probes(5)).settled


@settings(deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(5, 60), error=st.floats(-0.1, 0.1), round_trip=st.floats(0.0, 0.2))
def test_one_probe_moves_the_estimate_by_no_more_than_the_others_scatter(seed, n, error, round_trip):
    good = probes(n, seed=seed, slow=0.0)
    estimate = fed(good)
    at = good[-1].time + 2.0
    before = estimate.at(at)
    assert estimate.add(Probe(at, before + error, round_trip)) == 0.0
    assert abs(estimate.at(at) - before) < 0.0003


@settings(deadline=None)
@given(seed=st.integers(0, 1000), late=st.floats(0.0, 2.0), there=st.booleans())
def test_a_probe_that_was_held_up_on_its_way_is_no_jump(seed, late, there):
    estimate = fed(probes(20, seed=seed))
    error = -late / 2 if there else late / 2
    assert estimate.add(Probe(40.0, TRUE + error, 0.0004 + late)) == 0.0
    assert estimate.at(40.0) == pytest.approx(TRUE, abs=0.0005)


@pytest.mark.parametrize("seconds", [20.0, -20.0, 0.5, -0.3])
def test_a_clock_that_jumped_is_believed_at_once(seconds):
    estimate = fed(probes(20))
    assert estimate.add(Probe(40.0, TRUE + seconds, 0.0004)) == pytest.approx(seconds, abs=0.001)
    assert estimate.at(40.0) == TRUE + seconds
    assert not estimate.settled


def test_where_nothing_bounds_an_error_several_must_agree():
    estimate = OffsetFilter(Probe(0.0, TRUE, 0.0), confirmed_by=3)
    moves = [estimate.add(Probe(2.0 * k, TRUE + JUMP_S + 1, 0.0)) for k in (1, 2, 3)]
    assert moves == [0.0, 0.0, pytest.approx(JUMP_S + 1)]
    assert estimate.at(8.0) == TRUE + JUMP_S + 1


def test_the_offset_in_force_does_not_follow_the_noise():
    """On one machine, where probes differ by some hundredths of a millisecond."""
    rng = np.random.default_rng(2)
    clock = SourceClock(Probe(0.0, 0.0, 6e-5), regular=True)
    used = set()
    for k in range(1, 300):
        clock.probe(Probe(2.0 * k, float(rng.normal(0, 1.5e-5)), 6e-5), 2.0 * k)
        used.add(clock.offset)
    assert len(used) <= 3
    assert abs(clock.offset) < STEP_S
    assert clock.drift == 0.0


def test_the_offset_in_force_follows_a_drift_in_small_steps():
    clock = SourceClock(Probe(0.0, TRUE, 4e-4), regular=True)
    given = probes(200, ppm=20.0)
    off = []
    for now in np.arange(0.5, 398.0, 0.5):
        newest = given[int(now // 2)]
        clock.probe(newest if now % 2 == 0 else None, now)
        off.append(clock.offset - (TRUE + 20e-6 * now))
    assert np.abs(off[100:]).max() < 1e-4


def heard(clock: SourceClock, off: float, since: float, seconds: float, seed: int = 3) -> list[float]:
    """Let samples of 50 Hz arrive whose stamps plus `off` are their true time; return what the clock says of jumps."""
    rng = np.random.default_rng(seed)
    jumps = []
    for at in since + np.arange(0, seconds, 0.02):
        arrival = at + 0.01 + rng.exponential(0.005)
        clock.recognize(np.array([at - off]), arrival)
        jumps.append(clock.hear(at - off, arrival))
    return [jump for jump in jumps if jump]


def test_stamps_of_lsl_are_known_by_their_arrival():
    clock = SourceClock(Probe(0.0, TRUE, 4e-4), regular=True)
    assert clock.kind == ""
    assert heard(clock, TRUE, 0.0, 10.0) == []
    assert (clock.kind, clock.offset) == (LSL, TRUE)


@pytest.mark.parametrize(("off", "kind"), [(None, UNIX), (90_000.0, OWN), (-0.5, OWN)])
def test_foreign_stamps_are_mapped_by_their_arrival(off, kind):
    off = -time.time() if off is None else off
    clock = SourceClock(Probe(0.0, 0.0, 6e-5), regular=True)
    heard(clock, off, 100.0, 6.0)
    assert clock.settling
    assert heard(clock, off, 106.0, 60.0, seed=4) == []
    assert clock.kind == kind
    assert not clock.settling
    assert clock.round_trip is None
    assert clock.offset == pytest.approx(off + 0.01, abs=0.001)


def test_the_drift_of_foreign_stamps_is_followed():
    clock = SourceClock(Probe(0.0, 0.0, 6e-5), regular=True)
    rng = np.random.default_rng(4)
    for at in np.arange(0, 120, 0.02):
        arrival, stamp = at + 0.01 + rng.exponential(0.005), 90_000 + at * (1 - 100e-6)
        clock.recognize(np.array([stamp]), arrival)
        clock.hear(stamp, arrival)
    assert 1e6 * clock.drift == pytest.approx(100, abs=20)
    assert clock.offset == pytest.approx(120 * 100e-6 - 90_000 + 0.01, abs=0.003)


def test_a_network_that_stalls_is_no_jump_and_stamps_that_run_ahead_are_one():
    clock = SourceClock(Probe(0.0, 0.0, 6e-5), regular=True)
    heard(clock, 0.0, 0.0, 10.0)
    for _ in range(100):
        clock.hear(10.0, 14.0)
    assert clock.kind == LSL
    assert heard(clock, -1.0, 14.0, 4.0) == [pytest.approx(1.0, abs=0.02)]
    assert clock.kind == OWN


def test_stamps_that_jumped_are_those_of_lsl_again_once_the_offset_says_so():
    clock = SourceClock(Probe(0.0, 0.0, 6e-5), regular=True)
    heard(clock, 0.0, 0.0, 10.0)
    clock.jumped(-20.0, 10.0)
    assert (clock.kind, clock.offset) == (OWN, -20.0)
    heard(clock, -20.0, 10.0, 4.0)
    clock.probe(Probe(14.0, -20.0, 6e-5), 14.0)
    assert (clock.kind, clock.offset) == (LSL, -20.0)


def test_a_source_whose_machine_slept_has_jumped():
    clock = SourceClock(Probe(0.0, 0.0, 6e-5), regular=True)
    heard(clock, 0.0, 0.0, 4.0)
    assert clock.probe(Probe(26.0, 20.0, 6e-5), 26.0) == -20.0
    assert (clock.offset, clock.kind, clock.settling) == (20.0, LSL, True)


@pytest.mark.parametrize(("burst", "expected"), [(1, 0.0), (8, 0.004)])
def test_regularity_is_the_median_deviation_of_intervals(burst, expected):
    regularity = Regularity(250.0)
    times = np.repeat(np.arange(0, 2000, burst) / 250, burst)
    for start in range(0, len(times), 20):
        regularity.add(times[start : start + 20])
    assert regularity.deviation == pytest.approx(expected, abs=1e-9)


def test_the_regularity_of_a_few_stamps_is_not_known():
    regularity = Regularity(4.0)
    regularity.add(np.arange(4) / 4)
    assert regularity.deviation is None
