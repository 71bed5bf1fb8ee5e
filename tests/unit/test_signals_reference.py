"""Features of real recordings beside what MNE, SciPy, the wristband and plain formulas say of the same samples."""

import math
import zipfile
from pathlib import Path

import mne
import numpy as np
import pytest
from scipy import signal, stats
from scipy.interpolate import CubicSpline

from pipeline.files.table import TableOptions
from pipeline.modalities import EEG_CHANNELS, FACE_CHANNELS
from pipeline.records import Array
from pipeline.signals.family import BANDS, FACE_ACTIONS, FEATURES
from tests.references import features, part, samples_of, taken, windows_of

#: A minute is clean where the wristband's own detector found beats that cover this share of it.
CLEAN = 0.9


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
