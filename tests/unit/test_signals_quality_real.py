"""Signal quality of real recordings: blinks, clenched jaws, alpha, and faults planted in them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from benchmarks.planted import KINDS
from benchmarks.quality import NAMED, good, planted
from benchmarks.quality_recordings import ALPHA_S, eeglab, neurokit, openbci, openbci_alpha, wesad
from benchmarks.stretches import Stretch, windows_of
from pipeline.modalities import Modality
from pipeline.records import FeatureWindow

ENOUGH = 0.95


def kinds_of(modality: Modality) -> list[str]:
    return [kind for kind in KINDS if kind.startswith(modality)]


def named_share(stretches: list[Stretch], kinds: list[str], plantings: int) -> tuple[float, list[object]]:
    found = planted(stretches, kinds, plantings, 7)
    wrong = [one for one in found if one[-1] != NAMED]
    return 1 - len(wrong) / plantings, wrong


@pytest.fixture(scope="module")
def blinks_jaws_alpha(shared_data: Path) -> Stretch:
    return openbci(shared_data)


@pytest.fixture(scope="module")
def its_windows(blinks_jaws_alpha: Stretch) -> list[FeatureWindow]:
    return windows_of(blinks_jaws_alpha)


def within(signal: np.ndarray, window: FeatureWindow) -> np.ndarray:
    stop = round(window.end * 250)
    return signal[stop - 250 : stop]


def muscles(recording: Stretch, windows: list[FeatureWindow]) -> np.ndarray:
    """Return how strong each window is within 70-110 Hz, which no processor looks at, beside the recording's median."""
    band = sosfiltfilt(butter(4, [70, 110], "band", fs=250, output="sos"), recording.data, axis=0)
    usual = np.median(np.abs(band), axis=0)
    return np.array([(within(band, window).std(axis=0) / usual).max() for window in windows])


def eyes(recording: Stretch, windows: list[FeatureWindow]) -> np.ndarray:
    """Return the peak to peak over the forehead within 1-10 Hz (uV)."""
    slow = sosfiltfilt(butter(2, [1, 10], "band", fs=250, output="sos"), recording.data[:, :2], axis=0)
    return np.array([np.ptp(within(slow, window), axis=0).max() for window in windows])


def test_clenched_jaws_lower_the_quality_while_they_last(blinks_jaws_alpha, its_windows) -> None:
    clenched = muscles(blinks_jaws_alpha, its_windows) > 4
    quality = np.array([window.quality for window in its_windows])
    assert clenched.sum() > 40
    assert (quality[clenched] < 0.9).mean() >= ENOUGH


def test_blinks_lower_the_quality_while_they_last(blinks_jaws_alpha, its_windows) -> None:
    blinking = (eyes(blinks_jaws_alpha, its_windows) > 150) & (muscles(blinks_jaws_alpha, its_windows) < 3)
    quality = np.array([window.quality for window in its_windows])
    assert blinking.sum() > 25
    assert (quality[blinking] < 0.9).mean() >= ENOUGH


def test_alpha_does_not_lower_the_quality(its_windows) -> None:
    begin, end = ALPHA_S
    alpha = [window for window in its_windows if begin + 1 <= window.end <= end]
    assert len(alpha) > 150
    assert np.mean([window.quality == 1.0 for window in alpha]) >= ENOUGH
    # The room's mains noise is in all channels, filtered out, and said.
    assert {window.reasons for window in alpha} == {("60 Hz noise on most channels",)}


def test_faults_planted_in_a_real_cap_are_named(shared_data: Path) -> None:
    share, wrong = named_share(eeglab(shared_data), kinds_of("EEG"), 100)
    assert share >= ENOUGH, wrong


def test_faults_planted_among_strong_mains_noise_are_named(shared_data: Path) -> None:
    """All but more mains noise, which is nothing new there."""
    kinds = [kind for kind in kinds_of("EEG") if kind != "EEG line noise"]
    share, wrong = named_share(openbci_alpha(shared_data), kinds, 60)
    assert share >= 0.9, wrong


def test_faults_planted_in_skin_conductance_are_named_and_the_rest_is_good(shared_data: Path) -> None:
    stretches = neurokit(shared_data)
    share, wrong = named_share(stretches, kinds_of("GSR"), 60)
    assert share >= ENOUGH, wrong
    assert good(stretches) >= ENOUGH


@pytest.mark.parametrize("modality", ["GSR", "PPG"])
def test_faults_planted_in_a_wristbands_signals_are_named(shared_data: Path, modality: Modality) -> None:
    share, wrong = named_share(wesad(shared_data, "S6", modality), kinds_of(modality), 60)
    assert share >= ENOUGH, wrong
