"""Causal filters: their response, their start and what they make of missing numbers."""

import mne
import numpy as np
import pytest
from scipy.signal import freqz_sos, sosfilt

from pipeline.signals.filters import CausalFilter, band_pass, notches


def gain(sos: np.ndarray, frequency: float, sfreq: float) -> float:
    return float(np.abs(freqz_sos(sos, [frequency], fs=sfreq)[1][0]))


@pytest.mark.parametrize("sfreq", [128.0, 300.0, 1000.0])
def test_the_band_passes_and_the_rest_does_not(sfreq: float) -> None:
    sos = band_pass(sfreq, 1.0, 45.0)
    assert gain(sos, 10, sfreq) == pytest.approx(1, abs=0.02)
    assert gain(sos, 1, sfreq) == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert gain(sos, 0.1, sfreq) < 0.02


@pytest.mark.parametrize("sfreq", [128.0, 300.0, 1000.0])
@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_mains_are_taken_out(sfreq: float, mains: float) -> None:
    expected = 0.07 if mains + 2 < 0.45 * sfreq else 1.01
    sos = notches(sfreq)
    assert (gain(sos, mains, sfreq) if len(sos) else 1.0) < expected
    assert not len(sos) or gain(sos, 40, sfreq) > 0.9


def test_the_upper_edge_stays_below_nyquist() -> None:
    assert gain(band_pass(64.0, 1.0, 45.0), 31.9, 64.0) < 0.1


def test_an_offset_makes_no_step_at_the_start() -> None:
    filtered = CausalFilter(band_pass(300.0, 1.0, 45.0)).process(np.full((600, 2), 1e5))
    assert np.abs(filtered).max() < 1e-3


def test_it_is_the_filter_that_mne_designs() -> None:
    data = np.random.default_rng(0).normal(size=(500, 3))
    data[0] = 0
    parameters = {"order": 2, "ftype": "butter", "output": "sos"}
    design = mne.filter.create_filter(
        None, 250.0, 1.0, 40.0, method="iir", iir_params=parameters, phase="forward", verbose="ERROR"
    )
    expected = sosfilt(design["sos"], data, axis=0)
    assert np.allclose(CausalFilter(band_pass(250.0, 1.0, 40.0)).process(data), expected)


def test_what_is_no_number_counts_as_the_sample_before() -> None:
    data = np.random.default_rng(0).normal(size=(300, 2))
    held = data.copy()
    held[100:105, 1] = held[99, 1]
    data[100:103, 1], data[103, 1], data[104, 1] = np.nan, np.inf, 1e12
    sos = band_pass(100.0, 0.5, 8.0)
    assert np.array_equal(CausalFilter(sos).process(data), CausalFilter(sos).process(held))


def test_reset_forgets() -> None:
    data = np.random.default_rng(0).normal(size=(300, 2))
    causal = CausalFilter(band_pass(100.0, 0.5, 8.0))
    first = causal.process(data)
    assert not np.array_equal(causal.process(data), first)
    causal.reset()
    assert np.array_equal(causal.process(data), first)


def test_no_samples_leave_the_state_alone() -> None:
    causal = CausalFilter(band_pass(100.0, 0.5, 8.0))
    assert causal.process(np.empty((0, 2))).shape == (0, 2)
    assert causal.state.delays is None
