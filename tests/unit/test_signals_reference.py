"""Features of real recordings beside what MNE, SciPy, the wristband and plain formulas say of the same samples."""

import math
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from msgspec.structs import replace
from scipy import signal, stats
from scipy.interpolate import CubicSpline

from pipeline.files.read import read_recording
from pipeline.files.table import TableOptions
from pipeline.modalities import EEG_CHANNELS, FACE_CHANNELS, Modality
from pipeline.records import Array, FeatureWindow
from pipeline.signals.eda import EdaProcessor
from pipeline.signals.family import BANDS, FACE_ACTIONS, FEATURES
from pipeline.signals.offline import Recorded, extract
from pipeline.signals.processor import Window
from tests.signals_samples import present, stream_info, stream_settings

#: A minute is clean where the wristband's own detector found beats that cover this share of it.
CLEAN = 0.9


def taken(path: Path, modality: Modality, table: TableOptions | None = None, **settings: Any) -> Recorded:
    """Return the stream of a modality in a recording; skip where there is none."""
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    streams = read_recording(path, *([table] if table else [])).streams
    stream = next(one for one in streams if one.info.type == modality)
    return Recorded(stream.info, stream_settings(modality, **settings), stream.times, stream.data)


def part(stream: Recorded, start: float, stop: float) -> Recorded:
    """Return a stretch of a recording (s after its start)."""
    rows = (stream.times >= stream.times[0] + start) & (stream.times < stream.times[0] + stop)
    return stream._replace(times=stream.times[rows], data=stream.data[rows])


def windows_of(stream: Recorded, hop_s: float = 1.0) -> list[FeatureWindow]:
    windows = [window for window in extract({"x": stream}, hop_s=hop_s) if present(window)]
    assert windows
    return windows


def features(windows: list[FeatureWindow]) -> Array:
    """Return the windows' own features, not the relative ones, ``(n_windows, ...)``."""
    return np.array([window.features[0] for window in windows], dtype=np.float64)


def samples_of(stream: Recorded, window: FeatureWindow, values: Array) -> Array:
    """Return those of some values that a window is made from."""
    assert window.valid == 1
    return values[window.first : window.last + 1]


def test_eeg_band_powers_are_those_of_scipys_filter_and_mnes_spectrum(shared_data: Path) -> None:
    """A cap of 32 channels at 128 Hz: filter, splines for channels that it lacks, average reference, spectrum."""
    stream = part(taken(shared_data / "eeg" / "eeglab_data.set", "EEG", unit="uV"), 0, 40)
    sfreq = stream.info.sfreq
    filtered = stream.data.astype(np.float64)
    butter = {"fs": sfreq, "output": "sos"}
    for design in (
        signal.butter(2, [1, 45], "bandpass", **butter),
        signal.butter(1, [48, 52], "bandstop", **butter),
    ):
        zi = signal.sosfilt_zi(design)[:, :, np.newaxis] * filtered[0]
        filtered, _ = signal.sosfilt(design, filtered, axis=0, zi=zi)
    cap = _model_channels(stream.info.ch_names, filtered, sfreq)
    compared = 0
    for window in windows_of(stream):
        if any("not in the stream" not in why for why in window.reasons):
            continue  # electrodes that are bad for a while are interpolated, too
        own = samples_of(stream, window, cap) - samples_of(stream, window, cap).mean(axis=1, keepdims=True)
        density, frequencies = mne.time_frequency.psd_array_welch(
            own.T, sfreq, 0, sfreq / 2, n_fft=len(own), n_per_seg=len(own), window="hann", verbose="ERROR"
        )
        for band, (low, high) in enumerate(BANDS):
            inside = (frequencies >= low) & (frequencies < high)
            power = density[:, inside].sum(axis=1) * (frequencies[1] - frequencies[0])
            expected = 0.5 * np.log(2 * math.pi * math.e * power)
            np.testing.assert_allclose(window.features[0, :, band], expected, atol=2e-3)
        compared += 1
    assert compared > 20


def _model_channels(ch_names: tuple[str, ...], data: Array, sfreq: float) -> Array:
    """Return the model's channels ``(n_times, 18)``, those that the cap lacks by MNE's splines."""
    known = {name.casefold(): name for name in mne.channels.make_standard_montage("colin27_1020").ch_names}
    picks = [i for i, name in enumerate(ch_names) if name.casefold() in known]
    names = [known[ch_names[i].casefold()] for i in picks]
    missing = [name for name in EEG_CHANNELS if name not in names]
    assert missing
    padded = np.concatenate([data[:, picks].T, np.zeros((len(missing), len(data)))])
    info = mne.create_info(names + missing, sfreq, "eeg")
    info.set_montage("colin27_1020")
    raw = mne.io.RawArray(padded, info, verbose="ERROR")
    raw.info["bads"] = missing
    raw.interpolate_bads(origin=(0.0, 0.0, 0.04), verbose="ERROR")
    return np.asarray(raw.get_data(picks=list(EEG_CHANNELS)).T)


@pytest.mark.parametrize("person", ["S2", "S8"])
def test_the_heart_rate_of_a_clean_minute_is_the_wristbands_and_a_peak_detectors(
    shared_data: Path, person: str
) -> None:
    """Within 2 beats a minute of the wristband's own beats, and of peaks that SciPy finds looking both ways."""
    path = shared_data / "wesad_wrist" / person / f"{person}_E4_Data.zip"
    stream = taken(path, "PPG")
    beats = _beats(path)
    pulse = signal.butter(3, [0.7, 5], "bandpass", fs=64, output="sos")
    minutes = 0
    for start in range(0, int(stream.times[-1] - stream.times[0]) - 60, 60):
        mine = beats[(beats[:, 0] >= start) & (beats[:, 0] < start + 60), 1]
        if mine.sum() < CLEAN * 60:
            continue
        minute = part(stream, start, start + 60)
        rate = 60 * np.median(np.exp(features(windows_of(minute))[:, FEATURES["PPG"].names.index("heart_rate_ln")]))
        wave = signal.sosfiltfilt(pulse, minute.data[:, 0].astype(float))
        peaks, _ = signal.find_peaks(wave, distance=26, prominence=0.5 * wave.std())
        assert rate == pytest.approx(60 / mine.mean(), abs=2)
        assert rate == pytest.approx(60 / np.median(np.diff(peaks) / 64), abs=2)
        minutes += 1
    assert minutes >= 4


def _beats(path: Path) -> Array:
    """Return the beats that the wristband found: when (s after the start of the pulse wave), interval (s)."""
    with zipfile.ZipFile(path) as folder:
        first, *rows = folder.read("IBI.csv").decode().split()
        later = float(first.split(",")[0]) - float(folder.read("BVP.csv").decode().split(None, 1)[0].split(",")[0])
    beats = np.array([[float(value) for value in row.split(",")] for row in rows if row != "IBI"])
    beats[:, 0] += later
    return beats


def test_beats_are_those_of_a_spline_through_the_wave(shared_data: Path) -> None:
    """A clean minute: intervals between the maxima of a spline, and NumPy's correlation at the beat's period."""
    stream = taken(shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip", "PPG")
    beats = _beats(shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip")
    covered = np.bincount((beats[:, 0] // 60).astype(int), beats[:, 1])
    minute = part(stream, 60 * covered.argmax(), 60 * covered.argmax() + 60)
    sos = signal.butter(2, [0.5, 8], "bandpass", fs=64, output="sos")
    raw = minute.data[:, 0].astype(float)
    wave, _ = signal.sosfilt(sos, raw, zi=signal.sosfilt_zi(sos) * raw[0])
    for window in windows_of(minute):
        found = dict(zip(FEATURES["PPG"].names, window.features[0].astype(float), strict=True))
        own = samples_of(minute, window, wave)
        own = (own - own.mean()) / own.std()
        correlation = np.correlate(own, own, "full")[len(own) - 1 :] / (len(own) - np.arange(len(own)))
        period = 1 / math.exp(found["heart_rate_ln"])
        assert found["periodicity"] == pytest.approx(min(correlation[round(64 * period)], 1), abs=0.02)
        finely = CubicSpline(np.arange(len(own)) / 64, own)(np.arange(0, (len(own) - 1) / 64, 0.001))
        tops, _ = signal.find_peaks(finely, distance=600 * period, prominence=0.5)
        intervals = np.diff(tops) / 1000
        assert 60 * found["beat_rate"] == pytest.approx(60 / np.median(intervals), abs=1)
        assert math.exp(found["ibi_sd_ln"]) - 0.005 == pytest.approx(intervals.std(), abs=0.005)
        assert math.exp(found["rmssd_ln"]) - 0.005 == pytest.approx(np.sqrt(np.mean(np.diff(intervals) ** 2)), abs=0.01)
        variation = stats.variation(finely[tops])
        assert math.exp(found["amplitude_variation_ln"]) - 0.01 == pytest.approx(variation, abs=0.02)


def test_the_pulse_waves_shape_is_that_of_the_filtered_wave(shared_data: Path) -> None:
    stream = part(taken(shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip", "PPG"), 0, 120)
    sos = signal.butter(2, [0.5, 8], "bandpass", fs=64, output="sos")
    raw = stream.data[:, 0].astype(float)
    wave, _ = signal.sosfilt(sos, raw, zi=signal.sosfilt_zi(sos) * raw[0])
    names = FEATURES["PPG"].names
    for window in windows_of(stream):
        found = dict(zip(names, window.features[0].astype(float), strict=True))
        own = samples_of(stream, window, wave)
        own = own - own.mean()
        assert found["amplitude_ln"] == pytest.approx(math.log(own.std()), abs=1e-3)
        assert found["skewness"] == pytest.approx(np.clip(stats.skew(own), -3, 3), abs=1e-3)
        slope = np.sqrt(np.mean(np.diff(own / own.std()) ** 2)) * 64
        assert found["sharpness_ln"] == pytest.approx(math.log(slope + 0.1), abs=1e-3)
        frequencies, power = signal.periodogram(own, 64, window="hann", nfft=4096, detrend=False)
        heart = (frequencies >= 1 / 1.5) & (frequencies <= 3)
        assert math.exp(found["spectral_rate_ln"]) == pytest.approx(frequencies[heart][power[heart].argmax()], abs=0.05)


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


def test_skin_temperature_by_scipys_regression(shared_data: Path) -> None:
    stream = part(taken(shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip", "Temperature"), 60, 300)
    for window in windows_of(stream):
        own = samples_of(stream, window, stream.data[:, 0].astype(float))
        slope = stats.linregress(samples_of(stream, window, stream.times), own).slope
        expected = [own.mean(), slope, math.log(own.std() + 0.005), own[-1] - own.mean()]
        np.testing.assert_allclose(window.features[0], expected, atol=2e-4)


def test_motion_by_plain_formulas(shared_data: Path) -> None:
    stream = part(taken(shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip", "Motion"), 0, 120)
    for window in windows_of(stream):
        own = samples_of(stream, window, stream.data.astype(float))
        magnitude = np.linalg.norm(own, axis=1)
        jerk = np.abs(np.diff(magnitude)).sum() / (len(own) - 1) * 32
        expected = [
            *own.mean(axis=0), *np.log(own.std(axis=0) + 0.002), magnitude.mean(), math.log(magnitude.std() + 0.002),
            math.log(jerk + 0.02), math.log(np.abs(magnitude - magnitude.mean()).max() + 0.005),
        ]  # fmt: skip
        np.testing.assert_allclose(window.features[0], expected, atol=1e-3)


def test_the_face_by_plain_formulas(shared_data: Path) -> None:
    path = shared_data / "face" / "astronaut_motion_blendshapes.csv"
    stream = taken(path, "Face", TableOptions(type="Face", time="t_s"), stamps="as-is")
    for window in windows_of(stream):
        own = samples_of(stream, window, stream.data.astype(float)) if window.valid == 1 else None
        if own is None or not (own[:, 0] == 1).all():
            continue
        column = {name: own[:, FACE_CHANNELS.index(name)] for name in FACE_CHANNELS}
        actions = {name: np.mean([column[one] for one in parts], axis=0) for name, parts in FACE_ACTIONS.items()}
        steps = np.linalg.norm(np.diff([column[name] for name in ("tx_cm", "ty_cm", "tz_cm")], axis=1), axis=0)
        angles = [column[name] for name in ("yaw_deg", "pitch_deg", "roll_deg")]
        expected = [
            *(math.log(one.mean() + 0.02) for one in actions.values()),
            *(math.log(one.std() + 0.005) for one in actions.values()),
            (column["mouthSmileLeft"] - column["mouthSmileRight"]).mean(),
            (column["browOuterUpLeft"] - column["browOuterUpRight"]).mean(),
            (actions["eyeBlink"] > 0.5).mean(),
            *(one.mean() for one in angles),
            *(math.log(one.std() + 0.1) for one in angles),
            math.log(abs(column["tz_cm"].mean())),
            math.log((steps * 30).mean() + 0.5),
            1.0,
        ]
        np.testing.assert_allclose(window.features[0], expected, atol=5e-3)
