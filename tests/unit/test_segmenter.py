"""Segments: what is a gap, what is only jitter, and what is a clock that jumped."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.streams.segments import Piece, Pulled, Segmenter

EPOCH_MS = 1_800_000_000_000


def pulled(times: np.ndarray, arrival: float | None = None) -> Pulled:
    """Return samples that count up from 0, arrived with the last of them."""
    data = np.arange(len(times), dtype=np.float32)[:, None]
    return Pulled(times, data, (), float(times[-1]) if arrival is None else arrival)


def pieces_of(segmenter: Segmenter, times: np.ndarray, size: int = 12) -> list[Piece]:
    """Feed stamps in chunks, as they come from a device."""
    return [
        piece
        for start in range(0, len(times), size)
        for piece in segmenter.split(pulled(times[start : start + size]), offset=0.0, epoch_ms=EPOCH_MS)
    ]


def regular(n: int, sfreq: float) -> np.ndarray:
    return 100 + np.arange(n) / sfreq


def test_an_undisturbed_stream_is_one_segment_with_contiguous_indices():
    segmenter = Segmenter(300.0)
    pieces = pieces_of(segmenter, regular(3000, 300))
    assert [piece.beginning.reason for piece in pieces if piece.beginning] == ["open"]
    assert pieces[0].chunk.segment == EPOCH_MS
    assert all(before.chunk.last + 1 == after.chunk.first for before, after in pairwise(pieces))
    assert (segmenter.samples, segmenter.lost, segmenter.gaps) == (3000, 0, 0)


@pytest.mark.parametrize("sfreq", [4.0, 64.0, 300.0, 1000.0])
@pytest.mark.parametrize("missing", [1, 7, 150])
def test_missing_samples_of_a_well_stamped_stream_are_found_and_counted(sfreq, missing):
    at = round(30 * sfreq)
    kept = np.delete(regular(2 * at + missing, sfreq), slice(at, at + missing))
    segmenter = Segmenter(sfreq)
    begun = [piece for piece in pieces_of(segmenter, kept) if piece.beginning]
    assert [piece.beginning.reason for piece in begun] == ["open", "gap"]
    assert begun[1].beginning.missing == missing
    assert begun[1].chunk.first == 0
    assert begun[1].chunk.times[0] == kept[at]
    assert begun[1].chunk.segment > begun[0].chunk.segment
    assert (segmenter.lost, segmenter.gaps) == (missing, 1)


def test_a_long_gap_at_the_very_beginning_is_found_too():
    segmenter = Segmenter(300.0)
    pieces_of(segmenter, np.delete(regular(600, 300), slice(20, 170)))
    assert (segmenter.lost, segmenter.gaps) == (150, 1)


@pytest.mark.parametrize("sfreq", [4.0, 32.0, 300.0])
@pytest.mark.parametrize("jitter", [0.0005, 0.005, 0.02])
def test_jitter_is_not_a_gap(sfreq, jitter):
    noise = np.random.default_rng(3).uniform(-jitter, jitter, round(60 * sfreq))
    segmenter = Segmenter(sfreq)
    pieces_of(segmenter, regular(len(noise), sfreq) + noise)
    assert (segmenter.lost, segmenter.gaps) == (0, 0)


@pytest.mark.parametrize("burst", [8, 64, 256])
def test_a_stream_that_is_stamped_in_bursts_is_not_torn_apart(burst):
    times = regular(256 * 40, 256).reshape(-1, burst)
    segmenter = Segmenter(256.0)
    pieces_of(segmenter, np.repeat(times[:, -1], burst), size=burst)
    assert (segmenter.lost, segmenter.gaps) == (0, 0)


def test_a_clock_that_goes_back_begins_a_segment_and_loses_nothing():
    times = np.concatenate([regular(3000, 300), regular(3000, 300) - 50])
    segmenter = Segmenter(300.0)
    reasons = [piece.beginning.reason for piece in pieces_of(segmenter, times) if piece.beginning]
    assert reasons == ["open", "clock jump"]
    assert (segmenter.lost, segmenter.gaps) == (0, 1)


def test_a_clock_that_leaps_ahead_while_samples_flow_on_is_a_jump_not_a_loss():
    segmenter = Segmenter(300.0)
    segmenter.split(pulled(regular(12, 300), arrival=5.00), offset=0.0, epoch_ms=EPOCH_MS)
    after = segmenter.split(pulled(regular(12, 300) + 700_000, arrival=5.04), offset=0.0, epoch_ms=EPOCH_MS)
    assert [piece.beginning.reason for piece in after] == ["clock jump"]
    assert segmenter.lost == 0


def test_a_real_outage_of_the_same_length_is_a_loss():
    segmenter = Segmenter(300.0)
    segmenter.split(pulled(regular(12, 300), arrival=5.00), offset=0.0, epoch_ms=EPOCH_MS)
    after = segmenter.split(pulled(regular(12, 300) + 60, arrival=65.0), offset=0.0, epoch_ms=EPOCH_MS)
    assert [piece.beginning.reason for piece in after] == ["gap"]
    assert segmenter.lost == 60 * 300 - 12


def test_a_stream_that_may_drop_samples_loses_none_and_breaks_only_at_a_silence():
    times = np.delete(regular(30 * 30, 30), [50, 51, 52, 200, 201])
    times[500:] += 3.0
    segmenter = Segmenter(30.0, can_drop=True)
    reasons = [piece.beginning.reason for piece in pieces_of(segmenter, times) if piece.beginning]
    assert reasons == ["open", "gap"]
    assert (segmenter.lost, segmenter.gaps) == (None, 1)


def test_an_irregular_stream_has_no_gaps_and_keeps_its_strings():
    times = np.array([10.0, 400.0, 399.5, 4000.0])
    texts = (("start 1",), ("end 1",), ("note",), ("start 2",))
    segmenter = Segmenter(0.0)
    pieces = segmenter.split(Pulled(times, np.empty((4, 0), np.float32), texts, 4000.1), offset=0.0, epoch_ms=EPOCH_MS)
    assert [piece.chunk.strings for piece in pieces] == [texts]
    assert (segmenter.lost, segmenter.gaps) == (None, 0)


def test_a_reopened_stream_begins_a_segment_and_counts_what_was_missed():
    segmenter = Segmenter(300.0)
    times = regular(1500, 300)
    pieces_of(segmenter, times[:600])
    segmenter.reopen()
    first = pieces_of(segmenter, times[900:])[0]
    assert (first.beginning.reason, first.chunk.first) == ("gap", 0)
    segmenter.reopen()
    assert pieces_of(segmenter, times[-1:] + 1 / 300)[0].beginning.reason == "open"
    assert (segmenter.lost, segmenter.gaps) == (300, 2)


def test_over_a_restart_segments_rise_and_what_is_missing_counts():
    """Even if the wall clock went back."""
    times = regular(1200, 300)
    before = pieces_of(Segmenter(300.0), times[:300])[-1].chunk
    segmenter = Segmenter(300.0, newest=msgspec.structs.replace(before, segment=EPOCH_MS + 5))
    segmenter.samples = 300
    piece = segmenter.split(pulled(times[900:]), offset=0.025, epoch_ms=EPOCH_MS)[0]
    assert piece.chunk.segment == EPOCH_MS + 6
    assert piece.chunk.first == 0
    assert piece.chunk.offset == 0.025
    assert piece.beginning.reason == "gap"
    assert (segmenter.samples, segmenter.lost, segmenter.gaps) == (600, 600, 1)


def flowing(segmenter: Segmenter, times: np.ndarray, sfreq: float, late: float = 0.02) -> list[Piece]:
    """Feed stamps that were made while samples flowed on, a tenth of a second in a pull."""
    size = max(1, round(sfreq / 10))
    return [
        piece
        for start in range(0, len(times), size)
        for piece in segmenter.split(
            pulled(times[start : start + size], 100 + (min(start + size, len(times)) - 1) / sfreq + late),
            offset=0.0,
            epoch_ms=EPOCH_MS,
        )
    ]


@pytest.mark.parametrize("sfreq", [32.0, 300.0])
@pytest.mark.parametrize("seconds", [20.0, 0.5, -0.3, -20.0])
@pytest.mark.parametrize("late", [0.001, 0.8])
def test_after_a_jump_time_goes_on_as_the_samples_do(sfreq, seconds, late):
    times = regular(round(20 * sfreq), sfreq)
    at = round(10 * sfreq) + 3  # within a pull
    segmenter = Segmenter(sfreq)
    pieces = flowing(segmenter, np.concatenate([times[:at], times[at:] + seconds]), sfreq, late)
    _, begun = [piece for piece in pieces if piece.beginning]
    assert begun.beginning.reason == "clock jump"
    assert begun.beginning.seconds == pytest.approx(seconds, abs=1e-6)
    assert begun.chunk.times[0] + begun.chunk.offset == pytest.approx(times[at], abs=1e-6)
    assert (segmenter.lost, segmenter.gaps) == (0, 1)


def test_a_webcams_clock_may_jump_too():
    times = regular(900, 30)
    segmenter = Segmenter(30.0, can_drop=True)
    pieces = flowing(segmenter, np.concatenate([times[:450], times[450:] + 0.5]), 30.0)
    assert [piece.beginning.reason for piece in pieces if piece.beginning] == ["open", "clock jump"]


def test_samples_missing_in_a_backlog_are_a_gap():
    """A reader that was stopped for 8 s finds all at once what came meanwhile."""
    kept = np.delete(regular(6000, 300), slice(3600, 3750))
    segmenter = Segmenter(300.0)
    flowing(segmenter, kept[:3000], 300.0)
    pieces = [
        piece
        for start in range(3000, 5400, 300)
        for piece in segmenter.split(pulled(kept[start : start + 300], 118.5), offset=0.0, epoch_ms=EPOCH_MS)
    ]
    assert [piece.beginning.reason for piece in pieces if piece.beginning] == ["gap"]
    assert segmenter.lost == 150


def test_a_stream_that_comes_back_with_another_clock_counts_what_is_missing_by_our_time():
    segmenter = Segmenter(300.0)
    pieces_of(segmenter, regular(600, 300))
    segmenter.reopen()
    after = segmenter.split(pulled(regular(30, 300) - 95, 107.0), offset=99.9, epoch_ms=EPOCH_MS)[0]
    assert after.beginning.reason == "clock jump"
    assert after.chunk.offset == 99.9
    assert segmenter.lost == round((104.9 - 102) * 300)


def test_a_source_whose_clock_was_found_to_have_jumped_begins_a_segment():
    segmenter = Segmenter(300.0)
    times = regular(1200, 300)
    pieces_of(segmenter, times[:600])
    segmenter.jump(-20.0)
    (piece,) = segmenter.split(pulled(times[600:660], 122.0), offset=20.0, epoch_ms=EPOCH_MS)
    assert (piece.beginning.reason, piece.beginning.seconds, piece.chunk.offset) == ("clock jump", -20.0, 20.0)
    assert segmenter.split(pulled(times[660:700], 122.1), offset=20.0, epoch_ms=EPOCH_MS)[0].beginning is None


@settings(deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(1, 1999), st.floats(-1.0, 3.0)), max_size=4, unique_by=lambda gap: gap[0]),
    cuts=st.lists(st.integers(1, 1999), max_size=12),
)
def test_cutting_the_input_otherwise_moves_no_border(gaps, cuts):
    times = regular(2000, 250)
    for at, shift in gaps:
        times[at:] += shift
    arrival = float(times.max()) + 10
    whole = Segmenter(250.0)
    parts = Segmenter(250.0)
    expected = whole.split(pulled(times, arrival), offset=0.0, epoch_ms=EPOCH_MS)
    found = [
        piece
        for start, stop in pairwise(sorted({0, *cuts, len(times)}))
        for piece in parts.split(pulled(times[start:stop], arrival), offset=0.0, epoch_ms=EPOCH_MS)
    ]

    def addresses(pieces: list[Piece]) -> list[tuple[int, int]]:
        return [(one.chunk.segment, index) for one in pieces for index in range(one.chunk.first, one.chunk.last + 1)]

    assert addresses(found) == addresses(expected)
    assert np.array_equal(np.concatenate([piece.chunk.times for piece in found]), times)
    if not any(piece.beginning.reason == "clock jump" for piece in [*found, *expected] if piece.beginning):
        assert [p.beginning for p in found if p.beginning] == [p.beginning for p in expected if p.beginning]
        assert (parts.samples, parts.lost, parts.gaps) == (whole.samples, whole.lost, whole.gaps)
