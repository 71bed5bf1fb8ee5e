"""Windows of the family ``dmer``: from any rate, causal, the same however the samples come, none over a gap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.modalities import Modality
from pipeline.records import Chunk, FeatureWindow
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.closing import closed_by_the_clock
from pipeline.signals.dmer.features import CHANNELS, FEATURES
from pipeline.signals.dmer.resampling import HALF, Resampler
from pipeline.signals.extractor import ModalityExtractor
from pipeline.signals.offline import Closing, Recorded, pieces, repeat
from pipeline.signals.participant import ParticipantProcessor
from pipeline.signals.saved import decode_state, encode_state
from tests.dmer_sensors import MODALITIES, info, signal
from tests.recordings import arriving, live
from tests.signals_samples import START, assert_same, cut, present

SECONDS = 14.0
#: Streams at the family's own rates, and at others.
STREAMS: list[tuple[Modality, float]] = [
    ("EEG", 300.0), ("EEG", 128.0), ("EEG", 250.0), ("EEG", 512.0), ("GSR", 4.0), ("GSR", 15.0), ("GSR", 32.0),
    ("PPG", 100.0), ("PPG", 64.0), ("PPG", 204.8), ("Face", 30.0),
]  # fmt: skip
STREAM = st.sampled_from(STREAMS)
SIZES = st.lists(st.integers(1, 400), max_size=60)


def recorded(modality: Modality, sfreq: float, seconds: float = SECONDS, *, seed: int = 0) -> Recorded:
    data = signal(modality, seconds, seed=seed, sfreq=sfreq)
    jitter = np.random.default_rng(seed + 1).uniform(-0.002, 0.002, len(data))
    stream = StreamSettings(match=Match(type=modality), use=modality)
    return Recorded(info("test", modality, sfreq=sfreq), stream, START + np.arange(len(data)) / sfreq + jitter, data)


def spoiled(stream: Recorded) -> Recorded:
    """Return the stream with a gap, missing numbers and a stretch far too large."""
    n_times = len(stream.times)
    data, times = stream.data.copy(), stream.times.copy()
    data[n_times // 3 : n_times // 3 + 5, 0] = np.nan
    if stream.info.use != "Face":
        data[n_times // 2 : n_times // 2 + n_times // 20, -1] = 1e4
    gap = 2 * n_times // 3
    times[gap:] += 0.7
    return stream._replace(data=data, times=times, breaks=(gap,))


def processor_of(stream: Recorded) -> ParticipantProcessor:
    streams = {"x": (stream.info, stream.settings)}
    return ParticipantProcessor(streams, hop_s=0.25, eeg_channels=CHANNELS, family="dmer")


def windows_of(stream: Recorded, chunks: list[Chunk]) -> list[FeatureWindow]:
    processor = processor_of(stream)
    return [window for chunk in chunks for window in processor.process("x", chunk)] + processor.finish()


@given(stream=STREAM, sizes=SIZES)
@settings(max_examples=60, deadline=None)
def test_windows_do_not_depend_on_the_chunks(stream: tuple[Modality, float], sizes: list[int]) -> None:
    one = spoiled(recorded(*stream))
    whole = windows_of(one, cut(one, []))
    assert sum(present(window) for window in whole) > 3
    assert_same(windows_of(one, cut(one, sizes)), whole)


@pytest.mark.parametrize("stream", STREAMS)
def test_the_future_does_not_change_the_past(stream: tuple[Modality, float]) -> None:
    one = recorded(*stream)
    middle = len(one.times) * 3 // 4
    other = one.data.copy()
    other[middle:] = signal(stream[0], SECONDS, seed=9, sfreq=stream[1])[middle:]
    changed, until = one._replace(data=other), one.times[middle] - 0.01
    before = [window for window in windows_of(one, cut(one, [])) if window.end < until]
    assert sum(present(window) for window in before) > 3
    assert_same([window for window in windows_of(changed, cut(changed, [])) if window.end < until], before)


@pytest.mark.parametrize("stream", STREAMS)
def test_no_window_reaches_over_a_gap(stream: tuple[Modality, float]) -> None:
    """What came before a gap does not matter after it, and a window that has samples of both has no features."""
    one = recorded(*stream, 24)
    middle = len(one.times) // 2
    times = one.times.copy()
    times[middle:] += 1.5
    one = one._replace(times=times, breaks=(middle,))
    other = one.data.copy()
    other[:middle] = signal(stream[0], 24, seed=9, sfreq=stream[1])[:middle]
    changed = one._replace(data=other)
    found, again = (windows_of(each, cut(each, [])) for each in (one, changed))
    window_s = FEATURES[stream[0]].window_s
    after = [(a, b) for a, b in zip(found, again, strict=True) if a.end - times[middle] > 0]
    early = [a for a, _ in after if a.end - times[middle] < window_s / 2 - 0.1]
    assert early
    assert not any(present(window) for window in early)
    kept = [(a, b) for a, b in after if present(a)]
    assert len(kept) > 8
    for a, b in kept:  # the relative half remembers the participant, over gaps too
        assert a.features[0].tobytes() == b.features[0].tobytes()


@pytest.mark.parametrize("stream", STREAMS)
def test_a_saved_state_goes_on_where_it_was(stream: tuple[Modality, float]) -> None:
    one = spoiled(recorded(*stream))
    chunks = cut(one, [20] * 400)
    first, second = processor_of(one), processor_of(one)
    windows = [window for chunk in chunks[: len(chunks) // 2] for window in first.process("x", chunk)]
    second.state = decode_state(encode_state(first.running_state))
    windows += [window for chunk in chunks[len(chunks) // 2 :] for window in second.process("x", chunk)]
    assert_same(windows + second.finish(), windows_of(one, cut(one, [])))


@pytest.mark.parametrize("stream", STREAMS)
def test_what_was_late_live_comes_out_offline_as_it_was(stream: tuple[Modality, float]) -> None:
    one = recorded(*stream, 20)

    def arrives(_: str, time: float) -> float:
        return START + 13 if START + 10 < time < START + 13 else time + 0.03

    processor = processor_of(one)
    made = live(processor, arriving({"x": one}, arrives))
    closings = [Closing(w.tick, w.segment, w.last, why) for w in made if (why := closed_by_the_clock(w.reasons))]
    assert len(closings) > 4
    assert processor.grid is not None
    extractor = ModalityExtractor(one.info, one.settings, eeg_channels=CHANNELS, hop_s=0.25, family="dmer")
    again = list(repeat(extractor, pieces(one), closings, processor.grid))
    assert_same([window for window in again if window.tick <= made[-1].tick], made)


@given(n_times=st.integers(2, 400), n_points=st.integers(2, 400), first=st.integers(0, 300))
@settings(max_examples=80, deadline=None)
def test_every_stretch_of_a_windows_length_holds_a_windows_points(n_times: int, n_points: int, first: int) -> None:
    rows = Resampler(n_times, n_points).process(np.ones((first + n_times, 2)))
    window = rows[first:].reshape(-1, 2)
    there = ~np.isnan(window[:, 0])
    assert there.sum() == n_points
    np.testing.assert_allclose(window[there], 1.0, rtol=1e-12)


@pytest.mark.parametrize(("sfreq", "target", "highest"), [
    (128, 300, 45.0), (250, 300, 49.0), (512, 300, 49.0), (1000, 300, 49.0), (64, 100, 8.0), (15, 4, 1.0), (32, 4, 1.0),
])  # fmt: skip
def test_resampling_keeps_a_wave_and_delays_it(sfreq: int, target: int, highest: float) -> None:
    """Against the wave itself, at the places of the points."""
    for frequency in (highest / 5, highest / 2, highest):
        wave = np.sin(2 * np.pi * frequency * np.arange(20 * sfreq) / sfreq)[:, np.newaxis]
        rows = Resampler(sfreq, target).process(wave).ravel()
        points = rows[~np.isnan(rows)]
        first = -target // sfreq + 1  # the first sample brings those since the one before it
        times = (first + np.arange(len(points))) / target - (HALF - 1) / sfreq
        settled = times > 2 * HALF / sfreq
        expected = np.sin(2 * np.pi * frequency * times[settled])
        np.testing.assert_allclose(points[settled], expected, atol=0.005)


@pytest.mark.parametrize(("modality", "sfreq"), [("GSR", 15.0), ("GSR", 32.0), ("GSR", 1000.0)])
def test_skin_conductance_is_much_the_same_from_any_rate(modality: Modality, sfreq: float) -> None:
    """Level, spread and spectrum of a slow signal, which the low-pass and the delay hardly touch."""
    times = np.arange(round(40 * sfreq)) / sfreq
    level = (5 + 0.5 * np.sin(2 * np.pi * 0.05 * times))[:, np.newaxis].astype(np.float32)
    fast = recorded(modality, sfreq, 40)._replace(data=level)
    slow = fast._replace(
        info=info("test", modality), data=np.interp(np.arange(160) / 4, times, level[:, 0])[:, np.newaxis],
        times=START + np.arange(160) / 4,
    )  # fmt: skip
    ends = {}
    for name, stream in (("fast", fast), ("slow", slow)):
        made = windows_of(stream, cut(stream, []))
        ends[name] = {round(w.end - START): w.features[0] for w in made if present(w)}
    found = [(ends["fast"][end], ends["slow"][end]) for end in sorted(ends["fast"].keys() & ends["slow"].keys())]
    assert len(found) > 20
    for one, other in found:
        np.testing.assert_allclose(one[[0, 1, 3, 4, 25]], other[[0, 1, 3, 4, 25]], rtol=0.05)


@pytest.mark.parametrize("modality", ["EEG", "GSR", "PPG"])
def test_a_stream_whose_samples_cannot_be_counted_is_refused(modality: Modality) -> None:
    stream = recorded(modality, {"EEG": 300.0, "GSR": 4.0, "PPG": 100.0}[modality])
    as_is = stream._replace(settings=stream.settings.model_copy(update={"stamps": "as-is"}))
    with pytest.raises(BadInput, match=rf"stamps: the model's features of {modality} are made of a fixed number"):
        processor_of(as_is)


def test_a_modality_that_dmer_has_not_is_refused() -> None:
    motion = StreamSettings(match=Match(type="Motion"), use="Motion")
    stream = info("test", "GSR")
    with pytest.raises(BadInput, match="use: DMER's features have no Motion"):
        ModalityExtractor(stream, motion, eeg_channels=CHANNELS, hop_s=0.25, family="dmer")


def test_streams_that_never_come_have_windows_of_the_familys_shape() -> None:
    one = recorded("GSR", 4.0)
    streams = {name: (None, StreamSettings(match=Match(type=name), use=name)) for name in MODALITIES}
    streams["GSR"] = (one.info, one.settings.model_copy(update={"required": True}))
    processor = ParticipantProcessor(streams, hop_s=0.25, eeg_channels=CHANNELS, family="dmer")
    made = [window for chunk in cut(one, []) for window in processor.process("GSR", chunk)] + processor.finish()
    made += processor.begin(START) + processor.advance(START + 8) + processor.finish()
    shapes = {window.modality: window.features.shape for window in made}
    assert shapes == {name: (2, *spec.shape) for name, spec in FEATURES.items()}
