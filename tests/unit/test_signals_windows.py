"""When a window is complete, what belongs to it, and what is said of it when it is not whole."""

import numpy as np
import pytest

from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.records import Chunk, FeatureWindow, Grid
from pipeline.signals.participant import ParticipantProcessor
from tests.signals_samples import (
    START,
    by_modality,
    cut,
    present,
    recording,
    stream_info,
    stream_settings,
    streams_of,
)


def alone(modality: Modality = "GSR", *, grid: Grid | None = None, **settings: object) -> ParticipantProcessor:
    streams = {"x": (stream_info(modality), stream_settings(modality, **settings))}
    return ParticipantProcessor(streams, hop_s=0.25, grid=grid)


def feed(processor: ParticipantProcessor, chunks: list[Chunk]) -> list[FeatureWindow]:
    return [window for chunk in chunks for window in processor.process("x", chunk)]


def test_tick_zero_is_the_first_full_settled_window() -> None:
    processor = alone("EEG")
    windows = feed(processor, cut(recording("EEG", 5), [16] * 60))
    assert processor.grid is not None
    assert processor.grid.start == pytest.approx(START + 2.0 + 1.0, abs=0.2)
    assert [window.tick for window in windows] == list(range(len(windows)))
    assert all(present(window) and window.valid == 1.0 for window in windows)
    assert not any(window.reasons for window in windows)


def test_the_grid_waits_for_every_required_stream() -> None:
    recorded = {"eeg": recording("EEG", 12), "gsr": recording("GSR", 12, start=START + 3)}
    processor = ParticipantProcessor(streams_of(recorded), hop_s=0.25)
    assert processor.process("eeg", cut(recorded["eeg"], [])[0]) == []
    assert processor.grid is None
    windows = by_modality(processor.process("gsr", cut(recorded["gsr"], [])[0]))
    assert processor.grid is not None
    assert processor.grid.start == pytest.approx(START + 3 + 1 + 5, abs=0.2)
    assert windows["EEG"][0].tick == 0
    assert present(windows["EEG"][0])
    assert present(windows["GSR"][0])


def test_an_optional_stream_is_not_waited_for() -> None:
    streams = {
        "gsr": (stream_info("GSR"), stream_settings("GSR")),
        "ppg": (None, stream_settings("PPG", required=False)),
    }
    processor = ParticipantProcessor(streams, hop_s=0.5)
    for chunk in cut(recording("GSR", 10), []):
        processor.process("gsr", chunk)
    assert processor.grid is not None
    assert processor.modalities == ("GSR", "PPG")


def test_a_window_holds_its_last_samples_and_is_complete_with_the_last_that_can_belong_to_it() -> None:
    stream = recording("GSR", 20, stamps="regular")
    processor = alone(grid=Grid(START + 10.1, 1.0), stamps="regular")
    by_last: dict[int, int] = {}
    windows = []
    for index, chunk in enumerate(cut(stream, [1] * 80)):
        for window in processor.process("x", chunk):
            by_last[window.tick] = index
            windows.append(window)
    for window in windows:
        assert window.last - window.first + 1 == 20
        assert stream.times[window.last] <= window.end < stream.times[window.last] + 0.25
        assert by_last[window.tick] == window.last  # 0.1 s after a sample, so no later one was needed
        assert window.arrival == pytest.approx(stream.times[window.last])


def test_no_window_reaches_over_a_gap() -> None:
    stream = recording("GSR", 40)
    times = stream.times.copy()
    times[80:] += 3.0
    stream = stream._replace(times=times, breaks=(80,))
    windows = feed(alone(), cut(stream, [3] * 60))
    over = [window for window in windows if times[79] + 0.3 < window.end < times[80] + 5.7]
    assert over
    for window in over:
        assert not present(window)
        assert window.valid < 1
        assert window.reasons
        assert (window.segment == 1) == (window.end < times[80])
    assert any("gap" in reason for window in over for reason in window.reasons)
    assert any("filter settling after a gap" in window.reasons for window in over)
    later = [window for window in windows if window.end > times[80] + 6.5]
    assert all(present(window) for window in later)
    assert [window.tick for window in windows] == list(range(len(windows)))


@pytest.mark.parametrize(
    ("every", "said", "used"), [(20, "delivers 122 of 128", True), (5, "delivers 102 of 128", False), (0, "", True)]
)
def test_a_stream_that_does_not_keep_its_nominal_rate_is_told_and_not_believed(
    every: int, said: str, used: bool
) -> None:
    """Its stamps are true and as steady as if it had that rate, so there is no gap; but its frequencies are wrong."""
    stream = recording("EEG", 60)
    kept = np.arange(len(stream.times)) % every != 0 if every else np.ones(len(stream.times), bool)
    stream = stream._replace(times=stream.times[kept], data=stream.data[kept])
    window = feed(alone("EEG"), cut(stream, [16] * 600))[-1]
    assert present(window) == used
    assert window.quality == (0.0 if not used else 0.5 if every else 1.0)
    assert [reason for reason in window.reasons if "delivers" in reason] == (
        [f"{said} samples a second"] if said else []
    )


def test_indices_that_are_missing_begin_a_new_stretch() -> None:
    chunks = cut(recording("GSR", 40), [80, 8])
    windows = feed(alone(), [chunks[0], chunks[2]])
    assert [window.tick for window in windows] == list(range(len(windows)))
    assert not all(present(window) for window in windows)


def test_the_share_of_a_window_that_is_missing_is_told() -> None:
    stream = recording("GSR", 20)
    stream.data[40:50] = np.nan
    windows = feed(alone(grid=Grid(START + 12.55, 100.0)), cut(stream, [5] * 20))
    assert windows[0].valid == pytest.approx(0.5)
    assert present(windows[0])
    assert windows[0].reasons[0] == "not a number in 50% of the window"


def test_less_than_half_is_not_enough() -> None:
    stream = recording("GSR", 20)
    stream.data[40:51] = np.nan
    window = feed(alone(grid=Grid(START + 12.8, 100.0)), cut(stream, [5] * 20))[0]
    assert window.valid == pytest.approx(0.45)
    assert np.isnan(window.features).all()
    assert window.quality == 0


def test_a_camera_at_half_its_rate_covers_the_window() -> None:
    stream = recording("Face", 10)
    stream.data[:, 0] = 1
    stream.data[:, 1:] = 0.2
    slow = stream._replace(times=stream.times[::2], data=stream.data[::2])
    windows = feed(alone("Face"), cut(slow, [4] * 50))
    assert min(window.valid for window in windows) > 0.99


def test_frames_that_a_camera_dropped_are_missing() -> None:
    stream = recording("Face", 10)
    stream.data[:, 0] = 1
    stream.data[:, 1:] = 0.2
    kept = np.r_[0:150, 162:300]  # 0.4 s without a frame
    windows = feed(alone("Face"), cut(stream._replace(times=stream.times[kept], data=stream.data[kept]), [4] * 80))
    assert min(window.valid for window in windows) == pytest.approx(0.6 + 2.5 / 30 - 1 / 30, abs=0.05)
    assert all(present(window) for window in windows)


def test_a_late_window_is_made_of_what_is_there() -> None:
    stream = recording("GSR", 30)
    chunks = cut(stream, [60, 4])
    processor = alone()
    windows = feed(processor, [chunks[0]])
    now = stream.times[59] + 1.0
    assert processor.advance(stream.times[59] + 0.4) == []
    late = processor.advance(now)
    assert late
    assert all(now - 1.0 < window.end < now - 0.5 for window in late)
    assert all("late, 1.0 s behind" in window.reasons for window in late)
    assert all(not present(window) for window in late)
    after = feed(processor, chunks[1:])
    ticks = [window.tick for window in [*windows, *late, *after]]
    assert ticks == list(range(len(ticks)))
    assert present(after[-1])


def test_a_lost_stream_is_not_waited_for() -> None:
    stream = recording("GSR", 15)
    processor = alone()
    feed(processor, cut(stream, []))
    now = float(stream.times[-1]) + 6.0
    lost = processor.advance(now)
    assert now - 0.26 < lost[-1].end < now
    assert lost[-1].reasons == ("no samples for 6 s",)
    assert lost[-1].arrival is None or lost[-1].valid > 0


def test_a_stream_that_was_not_found_is_named_at_every_tick() -> None:
    streams = {
        "gsr": (stream_info("GSR"), stream_settings("GSR")),
        "eeg": (None, stream_settings("EEG", required=False)),
    }
    processor = ParticipantProcessor(streams, hop_s=0.5)
    gsr = recording("GSR", 12)
    for chunk in cut(gsr, []):
        processor.process("gsr", chunk)
    missing = processor.advance(START + 10)
    assert {window.modality for window in missing} == {"EEG"}
    assert all(window.reasons == ("stream not found",) and window.valid == 0 for window in missing)
    assert missing[0].features.shape == (2, 18, 5)
    processor.open("eeg", stream_info("EEG"))
    eeg = recording("EEG", 12, start=START + 10)
    made = [window for chunk in cut(eeg, []) for window in processor.process("eeg", chunk)]
    ticks = [window.tick for window in [*missing, *made] if window.modality == "EEG"]
    assert ticks == list(range(len(ticks)))
    assert present(made[-1])


def test_begin_starts_without_the_streams_that_are_missing() -> None:
    streams = {"gsr": (stream_info("GSR"), stream_settings("GSR")), "eeg": (None, stream_settings("EEG"))}
    processor = ParticipantProcessor(streams, hop_s=0.5)
    for chunk in cut(recording("GSR", 20), []):
        assert processor.process("gsr", chunk) == []
    windows = processor.begin(START + 12)
    assert processor.grid is not None
    assert processor.grid.start == START + 12
    assert windows
    assert all(window.modality == "GSR" and present(window) for window in windows)
    assert processor.begin(START + 13) == []


def test_stamps_from_the_future_are_not_believed() -> None:
    stream = recording("GSR", 15)
    processor = alone()
    feed(processor, cut(stream, []))
    now = float(stream.times[-1])
    jumped = Chunk(99, 0, np.array([now + 7e5]), 0.0, np.ones((1, 1), np.float32), now)
    assert processor.process("x", jumped) == []
    windows = processor.advance(now + 5)
    assert "stamps are 700000 s ahead of their arrival" in windows[-1].reasons


def test_finish_gives_every_modality_the_same_ticks() -> None:
    recorded = {"gsr": recording("GSR", 20), "ppg": recording("PPG", 14), "face": recording("Face", 17)}
    processor = ParticipantProcessor(streams_of(recorded), hop_s=0.5)
    windows = [
        w for name, stream in recorded.items() for chunk in cut(stream, []) for w in processor.process(name, chunk)
    ]
    made = by_modality(windows + processor.finish())
    ticks = {modality: [window.tick for window in found] for modality, found in made.items()}
    assert ticks["GSR"] == ticks["PPG"] == ticks["Face"] == list(range(len(ticks["GSR"])))
    assert present(made["GSR"][-1])
    assert made["PPG"][-1].reasons == ("the recording ends",)


def test_the_first_window_has_no_past() -> None:
    windows = feed(alone(), cut(recording("GSR", 15), []))
    assert not windows[0].features[1].any()
    assert windows[5].features[1].any()


def test_features_are_float32_of_the_models_shape() -> None:
    window = feed(alone("EEG"), cut(recording("EEG", 5), []))[0]
    assert window.features.dtype == np.float32
    assert window.features.shape == (2, len(EEG_CHANNELS), 5)
    assert window.made is None


def test_markers_and_recorded_streams_are_left_aside() -> None:
    marks = stream_settings("GSR").model_copy(update={"use": "Markers"})
    streams = {"gsr": (stream_info("GSR"), stream_settings("GSR")), "marks": (stream_info("GSR"), marks)}
    processor = ParticipantProcessor(streams, hop_s=0.5)
    assert processor.modalities == ("GSR",)
    assert processor.process("marks", cut(recording("GSR", 10), [])[0]) == []


def test_before_the_grid_nothing_is_late() -> None:
    processor = alone()
    assert processor.advance(START + 100) == []
    assert processor.finish() == []


def test_what_a_cap_lacks_is_noticed() -> None:
    info = stream_info("EEG", ch_names=("AUX", *EEG_CHANNELS[1:]))
    processor = ParticipantProcessor({"eeg": (info, stream_settings("EEG", unit="uV"))}, hop_s=0.5)
    assert processor.notices == (
        "EEG: Fp1 not in the stream; interpolated from the other channels.",
        "EEG: AUX not on the scalp; ignored.",
    )


def test_a_state_of_other_streams_is_refused() -> None:
    with pytest.raises(ValueError, match="a state of"):
        ParticipantProcessor({"y": (stream_info("GSR"), stream_settings("GSR"))}, hop_s=0.5).state = alone().state
