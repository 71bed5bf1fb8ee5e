"""Cutting the input into other chunks changes nothing, bit for bit."""

import copy
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.errors import BadInput
from pipeline.modalities import EEG_CHANNELS, MODALITIES, Modality
from pipeline.records import Chunk, FeatureWindow
from pipeline.signals.extractor import ModalityExtractor
from pipeline.signals.offline import Recorded, extract
from pipeline.signals.participant import ParticipantProcessor
from pipeline.signals.source import Source
from tests.signals_samples import (
    CHANNELS,
    START,
    assert_same,
    by_modality,
    cut,
    present,
    recording,
    samples,
    stream_info,
    stream_settings,
    streams_of,
)

SECONDS = 14.0
SIZES = st.lists(st.integers(1, 400), min_size=0, max_size=60)
MODALITY = st.sampled_from(MODALITIES)


def spoiled(stream: Recorded) -> Recorded:
    """Return the stream with a gap, missing numbers and a railed stretch."""
    n_times = len(stream.times)
    data = stream.data.copy()
    data[n_times // 3 : n_times // 3 + 5, 0] = np.nan
    data[n_times // 2 : n_times // 2 + n_times // 20, -1] = 1e4
    gap = 2 * n_times // 3
    times = stream.times.copy()
    times[gap:] += 0.7
    return stream._replace(data=data, times=times, breaks=(gap,))


def read_only(stream: Recorded) -> Recorded:
    """Return the stream; who writes to it fails."""
    stream.times.flags.writeable = stream.data.flags.writeable = False
    return stream


#: Every modality, each begun at another time, with a gap, missing numbers and a railed stretch.
STREAMS = {
    name: read_only(spoiled(recording(name, 24, start=START + 0.4 * number, jitter_s=0.002)))
    for number, name in enumerate(MODALITIES)
}


@cache
def undivided() -> dict[str, list[FeatureWindow]]:
    """Return the windows of `STREAMS`, read as a whole."""
    return by_modality(extract(STREAMS, hop_s=0.25))


def windows_of(stream: Recorded, chunks: list[Chunk]) -> list[FeatureWindow]:
    processor = ParticipantProcessor({"x": (stream.info, stream.settings)}, hop_s=0.25)
    made = [window for chunk in chunks for window in processor.process("x", chunk)]
    return made + processor.finish()


@given(modality=MODALITY, sizes=SIZES, stamps=st.sampled_from(["dejitter", "as-is", "regular"]))
@settings(max_examples=60, deadline=None)
def test_windows_do_not_depend_on_the_chunks(modality: Modality, sizes: list[int], stamps: str) -> None:
    stream = spoiled(recording(modality, SECONDS, jitter_s=0.004, stamps=stamps))
    whole = windows_of(stream, cut(stream, []))
    assert len(whole) > 10
    assert_same(windows_of(stream, cut(stream, sizes)), whole)


@given(modality=MODALITY, sizes=SIZES)
@settings(max_examples=40, deadline=None)
def test_the_causal_part_does_not_depend_on_the_chunks(modality: Modality, sizes: list[int]) -> None:
    stream = recording(modality, 8)
    source = Source(stream.info, stream.settings, EEG_CHANNELS)
    whole = source.processor.process(source.samples(cut(stream, [])[0]))
    source.processor.reset()
    pieces = [source.processor.process(source.samples(chunk)) for chunk in cut(stream, sizes)]
    assert np.concatenate([piece.data for piece in pieces]).tobytes() == whole.data.tobytes()
    assert np.concatenate([piece.ok for piece in pieces]).tobytes() == whole.ok.tobytes()


def arriving(stream: Recorded, longest_s: float, rng: np.random.Generator) -> list[tuple[float, Chunk]]:
    """Return the stream in chunks of any length, some of them empty, each with when it arrives: at once, or late."""
    longest = max(1.0, longest_s * stream.info.sfreq)
    found: list[tuple[float, Chunk]] = []
    now = 0.0
    for chunk in cut(stream, rng.integers(1, longest, len(stream.times), endpoint=True)):
        if rng.random() < 0.2:
            found.append((now, replace(chunk, times=chunk.times[:0], data=chunk.data[:0])))
        now = max(now, float(chunk.times[-1]) + rng.uniform(0, 0.5))
        found.append((now, chunk))
    return found


@given(seed=st.integers(0, 2**32 - 1), longest_s=st.sampled_from([0.0, 0.04, 0.3, 1.0, 4.0]))
@settings(max_examples=15, deadline=None)
def test_windows_do_not_depend_on_how_streams_are_cut_and_interleave(seed: int, longest_s: float) -> None:
    """Of all modalities at once, with gaps and missing numbers; no input is written to, empty chunks do no harm."""
    rng = np.random.default_rng(seed)
    expected = undivided()
    chunks = [(at, name, one) for name, stream in STREAMS.items() for at, one in arriving(stream, longest_s, rng)]
    processor = ParticipantProcessor(streams_of(STREAMS), hop_s=0.25)
    windows = [w for _, name, chunk in sorted(chunks, key=lambda one: one[0]) for w in processor.process(name, chunk)]
    found = by_modality(windows + processor.finish())
    assert found.keys() == expected.keys() == set(MODALITIES)
    for modality, made in found.items():
        assert sum(present(window) for window in made) > 10
        assert_same(made, expected[modality])


def test_an_early_gap_costs_a_recording_no_window_that_was_there_live() -> None:
    """A recording is fed in long pieces; the tick grid must be known before a gap."""
    eeg = recording("EEG", 20)
    breaks = tuple(round(at * 128) for at in (4, 5))
    streams = {"eeg": eeg._replace(breaks=breaks), "face": recording("Face", 20)}
    live = ParticipantProcessor(streams_of(streams), hop_s=0.25)
    chunks = [(chunk.arrival, name, chunk) for name, one in streams.items() for chunk in cut(one, [6] * 500)]
    windows = [w for _, name, chunk in sorted(chunks, key=lambda one: one[:2]) for w in live.process(name, chunk)]
    expected = by_modality(windows + live.finish())
    assert present(expected["EEG"][0])
    assert_same(by_modality(extract(streams, hop_s=0.25))["EEG"], expected["EEG"])


@pytest.mark.parametrize("modality", MODALITIES)
def test_inputs_are_not_written_to(modality: Modality) -> None:
    stream = read_only(spoiled(recording(modality, SECONDS)))
    times, data = stream.times.copy(), stream.data.copy()
    windows_of(stream, cut(stream, [7] * 50))
    assert stream.times.tobytes() == times.tobytes()
    assert stream.data.tobytes() == data.tobytes()


@pytest.mark.parametrize("modality", MODALITIES)
def test_empty_chunks_do_no_harm(modality: Modality) -> None:
    stream = recording(modality, SECONDS)
    chunks = cut(stream, [50])
    first = chunks[0]
    empty = Chunk(1, 0, np.empty(0), 0.0, np.empty((0, len(CHANNELS[modality])), np.float32), 0.0)
    between = Chunk(1, first.last + 1, np.empty(0), 0.0, empty.data, first.arrival)
    with_empty = [empty, first, between, *chunks[1:]]
    assert_same(windows_of(stream, with_empty), windows_of(stream, chunks))


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_future_does_not_change_the_past(modality: Modality) -> None:
    stream = recording(modality, SECONDS)
    half = len(stream.times) * 3 // 4
    other = stream.data.copy()
    other[half:] = samples(modality, SECONDS, seed=9)[half:]
    changed = stream._replace(data=other)
    until = stream.times[half] - 0.01
    before = [window for window in windows_of(stream, cut(stream, [])) if window.end < until]
    assert before
    assert_same([window for window in windows_of(changed, cut(changed, [])) if window.end < until], before)


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_saved_state_goes_on_where_it_was(modality: Modality) -> None:
    stream = spoiled(recording(modality, SECONDS, jitter_s=0.002))
    chunks = cut(stream, [20] * 200)
    expected = windows_of(stream, chunks)
    streams = {"x": (stream.info, stream.settings)}
    first = ParticipantProcessor(streams, hop_s=0.25)
    windows = [window for chunk in chunks[: len(chunks) // 2] for window in first.process("x", chunk)]
    saved = first.state
    kept = copy.deepcopy(saved)
    for chunk in chunks[len(chunks) // 2 :]:
        first.process("x", chunk)
    second = ParticipantProcessor(streams, hop_s=0.25)
    second.state = saved
    windows += [window for chunk in chunks[len(chunks) // 2 :] for window in second.process("x", chunk)]
    assert_same(windows + second.finish(), expected)
    assert saved.extractors["x"].tick == kept.extractors["x"].tick
    assert saved.extractors["x"].expected == kept.extractors["x"].expected


def test_a_chunk_that_comes_twice_is_refused() -> None:
    extractor = ModalityExtractor(stream_info("GSR"), stream_settings("GSR"), eeg_channels=EEG_CHANNELS, hop_s=1.0)
    chunks = cut(recording("GSR", 10), [10, 10])
    extractor.process(chunks[0], None)
    with pytest.raises(ValueError, match="after 1-10"):
        extractor.process(chunks[0], None)


def test_a_stream_that_comes_back_as_another_one_goes_on_with_ticks_and_past() -> None:
    first, second = recording("EEG", 10), recording("EEG", 10, start=1012.0, seed=3)
    names = ("counter", *EEG_CHANNELS)
    data = np.concatenate([np.zeros((len(second.data), 1), np.float32), second.data], axis=1)
    other = second._replace(info=stream_info("EEG", ch_names=names), data=data)
    processor = ParticipantProcessor({"x": (first.info, first.settings)}, hop_s=0.25)
    alike = ParticipantProcessor({"x": (first.info, first.settings)}, hop_s=0.25)
    windows = [window for chunk in cut(first, [100] * 20) for window in processor.process("x", chunk)]
    expected = [window for chunk in cut(first, [100] * 20) for window in alike.process("x", chunk)]
    processor.open("x", other.info)
    for chunk, same in zip(cut(other, [100] * 20), cut(second, [100] * 20), strict=True):
        windows += processor.process("x", replace(chunk, segment=5000))
        expected += alike.process("x", replace(same, segment=5000))
    assert [window.tick for window in windows] == list(range(len(windows)))
    later = [window.tick for window in expected if window.segment == 5000]
    assert len(later) > 10
    assert_same(windows[later[0] :], expected[later[0] :])


def test_a_stream_that_is_wrong_when_it_comes_back_leaves_everything_as_it_was() -> None:
    stream = recording("GSR", 20)
    processor = ParticipantProcessor({"x": (stream.info, stream.settings)}, hop_s=0.25)
    chunks = cut(stream, [4] * 30)
    windows = [window for chunk in chunks[:10] for window in processor.process("x", chunk)]
    with pytest.raises(BadInput, match=r"streams\.x\.channels: GSR takes 1, the stream has 2"):
        processor.open("x", stream_info("GSR", ch_names=("left", "right")))
    windows += [window for chunk in chunks[10:] for window in processor.process("x", chunk)]
    assert_same(windows + processor.finish(), windows_of(stream, chunks))
