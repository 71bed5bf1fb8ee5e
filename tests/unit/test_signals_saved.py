"""A processor's state as bytes: one that was saved and loaded goes on as if nothing had happened, bit for bit."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Chunk, FeatureWindow
from pipeline.signals.participant import ParticipantProcessor
from pipeline.signals.saved import VERSION, decode_state, encode_state
from tests.signals_samples import assert_same, by_modality, cut, recording, streams_of

#: Of each modality, apart from one that is never found.
RECORDED = {
    name: recording(name, 14, start=1000 + delay, jitter_s=0.002, stamps=stamps)
    for name, delay, stamps in (
        ("EEG", 0.0, "dejitter"),
        ("GSR", 1.3, "regular"),
        ("PPG", 0.4, "dejitter"),
        ("Temperature", 0.1, "as-is"),
        ("Motion", 0.9, "dejitter"),
        ("Face", 2.1, "as-is"),
    )
}
RECORDED["EEG"] = RECORDED["EEG"]._replace(breaks=(1200,))
CHUNKS: list[tuple[str, Chunk]] = sorted(
    ((name, chunk) for name, stream in RECORDED.items() for chunk in cut(stream, [30] * 200)),
    key=lambda item: item[1].arrival,
)


def fresh() -> ParticipantProcessor:
    return ParticipantProcessor(streams_of(RECORDED), hop_s=0.25)


def process(processor: ParticipantProcessor, chunks: Sequence[tuple[str, Chunk]]) -> list[FeatureWindow]:
    """Return what the chunks give, with a look at the clock after each."""
    windows = []
    for stream, chunk in chunks:
        windows += processor.process(stream, chunk)
        windows += processor.advance(chunk.arrival)
    return windows


@pytest.fixture(scope="module")
def whole() -> dict[str, list[FeatureWindow]]:
    processor = fresh()
    return by_modality(process(processor, CHUNKS) + processor.finish())


@given(places=st.lists(st.integers(0, len(CHUNKS)), min_size=1, max_size=3).map(sorted))
@settings(max_examples=40, deadline=None)
def test_windows_do_not_depend_on_saving_and_loading(whole, places: list[int]) -> None:
    processor, windows, done = fresh(), [], 0
    for place in places:
        windows += process(processor, CHUNKS[done:place])
        saved = encode_state(processor.state)
        process(processor, CHUNKS[place : place + 20])  # what is saved does not change any more
        processor, done = fresh(), place
        processor.state = decode_state(saved)
        assert encode_state(processor.state) == saved
    found = by_modality(windows + process(processor, CHUNKS[done:]) + processor.finish())
    assert found.keys() == whole.keys()
    for modality, made in found.items():
        assert_same(made, whole[modality])
        assert [window.arrival for window in made] == [window.arrival for window in whole[modality]]


def test_a_stream_that_is_not_found_yet_is_saved_too() -> None:
    streams = {**streams_of(RECORDED), "GSR": (None, RECORDED["GSR"].settings)}
    processor = ParticipantProcessor(streams, hop_s=0.25)
    processor.begin(1005.0)
    processor.advance(1010.0)
    saved = decode_state(encode_state(processor.state))
    assert saved.absent == {"GSR": processor.state.absent["GSR"]}
    assert saved.grid is not None
    assert saved.grid.start == 1005.0


def test_only_samples_that_windows_need_are_saved() -> None:
    processor = fresh()
    process(processor, CHUNKS)
    state = processor.state
    rows = {name: extractor.buffer.stop - extractor.buffer.start for name, extractor in state.extractors.items()}
    saved = decode_state(encode_state(state))
    assert {name: len(extractor.buffer.times) for name, extractor in saved.extractors.items()} == rows
    assert len(encode_state(state)) < 100_000


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: bytes([VERSION + 1]) + data[1:],
        lambda data: data[: len(data) // 2],
        lambda data: data[:1] + b"\xc0",
    ],
)
def test_what_is_no_state_is_refused(spoil) -> None:
    processor = fresh()
    process(processor, CHUNKS[:50])
    with pytest.raises(ValueError, match="saved state"):
        decode_state(spoil(encode_state(processor.state)))


def test_a_loaded_state_can_be_written_to() -> None:
    processor = fresh()
    process(processor, CHUNKS[:100])
    buffer = decode_state(encode_state(processor.state)).extractors["EEG"].buffer
    assert all(array.flags.writeable for array in (buffer.data, buffer.times, buffer.status))
    assert buffer.status.dtype == np.uint8
