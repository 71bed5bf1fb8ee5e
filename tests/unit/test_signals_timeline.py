"""Stamps become times by the stream's policy."""

import numpy as np
import pytest

from pipeline.records import FeatureWindow
from pipeline.signals.participant import ParticipantProcessor
from pipeline.signals.timeline import Timeline
from tests.signals_samples import assert_same, cut, recording, streams_of

SFREQ = 100.0


def jittered(seconds: float, *, rate: float = SFREQ, jitter_s: float = 0.005) -> tuple[np.ndarray, np.ndarray]:
    true = 50 + np.arange(round(seconds * rate)) / rate
    return true, true + np.random.default_rng(0).uniform(-jitter_s, jitter_s, len(true))


def test_as_is_believes_each_stamp() -> None:
    _, stamps = jittered(10)
    assert np.array_equal(Timeline("as-is", SFREQ).process(0, stamps), stamps)


def test_regular_believes_the_first_stamp_and_the_rate() -> None:
    _, stamps = jittered(10)
    assert np.allclose(Timeline("regular", SFREQ).process(0, stamps), stamps[0] + np.arange(1000) / SFREQ, atol=1e-9)


def test_dejitter_takes_most_of_the_jitter_away() -> None:
    true, stamps = jittered(120)
    times = Timeline("dejitter", SFREQ).process(0, stamps)
    settled = slice(60 * 100, None)
    assert np.abs(times - true)[settled].max() < 0.1 * np.abs(stamps - true)[settled].max()
    assert (np.diff(times) > 0).all()


def test_dejitter_follows_a_clock_that_runs_one_percent_slow() -> None:
    true, stamps = jittered(120, rate=0.99 * SFREQ, jitter_s=0.0)
    times = Timeline("dejitter", SFREQ).process(0, stamps)
    assert np.abs(times - true)[90 * 99 :].max() < 0.002


def test_dejitter_smooths_packets_that_are_stamped_in_bursts() -> None:
    true = np.arange(6000) / SFREQ
    times = Timeline("dejitter", SFREQ).process(0, true[(np.arange(6000) // 10) * 10])
    steps = np.diff(times[2000:])
    assert steps.min() > 0.9 / SFREQ
    assert steps.max() < 1.1 / SFREQ


@pytest.mark.parametrize("stamps", ["as-is", "regular", "dejitter"])
def test_the_sensors_delay_is_taken_off(stamps: str) -> None:
    _, raw = jittered(2)
    late = Timeline(stamps, SFREQ, delay_s=0.2).process(0, raw)
    assert np.allclose(late, Timeline(stamps, SFREQ).process(0, raw) - 0.2, atol=1e-12)


def test_a_new_segment_is_anchored_anew() -> None:
    _, raw = jittered(2)
    timeline = Timeline("regular", SFREQ)
    timeline.process(0, raw)
    timeline.reset()
    assert timeline.process(17, raw + 5)[0] == raw[0] + 5


@pytest.mark.parametrize("stamps", ["dejitter", "regular"])
def test_a_stream_that_may_drop_samples_is_taken_as_it_is_stamped_whatever_the_session_file_says(stamps: str) -> None:
    """Dejittering would shift what came after a dropped frame."""
    kept = np.random.default_rng(4).random(600) > 0.1

    def made(policy: str) -> list[FeatureWindow]:
        face = recording("Face", 20, jitter_s=0.004, stamps=policy)
        assert face.info.can_drop_samples
        face = face._replace(times=face.times[kept], data=face.data[kept])
        processor = ParticipantProcessor(streams_of({"face": face}), hop_s=0.25)
        return [window for chunk in cut(face, [10] * 60) for window in processor.process("face", chunk)]

    expected = made("as-is")
    assert len(expected) > 50
    assert_same(made(stamps), expected)
