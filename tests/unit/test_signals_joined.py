"""Chunks that are processed together, and those that need not be looked at yet."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.modalities import MODALITIES, Modality
from pipeline.records import Chunk, FeatureWindow
from pipeline.signals.joined import joined
from pipeline.signals.offline import Recorded
from pipeline.signals.participant import ParticipantProcessor
from tests.signals_samples import assert_same, cut, recording

SECONDS = 14.0


def broken(modality: Modality) -> Recorded:
    """Return a stream with a gap in the middle."""
    stream = recording(modality, SECONDS, jitter_s=0.004)
    gap = len(stream.times) // 2
    times = stream.times.copy()
    times[gap:] += 0.7
    return stream._replace(times=times, breaks=(gap,))


def processor_of(stream: Recorded) -> ParticipantProcessor:
    return ParticipantProcessor({"x": (stream.info, stream.settings)}, hop_s=0.25)


def pieces(chunks: list[Chunk], counts: list[int]) -> list[list[Chunk]]:
    """Return the chunks in groups of so many."""
    ends = [0, *(int(end) for end in np.cumsum(counts) if end < len(chunks)), len(chunks)]
    return [chunks[start:stop] for start, stop in pairwise(ends)]


@given(
    modality=st.sampled_from(MODALITIES),
    sizes=st.lists(st.integers(1, 40), max_size=60),
    counts=st.lists(st.integers(1, 12), max_size=40),
    offsets=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.25]), min_size=100, max_size=100),
)
@settings(max_examples=40, deadline=None)
def test_windows_and_arrivals_do_not_tell_that_chunks_were_joined(modality, sizes, counts, offsets):
    stream = broken(modality)
    chunks = [
        replace(chunk, times=chunk.times - offset, offset=offset)
        for chunk, offset in zip(cut(stream, sizes), offsets, strict=False)
    ]
    single, together = processor_of(stream), processor_of(stream)
    expected = [window for chunk in chunks for window in single.process("x", chunk)]
    found: list[FeatureWindow] = []
    for group in pieces(chunks, counts):
        for run in joined(group):
            found += together.process("x", run.chunk, run.arrivals)
    assert_same(found, expected)
    assert [window.arrival for window in found] == [window.arrival for window in expected]


def test_what_does_not_follow_is_not_joined():
    chunks = cut(broken("EEG"), [100] * 30)
    chunks[3] = replace(chunks[3], offset=1.0)
    del chunks[6]
    runs = list(joined(chunks))
    assert [run.newest for run in runs] == [chunks[2], chunks[3], chunks[5], chunks[7], chunks[-1]]
    assert sum(len(run.chunk.times) for run in runs) == sum(len(chunk.times) for chunk in chunks)
    assert all(len(run.arrivals) == len(run.chunk.times) for run in runs)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("stamps", ["dejitter", "as-is", "regular"])
def test_no_sample_before_the_needed_one_completes_a_window(modality, stamps):
    """A worker may leave them unread; of steady stamps hardly more than the needed one are read."""
    stream = recording(modality, SECONDS, jitter_s=0.001, stamps=stamps)
    processor = processor_of(stream)
    spare = []
    for chunk in cut(stream, [1] * len(stream.times)):
        segment, index = processor.needed("x") if processor.grid is not None else (chunk.segment, chunk.first)
        assert segment == chunk.segment
        if processor.process("x", chunk):
            assert index <= chunk.first
            spare.append(chunk.first - index)
    assert len(spare) > 10
    assert max(spare[5:]) <= 3


def test_the_clock_decides_when_a_window_is_late_or_its_stream_is_lost():
    stream = recording("GSR", SECONDS)
    processor = processor_of(stream)
    assert processor.decides_at == np.inf
    for chunk in cut(stream, [4] * 14):
        processor.process("x", chunk)
    for _ in range(20):
        at = processor.decides_at
        assert processor.advance(np.nextafter(at, 0)) == []
        assert processor.advance(np.nextafter(at + 1e-9, np.inf)) != []
