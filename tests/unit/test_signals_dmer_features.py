"""EEG, GSR and PPG of the family ``dmer`` against values computed here from the definitions, in double precision."""

import cmath
import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import butter, sosfilt, sosfilt_zi

from pipeline.errors import BadInput
from pipeline.signals.dmer.eeg import DmerEegProcessor
from pipeline.signals.dmer.features import CHANNELS, COLUMNS, FEATURES
from pipeline.signals.dmer.gsr import DmerGsrProcessor
from pipeline.signals.dmer.ppg import DmerPpgProcessor
from pipeline.signals.dmer.wave import wave_features
from pipeline.signals.processor import Window
from tests.dmer_sensors import CHANNELS as STREAMS
from tests.dmer_sensors import signal

BANDS = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 49))
EXACT = {"rtol": 1e-9, "atol": 1e-9}


def window_of(processor, data, n_times, last=None):
    """Condition a whole recording and return the window of `n_times` samples that ends before row `last`."""
    conditioned = processor.process(data[:, list(processor.picks)].astype(np.float64))
    rows = slice((len(data) if last is None else last) - n_times, last)
    return Window(conditioned.data[rows], conditioned.ok[rows], np.arange(len(data))[rows].astype(float))


def filtered(data, *designs):
    """Filter forward, as if the first sample had lasted for ever."""
    for design in designs:
        delays = sosfilt_zi(design)[:, :, np.newaxis] * data[0]
        data, _ = sosfilt(design, data, axis=0, zi=delays)
    return data


def dft(values):
    n = len(values)
    return [sum(x * cmath.exp(-2j * math.pi * k * i / n) for i, x in enumerate(values)) for k in range(n)]


def seven(values):
    low, high = min(values), max(values)
    shares = [sum(x == extreme for x in values) / len(values) for extreme in (low, high)]
    return [statistics.median(values), statistics.fmean(values), statistics.pstdev(values), low, high, *shares]


def six(values):
    """Median, mean, standard deviation, minimum, maximum and range of the complex spectrum; the real parts."""
    spectrum = sorted(dft(values), key=lambda z: (z.real, z.imag))
    n = len(spectrum)
    median = spectrum[n // 2] if n % 2 else (spectrum[n // 2 - 1] + spectrum[n // 2]) / 2
    mean = sum(spectrum) / n
    spread = math.sqrt(sum(abs(z - mean) ** 2 for z in spectrum) / n)
    low, high = spectrum[0], spectrum[-1]
    return [median.real, mean.real, spread, low.real, high.real, (high - low).real]


def twenty_seven(values):
    values = [float(x) for x in values]
    first = [b - a for a, b in pairwise(values)]
    second = [b - a for a, b in pairwise(first)]
    return [*seven(values), *seven(first), *seven(second), *six(values)]


def welch_mean(values, fs=4):
    """Mean of the one-sided density of one segment under a periodic Hann window, its mean taken off."""
    n = len(values)
    taper = [0.5 - 0.5 * math.cos(2 * math.pi * i / n) for i in range(n)]
    mean = sum(values) / n
    spectrum = dft([(x - mean) * w for x, w in zip(values, taper, strict=True)])[: n // 2 + 1]
    density = [abs(z) ** 2 / (fs * sum(w * w for w in taper)) for z in spectrum]
    doubled = [p if k in {0, n // 2} else 2 * p for k, p in enumerate(density)]
    return sum(doubled) / len(doubled)


def entropy(window):
    """0.5 ln(mean energy) + 0.5 ln(2 pi e / round(300 / 256)) of 300 samples, of which the transform sees 256."""
    tapered = [x * (0.5 - 0.5 * math.cos(2 * math.pi * i / 299)) for i, x in enumerate(window)][:256]
    energy = [abs(z) ** 2 for z in dft(tapered)[:128]]
    found = []
    for low, high in BANDS:
        bins = energy[math.floor(low / 300 * 256) : math.floor(high / 300 * 256) + 1]
        found.append(0.5 * math.log(sum(bins) / len(bins)) + 0.5 * math.log(2 * math.pi * math.e / round(300 / 256)))
    return found


def test_there_are_913_columns_in_dmers_order():
    assert COLUMNS == 913
    assert {name: math.prod(spec.shape) for name, spec in FEATURES.items()} == {
        "EEG": 90, "GSR": 28, "PPG": 27, "Face": 768,
    }  # fmt: skip
    assert list(FEATURES) == ["EEG", "GSR", "PPG", "Face"]
    for spec in FEATURES.values():
        assert len(set(spec.names)) == math.prod(spec.shape) == len(spec.floors)
    assert FEATURES["EEG"].names[2 + 5 * 3] == f"{CHANNELS[3]} 8-14 Hz"


def test_differential_entropy_of_the_cap_referred_to_pz():
    data = signal("EEG", 4)
    window = window_of(DmerEegProcessor(STREAMS["EEG"], 300.0, CHANNELS), data, 300)
    clean = filtered(
        data.astype(np.float64),
        butter(4, [1, 50], "bandpass", fs=300, output="sos"),
        butter(1, [49, 51], "bandstop", fs=300, output="sos"),
    )
    referred = (clean[:, 1:] - clean[:, :1])[-300:, ::-1]  # the cap has the model's channels in reverse, after Pz
    measured = DmerEegProcessor(STREAMS["EEG"], 300.0, CHANNELS).measure(window)
    np.testing.assert_allclose(measured.values, [entropy(channel.tolist()) for channel in referred.T], **EXACT)
    assert (measured.quality, measured.reasons) == (1.0, ())


def test_a_cap_without_pz_is_taken_as_referred_to_it_and_says_so():
    data = signal("EEG", 4)[:, 1:]
    processor = DmerEegProcessor(STREAMS["EEG"][1:], 300.0, CHANNELS)
    assert processor.notices == ("EEG: no Pz in the stream, which is taken as referred to it.",)
    with_silence = DmerEegProcessor(STREAMS["EEG"], 300.0, CHANNELS)
    silent = np.concatenate([np.zeros((len(data), 1), np.float32), data], axis=1)
    expected = with_silence.measure(window_of(with_silence, silent, 300))
    measured = processor.measure(window_of(processor, data, 300))
    np.testing.assert_array_equal(measured.values, expected.values)


def test_bad_eeg_channels_are_named_and_lower_the_quality():
    data = signal("EEG", 4)
    data[:, 1] = data[:, 0]  # T4 is short-circuited with the reference
    processor = DmerEegProcessor(STREAMS["EEG"], 300.0, CHANNELS)
    measured = processor.measure(window_of(processor, data, 300))
    assert measured.reasons == ("T4 flat",)
    assert measured.quality == pytest.approx(17 / 18)
    assert np.isfinite(measured.values).all()
    data[:, 1:] = data[:, :1]
    assert processor.measure(window_of(processor, data, 300)).quality == 0


def test_a_cap_that_lacks_a_channel_of_the_model_is_refused():
    with pytest.raises(BadInput, match=r"interpolates none; the stream lacks P3: rename them"):
        DmerEegProcessor(STREAMS["EEG"][:-1], 300.0, CHANNELS)


@pytest.mark.parametrize("last", [20, 27, 60])
def test_gsr(last):
    data = np.round(signal("GSR", 15), 2)  # so that several samples are equal to the extremes
    processor = DmerGsrProcessor(4.0)
    window = window_of(processor, data, 20, last)
    values = data[last - 20 : last, 0].astype(np.float64).tolist()
    measured = processor.measure(window)
    np.testing.assert_allclose(measured.values, [*twenty_seven(values), welch_mean(values)], **EXACT)
    assert measured.quality == 1


def test_gsr_without_skin_and_flat_gsr_are_named():
    processor = DmerGsrProcessor(4.0)
    off = processor.measure(window_of(processor, np.zeros((20, 1)), 20))
    assert (off.quality, off.reasons) == (0.0, ("no skin contact (below 0.05 uS)",))
    processor.reset()
    flat = processor.measure(window_of(processor, np.full((20, 1), 3.0), 20))
    assert (flat.quality, flat.reasons) == (0.2, ("flat",))
    assert flat.values[5:7].tolist() == [1.0, 1.0]  # every sample is the minimum, and the maximum


def test_ppg():
    data = signal("PPG", 12)
    processor = DmerPpgProcessor(100.0)
    measured = processor.measure(window_of(processor, data, 500))
    clean = filtered(data.astype(np.float64), butter(3, [0.5, 8], "bandpass", fs=100, output="sos"))
    np.testing.assert_allclose(measured.values, twenty_seven(clean[-500:, 0].tolist()), **EXACT)
    assert measured.quality > 0.8


def test_flat_ppg_is_named():
    processor = DmerPpgProcessor(100.0)
    measured = processor.measure(window_of(processor, np.full((800, 1), 7.0), 500))
    assert (measured.quality, measured.reasons) == (0.0, ("flat",))


@pytest.mark.parametrize("n_times", [7, 20, 33])
def test_shares_count_every_sample_that_is_equal_to_an_extreme(n_times):
    values = np.random.default_rng(n_times).integers(0, 4, n_times).astype(np.float64)
    np.testing.assert_allclose(wave_features(values), twenty_seven(values), **EXACT)


@pytest.mark.parametrize(("make", "expected"), [
    (lambda: DmerGsrProcessor(3.9), r"GSR at 3.9 Hz is too slow .* 4 Hz or more"),
    (lambda: DmerPpgProcessor(19.0), r"PPG at 19 Hz is too slow .* 20 Hz or more"),
    (lambda: DmerEegProcessor(STREAMS["EEG"], 125.0, CHANNELS), r"EEG at 125 Hz is too slow .* 128 Hz or more"),
])  # fmt: skip
def test_a_stream_that_is_too_slow_is_refused(make, expected):
    with pytest.raises(BadInput, match=expected):
        make()
