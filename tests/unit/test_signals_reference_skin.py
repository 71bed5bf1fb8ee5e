"""Skin conductance of real recordings beside what SciPy and plain formulas say of the same samples."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import signal, stats

from pipeline.files.table import TableOptions
from pipeline.signals.eda import EdaProcessor
from pipeline.signals.family import FEATURES
from pipeline.signals.offline import Recorded
from pipeline.signals.processor import Window
from tests.references import features, samples_of, taken, windows_of
from tests.signals_samples import stream_info, stream_settings


@pytest.fixture(scope="module")
def skin(shared_data: Path) -> Recorded:
    table = TableOptions(type="GSR", channels=("EDA",), unit="uS", sfreq=100.0)
    return taken(shared_data / "eda" / "bio_eventrelated_100hz.csv", "GSR", table)


@pytest.mark.parametrize(("stimulus", "responds"), [(10.2, True), (49.6, True), (92.2, False), (129.8, True)])
def test_a_response_begins_within_five_seconds_after_a_stimulus(
    skin: Recorded, stimulus: float, responds: bool
) -> None:
    """The third picture was followed by none: the conductance goes on falling, whichever way one looks."""
    conductance = skin.data[:, 0].astype(float)
    looking_both_ways = signal.sosfiltfilt(signal.butter(2, 1, fs=100, output="sos"), conductance)
    stretch = slice(round(100 * stimulus), round(100 * (stimulus + 7)))
    rises = np.diff(looking_both_ways[stretch]) > 0
    if not responds:
        assert _largest(skin, stimulus, stretch.stop) == 0
        assert not rises[: 5 * 100].any()
        return
    whole = _largest(skin, stimulus, stretch.stop)
    starts = np.arange(stimulus, stimulus + 6, 0.05)
    onset = max(start for start in starts if _largest(skin, start, stretch.stop) > whole - 0.001)
    assert 0 < onset - stimulus < 5
    trough = stretch.start + np.flatnonzero(np.diff(rises.astype(int)) > 0) + 1
    assert min(abs(trough / 100 - onset)) < 0.5


def _largest(skin: Recorded, start: float, stop: int) -> float:
    """Return the amplitude (uS) of the largest response of a stretch, 0 without one."""
    processor = EdaProcessor(100.0)
    conditioned = processor.process(skin.data.astype(float))
    rows = slice(round(100 * start), stop)
    window = Window(conditioned.data[rows], conditioned.ok[rows], skin.times[rows])
    found = dict(zip(FEATURES["GSR"].names, processor.measure(window).values.tolist(), strict=True))
    return math.exp(found["scr_amplitude_ln"]) - 0.01 if found["scr_rate"] else 0.0


def test_the_tonic_level_is_near_that_of_a_decomposition_that_looks_both_ways(
    shared_data: Path, skin: Recorded
) -> None:
    """Within 5 %, as NeuroKit's high-pass method splits it; where large responses begin, a causal one lags."""
    resting = TableOptions(type="GSR", channels=("EDA",), unit="uS", sfreq=100.0)
    calm = taken(shared_data / "eda" / "bio_resting_8min_100hz.csv", "GSR", resting)
    for stream, share in ((skin, 0.9), (calm, 0.99)):
        offline = signal.sosfiltfilt(signal.butter(2, 0.05, fs=100, output="sos"), stream.data[:, 0].astype(float))
        windows = windows_of(stream)[10:-10]
        names = FEATURES["GSR"].names
        level, phasic = features(windows)[:, [names.index("level_ln"), names.index("phasic_mean")]].T
        tonic = np.exp(level) - 0.05 * np.sinh(phasic)
        expected = np.array([samples_of(stream, window, offline).mean() for window in windows])
        off = np.abs(tonic / expected - 1)
        assert np.median(off) < 0.02
        assert np.mean(off < 0.05) > share


def test_skin_conductance_by_plain_formulas(shared_data: Path) -> None:
    """BioSPPy's recording at 1 kHz, whose counts are taken for 5 uS on average: a window has every 125th sample."""
    path = shared_data / "eda" / "biosppy_eda.txt"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    counts = np.loadtxt(path)[:60_000]
    raw = (5 * counts / counts.mean()).astype(np.float32).astype(float)
    info = replace(stream_info("GSR"), sfreq=1000.0)
    stream = Recorded(info, stream_settings("GSR", stamps="regular"), 100 + np.arange(len(raw)) / 1000, raw[:, None])
    sos = signal.butter(2, 1, fs=1000, output="sos")
    smooth, _ = signal.sosfilt(sos, raw, zi=signal.sosfilt_zi(sos) * raw[0])
    sos = signal.butter(1, 0.05, fs=1000, output="sos")
    phasic = smooth - signal.sosfilt(sos, smooth, zi=signal.sosfilt_zi(sos) * smooth[0])[0]
    responses = 0
    for window in windows_of(stream):
        own, fast = (samples_of(stream, window, one)[::-125][::-1] for one in (smooth, phasic))
        speed = 8 * np.diff(own)
        # Peaks and troughs are those of NumPy's sign changes, with the window's ends.
        turns = np.flatnonzero(np.diff(np.sign(speed), prepend=0.0, append=0.0))
        rises = [(own[b] - own[a], (b - a) / 8) for a, b in pairwise(turns.tolist()) if own[b] - own[a] >= 0.05]
        amplitude, lasts = max(rises, default=(0.0, 0.0))
        expected = [
            math.log(own.mean()),
            stats.linregress(np.arange(len(own)) / 8, own).slope / own.mean(),
            math.asinh(fast.mean() / 0.05),
            math.log(fast.std() + 0.001),
            math.log(np.ptp(own) + 0.001),
            math.log(np.where(speed > 0, speed, 0).mean() + 0.001),
            math.log(np.where(speed < 0, -speed, 0).mean() + 0.001),
            (speed > 0).mean(),
            len(rises) / len(own) * 8,
            math.log(amplitude + 0.01),
            lasts,
            math.log(4 * np.std(own[8:] - 2 * own[4:-4] + own[:-8]) + 0.001),
        ]
        np.testing.assert_allclose(window.features[0], expected, atol=1e-4)
        responses += len(rises)
    assert responses
