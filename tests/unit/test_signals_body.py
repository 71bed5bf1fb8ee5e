"""GSR, PPG, temperature and motion: the features say what the signal does."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.signals.eda import EdaProcessor
from pipeline.signals.family import FEATURES
from pipeline.signals.motion import MotionProcessor
from pipeline.signals.offline import extract
from pipeline.signals.ppg import PpgProcessor
from pipeline.signals.processor import Measured, Window
from pipeline.signals.temperature import TemperatureProcessor
from tests.signals_samples import recording


def named(modality: str, measured: Measured) -> dict[str, float]:
    names = FEATURES[modality].names  # type: ignore[index]
    assert measured.values.shape == (len(names),)
    assert np.isfinite(measured.values).all()
    return dict(zip(names, measured.values.tolist(), strict=True))


def last_window(processor: EdaProcessor | PpgProcessor, signal: np.ndarray, sfreq: float) -> Measured:
    conditioned = processor.process(signal[:, np.newaxis])
    n_times = round(processor.spec.window_s * sfreq)
    times = np.arange(n_times) / sfreq
    return processor.measure(Window(conditioned.data[-n_times:], conditioned.ok[-n_times:], times))


def response(times: np.ndarray, onset: float, amplitude: float) -> np.ndarray:
    since = np.maximum(times - onset, 0)
    shape = np.exp(-since / 4) - np.exp(-since / 0.7)
    return amplitude * shape / 0.55


@pytest.mark.parametrize("sfreq", [4.0, 32.0, 100.0, 1000.0])
def test_a_skin_conductance_response_is_found_at_any_rate(sfreq: float) -> None:
    times = np.arange(round(30 * sfreq)) / sfreq
    calm = np.full(len(times), 4.0)
    with_response = calm + response(times, 26.0, 0.5)
    found = named("GSR", last_window(EdaProcessor(sfreq), with_response, sfreq))
    none = named("GSR", last_window(EdaProcessor(sfreq), calm + 1e-4 * times, sfreq))
    assert found["scr_rate"] == pytest.approx(0.2, rel=0.05)
    assert math.exp(found["scr_amplitude_ln"]) == pytest.approx(0.5, abs=0.12)
    assert 0.5 < found["scr_rise_s"] < 3
    assert found["phasic_mean"] > none["phasic_mean"] + 1
    assert none["scr_rate"] == 0
    assert math.exp(none["level_ln"]) == pytest.approx(4, abs=0.01)


def test_gsr_features_hardly_depend_on_the_rate() -> None:
    def features(sfreq: float) -> np.ndarray:
        times = np.arange(round(30 * sfreq)) / sfreq
        return last_window(EdaProcessor(sfreq), 4 + response(times, 26.0, 0.5), sfreq).values

    floors = np.array(FEATURES["GSR"].floors)
    assert (np.abs(features(32.0) - features(1000.0)) < 2 * floors).all()


def test_lost_skin_contact_is_said() -> None:
    measured = last_window(EdaProcessor(4.0), np.full(80, 0.01), 4.0)
    assert measured.quality == 0
    assert measured.reasons == ("no skin contact (below 0.05 uS)",)


def test_a_flat_gsr_is_said() -> None:
    assert last_window(EdaProcessor(4.0), np.full(80, 2.0), 4.0).reasons == ("flat",)


def test_a_jump_of_gsr_is_movement() -> None:
    signal = 2 + 0.01 * np.random.default_rng(0).normal(size=320)
    signal[-40:] += 6
    assert last_window(EdaProcessor(32.0), signal, 32.0).reasons == ("changes faster than skin does: movement",)


@pytest.mark.parametrize("sfreq", [4.0, 32.0, 1000.0])
def test_gsr_beyond_the_devices_range_is_railed(sfreq: float) -> None:
    times = np.arange(round(20 * sfreq)) / sfreq
    cut = np.minimum(4 + np.sin(2 * np.pi * 0.2 * times) + 1e-4 * np.random.default_rng(0).normal(size=len(times)), 4.5)
    measured = last_window(EdaProcessor(sfreq), cut, sfreq)
    assert (measured.quality, measured.reasons) == (0.2, ("railed",))
    shorted = last_window(EdaProcessor(sfreq), np.full(len(times), 60.0), sfreq)
    assert (shorted.quality, shorted.reasons) == (0.2, ("railed",))


def test_an_electrode_that_leaves_the_skin_for_a_while_is_no_movement() -> None:
    signal = 4 + 0.01 * np.random.default_rng(0).normal(size=640)
    signal[-90:-40] = 0.02
    measured = last_window(EdaProcessor(32.0), signal, 32.0)
    assert (measured.quality, measured.reasons) == (0.2, ("lost contact",))


@pytest.mark.parametrize(
    ("factor", "said"), [(300.0, "above 100 uS: looks like raw counts"), (1e-6, "looks like S, not uS")]
)
def test_another_unit_than_microsiemens_is_named(factor: float, said: str) -> None:
    signal = factor * (4 + 0.1 * np.random.default_rng(0).normal(size=640))
    measured = last_window(EdaProcessor(32.0), signal, 32.0)
    assert (measured.quality, measured.reasons) == (0.0, (said,))


@pytest.mark.parametrize("sfreq", [25.0, 64.0, 100.0, 256.0, 1000.0])
@pytest.mark.parametrize("rate", [48.0, 60.0, 72.0, 110.0, 160.0])
def test_the_heart_rate_is_found_three_ways(sfreq: float, rate: float) -> None:
    phase = 2 * np.pi * rate / 60 * np.arange(round(12 * sfreq)) / sfreq
    wave = np.sin(phase) + 0.4 * np.sin(2 * phase + 0.7) + 0.05 * np.random.default_rng(0).normal(size=len(phase))
    measured = last_window(PpgProcessor(sfreq), 100 + 20 * wave, sfreq)
    found = named("PPG", measured)
    assert 60 * math.exp(found["heart_rate_ln"]) == pytest.approx(rate, rel=0.04)
    assert 60 * math.exp(found["spectral_rate_ln"]) == pytest.approx(rate, rel=0.06)
    assert 60 * found["beat_rate"] == pytest.approx(rate, rel=0.04)
    assert measured.quality > 0.8
    assert found["periodicity"] > 0.8


def test_irregular_beats_vary_more_than_regular_ones() -> None:
    def variability(spread: float) -> float:
        intervals = 0.8 + spread * np.resize([1, -1, 0.5, -0.5], 20)
        beats = np.cumsum(intervals)
        times = np.arange(14 * 64) / 64
        wave = np.exp(-0.5 * ((times[:, np.newaxis] - beats) / 0.1) ** 2).sum(axis=1)
        return named("PPG", last_window(PpgProcessor(64.0), wave, 64.0))["rmssd_ln"]

    assert variability(0.1) > variability(0.0) + 1


def test_noise_without_a_pulse_has_numbers_but_no_quality() -> None:
    measured = last_window(PpgProcessor(64.0), np.random.default_rng(3).normal(size=1280), 64.0)
    named("PPG", measured)
    assert measured.quality < 0.6


@pytest.mark.parametrize("level", [0.0, 1e6])
def test_a_flat_wave_has_numbers(level: float) -> None:
    measured = last_window(PpgProcessor(64.0), np.full(640, level), 64.0)
    named("PPG", measured)
    assert (measured.quality, measured.reasons) == (0.0, ("flat",))


def pulse(seconds: float = 20.0) -> np.ndarray:
    phase = 2 * np.pi * 1.2 * np.arange(round(64 * seconds)) / 64
    return np.sin(phase) + 0.4 * np.sin(2 * phase + 0.7) + 0.02 * np.random.default_rng(0).normal(size=len(phase))


@pytest.mark.parametrize(
    "spoil", [lambda x: np.minimum(x, 0.6), lambda x: np.maximum(x, -0.6)], ids=["peaks", "troughs"]
)
def test_a_pulse_wave_that_is_cut_off_is_railed(spoil: object) -> None:
    measured = last_window(PpgProcessor(64.0), spoil(pulse()), 64.0)  # type: ignore[operator]
    assert (measured.quality, measured.reasons) == (0.2, ("railed",))


def test_a_pulse_wave_that_stands_still_is_flat_while_the_filter_still_rings() -> None:
    signal = pulse()
    signal[-200:] = signal[-201]
    measured = last_window(PpgProcessor(64.0), signal, 64.0)
    assert (measured.quality, measured.reasons) == (0.0, ("flat",))


def test_a_movement_within_a_pulse_wave_is_named() -> None:
    signal = pulse()
    signal[-150:-86] += 15 * np.hanning(64) * np.sin(2 * np.pi * 2 * np.arange(64) / 64)
    measured = last_window(PpgProcessor(64.0), signal, 64.0)
    assert measured.reasons == ("movement",)
    assert measured.quality <= 0.4


@given(
    st.lists(st.floats(-1e8, 1e8), min_size=24, max_size=24),
    st.sampled_from(["PPG", "GSR", "Temperature", "Motion"]),
)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_the_features_are_numbers(values: list[float], modality: str) -> None:
    signal = np.repeat(np.array(values), 20)
    if modality == "PPG":
        measured = last_window(PpgProcessor(64.0), signal, 64.0)
    elif modality == "GSR":
        measured = last_window(EdaProcessor(32.0), signal, 32.0)
    else:
        columns = 1 if modality == "Temperature" else 3
        window = Window(signal.reshape(-1, columns), np.ones(480 // columns, bool), np.arange(480 // columns) / 32)
        measured = (TemperatureProcessor() if columns == 1 else MotionProcessor()).measure(window)
    named(modality, measured)
    assert 0 <= measured.quality <= 1


def test_streams_that_are_too_slow_are_refused() -> None:
    with pytest.raises(BadInput, match="GSR at 1 Hz is too slow"):
        EdaProcessor(1.0)
    with pytest.raises(BadInput, match="PPG at 10 Hz is too slow"):
        PpgProcessor(10.0)


def test_temperature_has_a_level_and_a_trend() -> None:
    times = np.arange(40) / 4
    data = (33 + 0.02 * times)[:, np.newaxis]
    found = named("Temperature", TemperatureProcessor().measure(Window(data, np.ones(40, bool), times)))
    assert found["level"] == pytest.approx(33.0975)
    assert found["slope"] == pytest.approx(0.02)
    assert found["departure"] == pytest.approx(0.0975)


def test_a_temperature_that_is_no_skins_is_left_out() -> None:
    samples = np.array([[382.2], [33.0], [-40.0], [np.nan]])
    assert TemperatureProcessor().process(samples).ok.tolist() == [False, True, False, False]


def test_motion_tells_posture_from_movement() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(160) / 32
    still = np.array([0.0, 0.6, 0.8]) + 0.001 * rng.normal(size=(160, 3))
    shaken = still + 0.3 * rng.normal(size=(160, 3))
    processor = MotionProcessor()
    calm = named("Motion", processor.measure(Window(still, np.ones(160, bool), times)))
    wild = named("Motion", processor.measure(Window(shaken, np.ones(160, bool), times)))
    assert calm["y_mean"] == pytest.approx(0.6, abs=0.01)
    assert calm["magnitude_mean"] == pytest.approx(1, abs=0.01)
    for name in ("x_sd_ln", "magnitude_sd_ln", "jerk_ln", "peak_ln"):
        assert wild[name] > calm[name] + 2


def test_motion_that_does_not_move_at_all_is_a_dead_sensor() -> None:
    measured = MotionProcessor().measure(Window(np.zeros((160, 3)), np.ones(160, bool), np.arange(160) / 32))
    named("Motion", measured)
    assert (measured.quality, measured.reasons) == (0.0, ("flat",))


@pytest.mark.parametrize("factor", [9.80665, 64.0])
def test_acceleration_in_another_unit_than_g_is_named(factor: float) -> None:
    axes = factor * (np.array([0.0, 0.6, 0.8]) + 0.02 * np.random.default_rng(0).normal(size=(160, 3)))
    measured = MotionProcessor().measure(Window(axes, np.ones(160, bool), np.arange(160) / 32))
    assert (measured.quality, measured.reasons) == (0.0, ("above 4 g on average: looks like m/s2 or raw counts",))


@pytest.mark.parametrize(("degrees", "said"), [(92.3, "degF"), (306.7, "K")])
def test_a_temperature_in_another_unit_is_named(degrees: float, said: str) -> None:
    stream = recording("Temperature", 15)
    warm = stream._replace(data=np.full_like(stream.data, degrees))
    reasons = {window.reasons for window in extract({"x": warm}, hop_s=1.0)}
    assert reasons == {("no skin temperature in 100% of the window", f"looks like {said}, not degC")}


def test_a_sensor_that_starts_wildly_has_no_other_unit() -> None:
    stream = recording("Temperature", 15)
    wild = stream._replace(data=np.full_like(stream.data, 382.18))
    assert {window.reasons for window in extract({"x": wild}, hop_s=1.0)} == {
        ("no skin temperature in 100% of the window",)
    }
