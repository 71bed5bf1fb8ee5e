"""Differential entropy, bad channels and artefacts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import periodogram

from pipeline.errors import BadInput
from pipeline.modalities import EEG_CHANNELS
from pipeline.signals.eeg import EegProcessor, band_powers
from pipeline.signals.family import BANDS
from pipeline.signals.processor import Measured, Window

SFREQ = 300.0


def processor(ch_names: tuple[str, ...] = EEG_CHANNELS) -> EegProcessor:
    return EegProcessor(ch_names, SFREQ, EEG_CHANNELS, "standard_1020")


def noise(sd: float = 10.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(300, 18)) * sd


def measure(data: np.ndarray, ch_names: tuple[str, ...] = EEG_CHANNELS) -> Measured:
    """Measure a window whose samples passed the filter as they are."""
    return processor(ch_names).measure(window_of(data, data))


def window_of(filtered: np.ndarray, raw: np.ndarray) -> Window:
    return Window(np.hstack([filtered, raw]), np.ones(len(raw), bool), np.arange(len(raw)) / SFREQ)


@pytest.mark.parametrize(("n_times", "sfreq"), [(300, 300.0), (128, 128.0), (250, 250.0)])
def test_band_powers_are_scipys_periodogram_over_the_band(n_times: int, sfreq: float) -> None:
    signals = np.random.default_rng(0).normal(size=(4, n_times))
    frequencies, density = periodogram(signals, sfreq, window="hann", detrend="constant")
    resolution = frequencies[1]
    for band, (low, high) in enumerate(BANDS):
        inside = (frequencies >= low) & (frequencies < high)
        expected = density[:, inside].sum(axis=1) * resolution
        assert np.allclose(band_powers(signals[np.newaxis], sfreq)[0][:, band], expected)


def test_differential_entropy_is_that_of_a_gaussian_with_the_bands_variance() -> None:
    values = np.mean([measure(noise(seed=seed)).values for seed in range(200)], axis=(0, 1))
    for value, (low, high) in zip(values, BANDS, strict=True):
        variance = 17 / 18 * 100 * (high - low) / (SFREQ / 2)  # the average reference takes 1/18
        assert value == pytest.approx(0.5 * math.log(2 * math.pi * math.e * variance), abs=0.25)


def test_the_reference_does_not_matter() -> None:
    common = np.random.default_rng(1).normal(size=(300, 1)) * 5
    assert np.allclose(measure(noise()).values, measure(noise() + common).values)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda x: np.zeros_like(x), "Cz flat"),
        (lambda x: x * 200, "Cz lost contact"),
        (lambda x: x * 12, "Cz lost contact"),
        (lambda x: np.where(np.arange(300) < 150, x, x + 400), "Cz popped"),
        (lambda x: np.full_like(x, 3276.7), "Cz railed"),
        (lambda x: np.clip(x * 600, -3276.7, 3276.7), "Cz railed"),
        (lambda x: x * np.nan, "Cz gave no number"),
    ],
)
def test_a_bad_channel_is_interpolated_and_named(spoil: object, why: str) -> None:
    data = noise()
    data[:, 9] = spoil(data[:, 9])  # type: ignore[operator]
    measured = measure(data)
    assert measured.reasons == (why,)
    assert measured.quality == pytest.approx(17 / 18)
    assert np.isfinite(measured.values).all()
    assert measured.values[9] == pytest.approx(measure(noise()).values[9], abs=1.5)


def test_a_missing_channel_lowers_the_quality() -> None:
    data = noise()[:, 1:]
    measured = measure(data, EEG_CHANNELS[1:])
    assert measured.values.shape == (18, 5)
    assert measured.quality == pytest.approx(17 / 18)
    assert measured.reasons == ("1 of 18 channels are not in the stream",)


def test_no_quality_is_left_when_most_channels_are_bad() -> None:
    data = noise()
    data[:, :10] = 0
    measured = measure(data)
    assert measured.quality == 0
    assert measured.reasons == (f"{', '.join(EEG_CHANNELS[:10])} flat", "only 8 of 18 channels are good")
    assert np.isfinite(measured.values).all()


def test_all_channels_dead_still_gives_numbers() -> None:
    measured = measure(np.full((300, 18), np.nan))
    assert np.isfinite(measured.values).all()
    assert measured.reasons == ("every channel gave no number", "only 0 of 18 channels are good")
    assert measured.quality == 0


def test_a_blink_lowers_the_quality_and_stays_in() -> None:
    data = noise()
    data[100:180, :2] += 200 * np.hanning(80)[:, np.newaxis]
    measured = measure(data)
    assert measured.reasons == ("blink or eye movement",)
    assert measured.quality == pytest.approx(0.7)
    assert measured.values[0, 0] > measure(noise()).values[0, 0] + 1


def test_muscles_lower_the_quality() -> None:
    assert "muscle activity" in measure(noise(40.0)).reasons


def test_muscles_of_one_side_of_the_jaw_lower_the_quality() -> None:
    data = noise(5.0)
    data[:, [2, 3, 7, 8, 12]] += noise(25.0, seed=1)[:, :5]
    measured = measure(data)
    assert measured.reasons == ("muscle activity",)
    assert measured.quality == 0.5


def test_what_moves_the_whole_cap_is_no_blink() -> None:
    sway = 80 * np.sin(2 * np.pi * (0.9 * np.arange(300) / SFREQ)[:, np.newaxis] + np.arange(18))
    assert measure(noise(5.0) + sway).reasons == ("movement",)


def hum(uv: float, hz: float = 50.0) -> np.ndarray:
    return uv * np.sin(2 * np.pi * hz * np.arange(300) / SFREQ)


@pytest.mark.parametrize("hz", [49.9, 50.0, 60.1])
def test_line_noise_of_single_electrodes_is_found_before_the_filter_that_takes_it_out(hz: float) -> None:
    raw = noise()
    raw[:, [13, 16]] += hum(100.0, hz)[:, np.newaxis]
    measured = processor().measure(window_of(noise(), raw))
    assert measured.reasons == (f"{hz:.0f} Hz noise on P3, O1",)
    assert measured.quality == pytest.approx(16 / 18)


def test_line_noise_of_the_room_is_said_and_costs_nothing() -> None:
    measured = processor().measure(window_of(noise(), noise() + hum(100.0)[:, np.newaxis]))
    assert measured == Measured(measured.values, 1.0, ("50 Hz noise on most channels",))
    assert measured.values.tobytes() == measure(noise()).values.tobytes()


def test_an_offset_at_which_a_channel_is_stuck_is_no_rail_where_others_have_such_offsets() -> None:
    filtered, raw = noise(), noise() + 40_000.0
    filtered[:, 9] = 0.0
    raw[:, 9] = 40_000.0
    assert processor().measure(window_of(filtered, raw)).reasons == ("Cz flat",)


@pytest.mark.parametrize(
    ("factor", "said"), [(1e-6, "looks like V, not uV"), (1e3, "looks like raw counts or nV, not uV")]
)
def test_another_unit_than_microvolts_is_named(factor: float, said: str) -> None:
    measured = measure(noise() * factor)
    assert said in measured.reasons
    assert measured.quality == 0


def test_a_cap_that_is_silent_is_not_taken_for_volts() -> None:
    assert measure(np.zeros((300, 18))).reasons == ("every channel flat", "only 0 of 18 channels are good")


@given(
    st.lists(st.sampled_from([0.0, 1e-30, 1e-6, 1.0, 300.0, 1e5, 9e8, -9e8, np.nan]), min_size=18, max_size=18),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_the_features_are_numbers(sizes: list[float], steps: int) -> None:
    """Of any size, with steps, stuck or not a number, in any channel."""
    data = np.repeat(noise()[: 300 // 3**steps], 3**steps, axis=0) * np.array(sizes)
    eeg = processor()
    conditioned = eeg.process(np.concatenate([data, data[:, ::-1], data]))
    for first in (0, 150, 300, 400):
        rows = slice(first, first + 243)
        measured = eeg.measure(Window(conditioned.data[rows], conditioned.ok[rows], np.arange(243) / SFREQ))
        assert np.isfinite(measured.values).all()
        assert 0 <= measured.quality <= 1


def test_a_stream_that_is_too_slow_is_refused() -> None:
    with pytest.raises(BadInput, match="EEG at 64 Hz does not carry 45 Hz"):
        EegProcessor(EEG_CHANNELS, 64.0, EEG_CHANNELS, "standard_1020")


def test_a_dead_channel_leaves_the_others_real() -> None:
    data = noise()
    data[:, 3] = np.nan
    conditioned = processor().process(data)
    assert conditioned.ok.all()
    assert np.isfinite(np.delete(conditioned.data, [3, 18 + 3], axis=1)).all()
    assert np.isnan(conditioned.data[:, [3, 18 + 3]]).all()


@pytest.mark.parametrize("ch_names", [EEG_CHANNELS, EEG_CHANNELS[2:]])
def test_windows_measured_together_are_those_measured_alone(ch_names: tuple[str, ...]) -> None:
    rng = np.random.default_rng(4)
    windows = []
    for number in range(21):
        data = noise(seed=number)[:, : len(ch_names)].astype(np.float32)
        spoiled = rng.integers(len(ch_names), size=number % 4)
        data[:, spoiled] = rng.choice([0.0, 1e4, np.nan], size=len(spoiled))
        hum = rng.choice([0, 0, 300]) * np.sin(2 * np.pi * 50 * np.arange(len(data)) / SFREQ)[:, np.newaxis]
        raw = data + (hum * rng.integers(2, size=len(ch_names))).astype(np.float32)
        length = int(SFREQ) - (number > 15)
        windows.append(window_of(data[:length], raw[:length]))
    eeg = processor(ch_names)
    for together, window in zip(eeg.measure_all(windows), windows, strict=True):
        alone = eeg.measure(window)
        assert together.values.tobytes() == alone.values.tobytes()
        assert (together.quality, together.reasons) == (alone.quality, alone.reasons)
