"""A counter channel: what is missing is exact, whatever the stamps say."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.session.settings_file import parse_session
from pipeline.streams.segments import Piece, Pulled, Segmenter

SFREQ = 250.0
EPOCH_MS = 1_800_000_000_000


def split(counts: np.ndarray, times: np.ndarray, *, size: int = 10) -> tuple[Segmenter, list[Piece]]:
    """Feed samples whose second channel counts."""
    segmenter = Segmenter(SFREQ, counter=1)
    data = np.column_stack([np.zeros(len(counts)), counts]).astype(np.float32)
    pieces = [
        piece
        for start in range(0, len(times), size)
        for piece in segmenter.split(
            Pulled(
                times[start : start + size], data[start : start + size], (), float(times[: start + size][-1]) + 0.01
            ),
            offset=0.0,
            epoch_ms=EPOCH_MS,
        )
    ]
    return segmenter, pieces


def regular(n: int) -> np.ndarray:
    return 100 + np.arange(n) / SFREQ


def gaps(pieces: list[Piece]) -> list[int]:
    return [piece.beginning.missing for piece in pieces[1:] if piece.beginning]


@pytest.mark.parametrize("missing", [1, 7, 150])
def test_missing_samples_are_found_where_the_stamps_look_regular(missing):
    counts = np.delete(np.arange(2000), slice(1003, 1003 + missing))
    segmenter, pieces = split(counts, regular(len(counts)))
    (begun,) = [piece for piece in pieces[1:] if piece.beginning]
    assert (begun.beginning.reason, begun.beginning.missing, begun.beginning.counted) == ("gap", missing, True)
    assert begun.chunk.data[0, 1] == 1003 + missing
    assert (segmenter.lost, segmenter.gaps) == (missing, 1)


def test_late_stamps_are_no_gap_where_the_counter_goes_on():
    times = regular(3000)
    times[2000:] += 0.05  # twelve samples, of a stream that has been stamped exactly so far
    assert gaps(split(np.arange(3000), times)[1]) == []


def test_a_clock_that_jumps_is_one_whatever_the_counter_says():
    times = regular(3000)
    times[2000:] -= 0.3
    _, pieces = split(np.arange(3000), times)
    assert [piece.beginning.reason for piece in pieces if piece.beginning] == ["open", "clock jump"]


@pytest.mark.parametrize("period", [256, 65_536, 201])
@pytest.mark.parametrize("begin", [0, 1])
def test_a_counter_that_wraps_loses_nothing(period, begin):
    counts = begin + (np.arange(4000) + period - 1000) % period
    assert gaps(split(counts, regular(len(counts)))[1]) == []


@pytest.mark.parametrize("missing", [1, 5, 100, 255, 256, 257, 1000])
def test_what_is_missing_is_exact_over_a_wrap(missing):
    kept = np.delete(np.arange(6000), slice(2040, 2040 + missing))
    segmenter, pieces = split(kept % 256, regular(6000)[kept])
    assert gaps(pieces) == [missing]
    assert segmenter.lost == missing


def test_samples_missing_at_the_first_wrap_are_counted():
    kept = np.delete(np.arange(2000), slice(254, 258))
    assert gaps(split(kept % 256, regular(2000)[kept])[1]) == [4]


def test_a_counter_that_begins_anew_begins_a_segment():
    counts = np.concatenate([np.arange(1000), np.arange(500)])
    times = regular(1500)
    times[1000:] += 3.0
    segmenter, pieces = split(counts, times)
    (begun,) = [piece.beginning for piece in pieces[1:] if piece.beginning]
    assert (begun.reason, begun.restarted, begun.missing) == ("gap", True, 750)
    assert segmenter.lost == 750


def test_the_counts_of_a_stream_that_was_opened_anew_are_not_compared_with_those_before():
    """It may be another device, or the same one that was restarted."""
    segmenter = Segmenter(SFREQ, counter=0)
    times = regular(1000)
    for stretch, first in ((slice(0, 500), 0), (slice(750, 1000), 90_000)):
        data = (first + np.arange(len(times[stretch]), dtype=np.float64))[:, None]
        segmenter.reopen()
        segmenter.split(Pulled(times[stretch], data, (), times[stretch][-1] + 0.01), offset=0.0, epoch_ms=EPOCH_MS)
    assert (segmenter.lost, segmenter.gaps) == (250, 1)


@pytest.mark.parametrize("counts", [np.arange(3000) // 2, np.full(3000, np.nan), np.zeros(3000), 7 * np.arange(3000)])
def test_a_channel_that_does_not_count_samples_is_not_believed(counts):
    assert gaps(split(counts, regular(3000))[1]) == []


def test_one_sample_in_twenty_missing_is_counted_to_the_last():
    kept = np.flatnonzero(np.random.default_rng(5).random(20_000) >= 0.05)
    segmenter, pieces = split(kept % 256, regular(len(kept)))  # stamped as if nothing were missing
    proven = kept[pieces[0].chunk.last + 1 :]
    assert segmenter.lost >= 0.99 * (proven[-1] - proven[0] + 1 - len(proven))
    assert segmenter.lost <= kept[-1] - kept[0] + 1 - len(kept)


@settings(deadline=None)
@given(
    holes=st.lists(st.integers(20, 1900), max_size=6, unique=True),
    cuts=st.lists(st.integers(1, 1800), max_size=12),
)
def test_cutting_the_input_otherwise_moves_no_border(holes, cuts):
    kept = np.delete(np.arange(2000), holes)
    data, times = (kept % 256).astype(np.float32)[:, None], regular(len(kept))
    arrival = float(times[-1]) + 1

    def cut(edges: list[int]) -> list[tuple[int, int]]:
        segmenter = Segmenter(SFREQ, counter=0)
        return [
            (piece.chunk.segment, index)
            for start, stop in pairwise(edges)
            for piece in segmenter.split(
                Pulled(times[start:stop], data[start:stop], (), arrival), offset=0.0, epoch_ms=EPOCH_MS
            )
            for index in range(piece.chunk.first, piece.chunk.last + 1)
        ]

    assert cut(sorted({0, *cuts, len(kept)})) == cut([0, len(kept)])


@pytest.mark.parametrize("label", ["counter", "Counter", "Sample Number", "sample_index", "SampleCounter"])
def test_a_counter_is_known_by_its_label_and_not_processed(label):
    (stream,) = streams_of({"eeg": {"match": {"type": "EEG"}, "use": "EEG"}})
    assert stream.counter_in((label, "Fz", "Cz")) == 0
    assert stream.pick((label, "Fz", "Cz")) == ([1, 2], ["Fz", "Cz"])


def test_the_session_file_may_name_the_counter():
    (stream,) = streams_of({"eeg": {"match": {"type": "EEG"}, "use": "EEG", "counter": "CNT"}})
    assert stream.counter_in(("Fz", "CNT")) == 1
    assert stream.pick(("Fz", "CNT")) == ([0], ["Fz"])


def test_a_counter_that_is_asked_for_is_given():
    (stream,) = streams_of({"eeg": {"match": {"type": "EEG"}, "use": "EEG", "channels": ["counter", "Fz"]}})
    assert stream.pick(("counter", "Fz"))[1] == ["counter", "Fz"]


def streams_of(streams: dict) -> list:
    settings = parse_session(
        {"session": "s", "participants": {"P001": {"consent": "ICF-v3", "streams": streams}}}, "test"
    )
    return list(settings.participants["P001"].streams.values())
