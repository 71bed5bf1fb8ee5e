"""What a pixel of a trace holds: the least and the most of its time, whatever the chunks; nothing where none was."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.signals.envelope import Envelope

WIDTH = 0.05
SFREQ = 128.0


def signal(seconds: float = 4.0, n_channels: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return times that jitter a little, and noise of which some is no number."""
    rng = np.random.default_rng(seed)
    n_times = round(seconds * SFREQ)
    times = 1000 + (np.arange(n_times) + rng.uniform(-0.4, 0.4, n_times)) / SFREQ
    data = rng.normal(size=(n_times, n_channels)).astype(np.float32)
    data[rng.random(data.shape) < 0.1] = np.nan
    data[100:140, 1] = np.inf
    return times, data


def cut(envelope: Envelope, times: np.ndarray, data: np.ndarray, edges: list[int], *, gap: bool = False) -> None:
    """Hand over a segment in chunks with these edges."""
    for number, (start, stop) in enumerate(pairwise([0, *edges, len(times)])):
        envelope.process(times[start:stop], data[start:stop], gap=gap and number == 0)


def plainly(times: np.ndarray, data: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return column -> least and most of each channel, by NumPy alone; the last one is not ready yet."""
    at = np.floor(times / WIDTH).astype(int)
    numbers = np.where(np.isfinite(data), data, np.nan)
    found = {}
    for column in np.unique(at)[:-1]:
        inside = numbers[at == column]
        known = np.isfinite(inside).any(axis=0)
        low, high = np.where(np.isfinite(inside), inside, np.inf), np.where(np.isfinite(inside), inside, -np.inf)
        found[int(column)] = tuple(np.where(known, side, np.nan) for side in (low.min(axis=0), high.max(axis=0)))
    return found


def test_each_pixel_holds_the_least_and_the_most_of_its_time():
    times, data = signal()
    envelope = Envelope(3, WIDTH, 60)
    cut(envelope, times, data, [])
    columns, expected = envelope.since(None), plainly(times, data)
    assert columns.at.tolist() == list(expected)
    assert np.array_equal(columns.low, [low for low, _ in expected.values()], equal_nan=True)
    assert np.array_equal(columns.high, [high for _, high in expected.values()], equal_nan=True)
    assert np.isnan(columns.low[:, 1]).any()


@given(st.lists(st.integers(0, 511), max_size=40))
def test_cutting_the_samples_otherwise_changes_nothing(edges: list[int]):
    times, data = signal()
    whole, pieces = Envelope(3, WIDTH, 60), Envelope(3, WIDTH, 60)
    cut(whole, times, data, [])
    cut(pieces, times, data, sorted(edges))
    for one, other in zip(vars(whole.since(None)).values(), vars(pieces.since(None)).values(), strict=True):
        assert np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f")


def test_a_gap_is_left_empty_and_no_line_leads_over_it():
    times, data = signal()
    envelope = Envelope(3, WIDTH, 60)
    cut(envelope, times[:200], data[:200], [64])
    cut(envelope, times[328:], data[328:], [30], gap=True)
    columns = envelope.since(None)
    (broken,) = np.flatnonzero(columns.breaks)
    assert columns.at[broken] == math.floor(times[328] / WIDTH)
    empty = set(range(math.floor(times[199] / WIDTH) + 1, math.floor(times[328] / WIDTH)))
    assert len(empty) >= 18
    assert not empty & set(columns.at.tolist())


@pytest.mark.parametrize("gap_s", [9, 11, 12, 1000])
def test_what_comes_back_after_longer_than_is_shown_is_shown(gap_s: int):
    times, data = signal()
    envelope = Envelope(3, WIDTH, 10)
    cut(envelope, times, data, [])
    cut(envelope, times + 4 + gap_s, data, [1, 2], gap=True)
    fresh = envelope.since(None)
    newest = list(plainly(times + 4 + gap_s, data))
    assert fresh.at[-len(newest) :].tolist() == newest
    assert (fresh.at[-1] - fresh.at[0]) * WIDTH <= 10 + 2 * WIDTH


def test_a_signal_slower_than_what_is_shown_is_no_fault():
    envelope = Envelope(1, WIDTH, 5)
    for second in range(0, 60, 10):
        envelope.process(np.array([float(second)]), np.zeros((1, 1), np.float32), gap=False)
    assert len(envelope.since(None).at) <= 1


def test_samples_on_both_sides_of_a_gap_within_one_pixel_are_not_joined():
    envelope = Envelope(1, 1.0, 60)
    envelope.process(np.array([10.1, 10.2]), np.array([[1], [2]], np.float32), gap=False)
    envelope.process(np.array([10.8, 11.5]), np.array([[7], [9]], np.float32), gap=True)
    columns = envelope.since(None)
    assert columns.at.tolist() == [10, 10]
    assert columns.breaks.tolist() == [False, True]
    assert columns.low.ravel().tolist() == [1, 7]
    assert columns.high.ravel().tolist() == [2, 7]


def test_only_what_is_new_is_returned_and_what_is_old_is_dropped():
    times, data = signal(seconds=30)
    envelope = Envelope(3, WIDTH, 10)
    cut(envelope, times, data, [1000, 2000])
    everything = envelope.since(None)
    assert (everything.at[-1] - everything.at[0]) * WIDTH == pytest.approx(10, abs=2 * WIDTH)
    new = envelope.since(envelope.made - 5)
    assert new.first == envelope.made - 5
    assert np.array_equal(new.at, everything.at[-5:])
    assert len(envelope.since(envelope.made).at) == 0
    assert envelope.since(0).first == everything.first


def test_a_clock_that_jumps_back_begins_the_picture_anew():
    times, data = signal()
    envelope = Envelope(3, WIDTH, 60)
    cut(envelope, times, data, [])
    cut(envelope, times - 500, data, [], gap=True)
    assert envelope.restarts == 1
    assert envelope.since(None).at.tolist() == list(plainly(times - 500, data))
