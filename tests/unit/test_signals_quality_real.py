"""Signal quality of real recordings: blinks, clenched jaws, alpha, and faults planted in them."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.signal import butter, sosfiltfilt

from benchmarks.planted import KINDS
from benchmarks.quality import NAMED, STRETCH_S, Stretch, good, planted, windows_of
from pipeline.files.read import read_recording
from pipeline.files.table import TableOptions
from pipeline.modalities import EEG_CHANNELS
from pipeline.records import FeatureWindow
from tests.signals_samples import stream_info

ENOUGH = 0.95
#: Where the electrodes of the first example recording of the OpenBCI GUI are.
OPENBCI = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
#: When its alpha begins and ends (s).
ALPHA_S = (28.0, 75.0)


def cut_up(whole: Stretch, *, every_s: float = STRETCH_S) -> list[Stretch]:
    """Return stretches of a recording, one every so many seconds."""
    length, step = (round(seconds * whole.info.sfreq) for seconds in (STRETCH_S, every_s))
    firsts = range(0, len(whole.data) - length + 1, step)
    return [whole._replace(data=whole.data[first : first + length]) for first in firsts]


def named_share(stretches: list[Stretch], kinds: list[str], plantings: int) -> tuple[float, list[object]]:
    found = planted(stretches, kinds, plantings, 7)
    wrong = [one for one in found if one[-1] != NAMED]
    return 1 - len(wrong) / plantings, wrong


@pytest.fixture(scope="module")
def openbci(shared_data: Path) -> Stretch:
    path = shared_data / "eeg" / "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
    data = np.loadtxt(path, delimiter=",", skiprows=5, usecols=range(1, 9), dtype=np.float32)
    return Stretch(stream_info("EEG", sfreq=250.0, ch_names=OPENBCI), data, OPENBCI)


@pytest.fixture(scope="module")
def openbci_windows(openbci: Stretch) -> list[FeatureWindow]:
    return windows_of(openbci)


def within(signal: np.ndarray, window: FeatureWindow) -> np.ndarray:
    stop = round(window.end * 250)
    return signal[stop - 250 : stop]


def muscles(openbci: Stretch, windows: list[FeatureWindow]) -> np.ndarray:
    """Return how strong each window is within 70-110 Hz, which no processor looks at, beside the recording's median."""
    band = sosfiltfilt(butter(4, [70, 110], "band", fs=250, output="sos"), openbci.data, axis=0)
    usual = np.median(np.abs(band), axis=0)
    return np.array([(within(band, window).std(axis=0) / usual).max() for window in windows])


def eyes(openbci: Stretch, windows: list[FeatureWindow]) -> np.ndarray:
    """Return the peak to peak over the forehead within 1-10 Hz (uV)."""
    slow = sosfiltfilt(butter(2, [1, 10], "band", fs=250, output="sos"), openbci.data[:, :2], axis=0)
    return np.array([np.ptp(within(slow, window), axis=0).max() for window in windows])


def test_clenched_jaws_lower_the_quality_while_they_last(openbci, openbci_windows) -> None:
    clenched = muscles(openbci, openbci_windows) > 4
    quality = np.array([window.quality for window in openbci_windows])
    assert clenched.sum() > 40
    assert (quality[clenched] < 0.9).mean() >= ENOUGH


def test_blinks_lower_the_quality_while_they_last(openbci, openbci_windows) -> None:
    blinking = (eyes(openbci, openbci_windows) > 150) & (muscles(openbci, openbci_windows) < 3)
    quality = np.array([window.quality for window in openbci_windows])
    assert blinking.sum() > 25
    assert (quality[blinking] < 0.9).mean() >= ENOUGH


def test_alpha_does_not_lower_the_quality(openbci_windows) -> None:
    begin, end = ALPHA_S
    alpha = [window for window in openbci_windows if begin + 1 <= window.end <= end]
    assert len(alpha) > 150
    assert np.mean([window.quality == 1.0 for window in alpha]) >= ENOUGH
    # The room's mains noise is in all channels, filtered out, and said.
    assert {window.reasons for window in alpha} == {("60 Hz noise on most channels",)}


def test_faults_planted_in_a_real_cap_are_named(shared_data: Path) -> None:
    stream = next(s for s in read_recording(shared_data / "eeg" / "eeglab_data.set").streams if s.info.type == "EEG")
    scalp = [i for i, name in enumerate(stream.info.ch_names) if not name.startswith("EOG")]
    info = stream_info("EEG", sfreq=128.0, ch_names=tuple(stream.info.ch_names[i] for i in scalp))
    stretches = cut_up(Stretch(info, stream.data[:, scalp], EEG_CHANNELS))
    share, wrong = named_share(stretches, [kind for kind in KINDS if kind.startswith("EEG")], 200)
    assert share >= ENOUGH, wrong


def test_faults_planted_among_strong_mains_noise_are_named(openbci: Stretch) -> None:
    """All but more mains noise, which is nothing new there."""
    alpha = openbci._replace(data=openbci.data[round(250 * ALPHA_S[0]) : round(250 * ALPHA_S[1])])
    kinds = [kind for kind in KINDS if kind.startswith("EEG") and kind != "EEG line noise"]
    share, wrong = named_share(cut_up(alpha), kinds, 100)
    assert share >= 0.9, wrong


@pytest.mark.parametrize("name", ["bio_resting_8min_100hz.csv", "bio_eventrelated_100hz.csv"])
def test_faults_planted_in_skin_conductance_are_named_and_the_rest_is_good(shared_data: Path, name: str) -> None:
    options = TableOptions(type="GSR", channels=("EDA",), unit="uS", sfreq=100.0)
    (stream,) = read_recording(shared_data / "eda" / name, options).streams
    stretches = cut_up(Stretch(stream_info("GSR", sfreq=100.0), stream.data.astype(np.float32)))
    share, wrong = named_share(stretches, [kind for kind in KINDS if kind.startswith("GSR")], 50)
    assert share >= ENOUGH, wrong
    assert good(stretches) >= ENOUGH


@pytest.mark.parametrize("modality", ["GSR", "PPG"])
def test_faults_planted_in_a_wristbands_signals_are_named(shared_data: Path, modality) -> None:
    path = shared_data / "wesad_wrist" / "S6" / "S6_E4_Data.zip"
    stream = next(s for s in read_recording(path).streams if s.info.type == modality)
    whole = Stretch(replace(stream_info(modality), sfreq=stream.info.sfreq), stream.data.astype(np.float32))
    stretches = cut_up(whole, every_s=300.0)
    share, wrong = named_share(stretches, [kind for kind in KINDS if kind.startswith(modality)], 100)
    assert share >= ENOUGH, wrong
