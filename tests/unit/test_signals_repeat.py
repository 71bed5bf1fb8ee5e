"""What the clock decided live is decided again from the record, so that the same windows come out, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.records import FeatureWindow
from pipeline.signals import closing
from pipeline.signals.closing import closed_by_the_clock
from pipeline.signals.extractor import ModalityExtractor
from pipeline.signals.offline import Closing, Recorded, pieces, repeat
from pipeline.signals.participant import ParticipantProcessor
from tests.recordings import arriving, live
from tests.signals_samples import START, assert_same, by_modality, recording, streams_of

SECONDS = 20.0


def again(stream: Recorded, windows: list[FeatureWindow], processor: ParticipantProcessor) -> list[FeatureWindow]:
    """Repeat a stream by what its windows say."""
    extractor = ModalityExtractor(stream.info, stream.settings, eeg_channels=EEG_CHANNELS, hop_s=0.25)
    closings = [Closing(w.tick, w.segment, w.last, why) for w in windows if (why := closed_by_the_clock(w.reasons))]
    assert processor.grid is not None
    made = repeat(extractor, pieces(stream), closings, processor.grid)
    return [window for window in made if window.tick <= windows[-1].tick]


@given(
    modalities=st.sets(st.sampled_from(["EEG", "GSR", "PPG", "Face", "Motion"]), min_size=1, max_size=2),
    pauses=st.lists(st.tuples(st.floats(5, 18), st.floats(0.3, 6)), max_size=3),
    jitter_s=st.sampled_from([0.0, 0.004, 0.02]),
    gap=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_late_ticks_come_out_as_they_were(
    modalities: set[Modality], pauses: list[tuple[float, float]], jitter_s: float, gap: bool
) -> None:
    """Nothing arrives during a pause, and then everything at once."""

    def arrives(_: str, time: float) -> float:
        for start, length in pauses:
            if START + start <= time < START + start + length:
                time = START + start + length
        return time + 0.02

    recorded = {name: recording(name, SECONDS, jitter_s=jitter_s) for name in sorted(modalities)}
    if gap:
        for name, stream in recorded.items():
            row = len(stream.times) // 2
            times = stream.times.copy()
            times[row:] += 1.3
            recorded[name] = stream._replace(times=times, breaks=(row,))
    processor = ParticipantProcessor(streams_of(recorded), hop_s=0.25)
    windows = by_modality(live(processor, arriving(recorded, arrives)))
    for name, stream in recorded.items():
        assert len(windows[name]) > 10
        assert_same(again(stream, windows[name], processor), windows[name])


def test_a_tick_closed_late_lacks_the_samples_that_came_afterwards() -> None:
    stream = recording("GSR", SECONDS)
    processor = ParticipantProcessor(streams_of({"GSR": stream}), hop_s=0.25)
    arrivals = arriving({"GSR": stream}, lambda _, time: START + 14 if START + 12 < time < START + 14 else time)
    late = [window for window in live(processor, arrivals) if closed_by_the_clock(window.reasons)]
    assert late
    assert {w.last for w in late} == {int(np.searchsorted(stream.times, START + 12, side="right")) - 1}


@pytest.mark.parametrize(
    "sentence",
    [closing.NOT_FOUND, closing.NO_SAMPLES, closing.late(0.74), closing.silent(3.2), closing.ahead(5.0)],
)
def test_what_the_clock_says_is_read_back(sentence: str) -> None:
    assert closed_by_the_clock((sentence, "filter settling")) == sentence


@pytest.mark.parametrize("reasons", [(), (closing.GAP,), (closing.ENDED,), ("no face in 20% of the window",)])
def test_what_the_samples_say_is_not_taken_for_the_clock(reasons: tuple[str, ...]) -> None:
    assert closed_by_the_clock(reasons) == ""
