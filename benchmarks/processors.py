"""What each processor costs live, beside the plainest SciPy program that computes the same numbers.

``python -m benchmarks.processors [--seconds S]`` prints a table: CPU seconds per second of stream, as shares of a core,
with chunks of 40 ms and windows four times a second. *ours* is the whole way of a chunk: units, time axis, filter,
windows, quality in words, relative half. *SciPy* filters each chunk forward and computes the window's features from an
array of the last seconds: no quality, no gaps, no stamps.
"""

import argparse
import time
from collections.abc import Callable

import mne
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.signal import butter, find_peaks, sosfilt, sosfilt_zi

from pipeline.modalities import FACE_CHANNELS, UNITS, Modality
from pipeline.records import Chunk, FeatureWindow, StreamInfo
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.family import BANDS, FACE_ACTIONS
from pipeline.signals.filters import MAINS
from pipeline.signals.participant import ParticipantProcessor

CHUNK_S, HOP_S = 0.04, 0.25
#: Modality, channels, rate (Hz).
CASES: list[tuple[Modality, int, float]] = [
    ("EEG", 32, 500.0), ("EEG", 64, 1000.0), ("GSR", 1, 500.0), ("GSR", 1, 1000.0), ("PPG", 1, 500.0),
    ("PPG", 1, 1000.0), ("Temperature", 1, 500.0), ("Temperature", 1, 1000.0), ("Motion", 3, 500.0),
    ("Motion", 3, 1000.0), ("Face", 59, 30.0),
]  # fmt: skip
Measure = Callable[[np.ndarray, float], object]


def names_of(modality: Modality, n_channels: int) -> tuple[str, ...]:
    """Return the channels of a stream; an EEG cap's are places that a 10-05 cap has."""
    if modality == "EEG":
        places = mne.channels.make_standard_montage("colin27_1005").ch_names
        return tuple(name for name in places if not name.endswith("h"))[:n_channels]
    return FACE_CHANNELS if modality == "Face" else tuple(f"{modality}{i}" for i in range(n_channels))


def signal_of(modality: Modality, n_channels: int, sfreq: float, seconds: float) -> np.ndarray:
    """Return undisturbed samples, float32 ``(n_times, n_channels)``."""
    times = np.arange(round(seconds * sfreq))[:, np.newaxis] / sfreq
    noise = np.random.default_rng(0).normal(size=(len(times), n_channels))
    match modality:
        case "EEG":
            made = 10 * noise
        case "GSR":
            made = 5 + np.sin(times) + 0.01 * noise
        case "PPG":
            made = np.sin(2 * np.pi * 1.2 * times) + 0.05 * noise
        case "Temperature":
            made = 33 + 0.05 * noise
        case "Motion":
            made = [0.0, 0.0, 1.0] + 0.02 * noise
        case _:
            made = np.abs(0.1 * noise)
            made[:, 0] = 1.0
    return made.astype(np.float32)


def ours(modality: Modality, names: tuple[str, ...], sfreq: float, data: np.ndarray) -> float:
    """Return the CPU seconds that the processor takes."""
    info = StreamInfo(
        stream="x", name="x", type=modality, source_id="", sfreq=sfreq, ch_names=names,
        units=(UNITS[modality],) * len(names), format="float32", host="", uid="", use=modality,
        can_drop_samples=modality == "Face",
    )  # fmt: skip
    streams = {"x": (info, StreamSettings(match=Match(type=modality), use=modality))}
    model = names if modality == "EEG" else ()
    processor = ParticipantProcessor(streams, hop_s=HOP_S, **({"eeg_channels": model} if model else {}))
    times = 1000 + np.arange(len(data)) / sfreq
    size = max(1, round(CHUNK_S * sfreq))
    chunks = [
        Chunk(1, first, times[first : first + size], 0.0, data[first : first + size], float(times[first]))
        for first in range(0, len(data), size)
    ]
    windows: list[FeatureWindow] = []
    took = cpu_s(lambda: windows.extend(w for chunk in chunks for w in processor.process("x", chunk)))
    made = sum(bool(np.isfinite(window.features).all()) for window in windows)
    if made < (len(data) / sfreq - 15) / HOP_S:
        raise SystemExit(f"{modality}: only {made} windows have features")
    return took


def plain(filters: list[np.ndarray], window: int, measure: Measure, sfreq: float, data: np.ndarray) -> float:
    """Return the CPU seconds of SciPy's filters on each chunk, and of `measure` on the last samples every hop."""
    kept = np.zeros((window, data.shape[1]))
    states = [sosfilt_zi(sos)[:, :, np.newaxis] * data[0] for sos in filters]
    size, hop = max(1, round(CHUNK_S * sfreq)), round(HOP_S * sfreq)

    def run() -> None:
        nonlocal kept
        for first in range(0, len(data), size):
            chunk = data[first : first + size].astype(float)
            for i, sos in enumerate(filters):
                chunk, states[i] = sosfilt(sos, chunk, axis=0, zi=states[i])
            kept = np.concatenate([kept[len(chunk) :], chunk])
            if first >= window and first // hop != (first + size) // hop:
                measure(kept, sfreq)

    return cpu_s(run)


def eeg(window: np.ndarray, sfreq: float) -> object:
    """Return the logarithm of each channel's power in each band, of the average reference."""
    own = (window - window.mean(axis=1, keepdims=True)).astype(np.float32).T * np.hanning(len(window))
    power = np.abs(np.fft.rfft(own)) ** 2
    edges = [(round(low * len(window) / sfreq), round(high * len(window) / sfreq)) for low, high in BANDS]
    return np.log([power[:, low:high].sum(axis=1) for low, high in edges])


def gsr(window: np.ndarray, sfreq: float) -> object:
    """Return levels, speeds, curvature and rises of what passed the low-pass."""
    own = window[:: -round(sfreq / 8), 0][::-1]
    speed, bend = np.diff(own), own[8:] - 2 * own[4:-4] + own[:-8]
    troughs, _ = find_peaks(-own)
    moments = [own.mean(), own.std(), np.ptp(own), speed.clip(0).mean(), -speed.clip(None, 0).mean(), bend.std()]
    return [*moments, (speed > 0).mean(), np.polyfit(np.arange(len(own)), own, 1)[0], len(troughs)]


def ppg(window: np.ndarray, sfreq: float) -> object:
    """Return rate by autocorrelation and spectrum, beats, and moments of the wave."""
    own = window[:: -int(sfreq / 64), 0][::-1]
    own = (own - own.mean()) / own.std()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(own, 2 * len(own))) ** 2)
    spectrum = np.abs(np.fft.rfft(own * np.hanning(len(own)), 4 * len(own))) ** 2
    beats, _ = find_peaks(own, distance=20, prominence=0.5)
    gaps = np.diff(beats)
    shape = [(own**3).mean(), np.sqrt((np.diff(own) ** 2).mean())]
    return [correlation[20:100].argmax(), spectrum.argmax(), np.median(gaps), gaps.std(), own[beats].std(), *shape]


def temperature(window: np.ndarray, sfreq: float) -> object:
    """Return level, slope, spread and departure."""
    own = window[:, 0]
    place = np.arange(len(own)) / sfreq - len(own) / sfreq / 2
    return [own.mean(), (place * own).sum() / (place * place).sum(), own.std(), own[-1] - own.mean()]


def motion(window: np.ndarray, sfreq: float) -> object:
    """Return means and spreads of the axes and of the magnitude, and jerk."""
    magnitude = np.sqrt((window**2).sum(axis=1))
    jerk = np.abs(np.diff(magnitude)).mean() * sfreq
    return [window.mean(axis=0), window.std(axis=0), magnitude.mean(), magnitude.std(), jerk, np.ptp(magnitude)]


def face(window: np.ndarray, _: float) -> object:
    """Return mean and spread of each action and of the pose."""
    places = [[FACE_CHANNELS.index(name) for name in parts] for parts in FACE_ACTIONS.values()]
    actions = np.array([window[:, place].mean(axis=1) for place in places])
    return [np.log(actions.mean(axis=1)), np.log(actions.std(axis=1)), window[:, 53:].mean(0), window[:, 53:].std(0)]


def floor(modality: Modality, sfreq: float, data: np.ndarray) -> float:
    """Return the CPU seconds of the same numbers by plain SciPy."""

    def sos(order: int, edges: object, kind: str) -> np.ndarray:
        return np.asarray(butter(order, edges, kind, fs=sfreq, output="sos"))

    match modality:
        case "EEG":
            filters = [
                np.concatenate([sos(2, [1, 45], "bandpass"), *(sos(1, [f - 2, f + 2], "bandstop") for f in MAINS)])
            ]
        case "GSR":
            filters = [sos(2, 1, "lowpass"), sos(1, 0.05, "lowpass")]
        case "PPG":
            filters = [sos(2, [0.5, 8], "bandpass")]
        case _:
            filters = []
    seconds = {"EEG": 1, "Face": 1, "Temperature": 10}.get(modality, 5)
    measure = {"EEG": eeg, "GSR": gsr, "PPG": ppg, "Temperature": temperature, "Motion": motion, "Face": face}[modality]
    return plain(filters, round(seconds * sfreq), measure, sfreq, data)


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    table = Table("processor", "channels x Hz", "ours", "SciPy", "ratio", box=None, pad_edge=False)
    for modality, n_channels, sfreq in CASES:
        names = names_of(modality, n_channels)
        data = signal_of(modality, n_channels, sfreq, seconds)
        took, least = ours(modality, names, sfreq, data) / seconds, floor(modality, sfreq, data) / seconds
        case = f"{n_channels} x {sfreq:g}"
        table.add_row(modality, case, f"{took:.2%}", f"{least:.2%}", f"{took / least:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
