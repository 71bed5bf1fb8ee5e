"""Signals that stand still or are cut off, told from coarse steps."""

import numpy as np
import pytest

from pipeline.signals.held import cut_off, longest_hold

TIMES = np.arange(300) / 300
WAVE = np.sin(2 * np.pi * 3 * TIMES) + 0.3 * np.random.default_rng(0).normal(size=300)


@pytest.mark.parametrize(("low", "high", "at"), [(-9, 0.7, 0.7), (-0.5, 9, -0.5)])
def test_a_wave_that_is_cut_off_says_where(low: float, high: float, at: float) -> None:
    assert cut_off(np.clip(WAVE, low, high), 0.05) == at


def test_a_wave_that_is_cut_off_at_both_ends_is_found() -> None:
    assert cut_off(np.clip(WAVE, -0.6, 0.7), 0.05) in {-0.6, 0.7}


@pytest.mark.parametrize("steps", [2, 5, 20, 1000])
@pytest.mark.parametrize("signal", [WAVE, np.sin(2 * np.pi * 3 * TIMES), TIMES], ids=["noisy", "sine", "ramp"])
def test_coarse_steps_are_no_end_of_a_range(signal: np.ndarray, steps: int) -> None:
    assert cut_off(np.round(signal * steps) / steps, 0.05) is None


def test_few_samples_at_the_end_are_not_enough() -> None:
    assert cut_off(np.minimum(WAVE, np.sort(WAVE)[-10]), 0.05) is None


def test_what_never_changes_is_not_cut_off_but_held() -> None:
    assert cut_off(np.full(300, 2.0), 0.05) is None
    assert longest_hold(np.full(300, 2.0)) == (1.0, 2.0)


def test_the_longest_hold_is_found_anywhere() -> None:
    signal = WAVE.copy()
    signal[40:50], signal[120:210] = 7.0, -3.0
    assert longest_hold(signal) == (pytest.approx(0.3), -3.0)
