"""What DMER's public features cost live, and whether LBP-TOP keeps up with a camera.

``python -m benchmarks.dmer [--seconds S]`` prints one JSON object, CPU seconds per second of stream (shares of a core):

- ``lbp_top``: the patterns of grey frames of 640 x 480, 30 a second, in the filming process;
- ``EEG``, ``GSR``, ``PPG``, ``Face``: from chunks of 40 ms to four windows a second, at the definitions' rates;
- ``EEG_scipy``, ``GSR_scipy``, ``PPG_scipy``: the same numbers by plain SciPy on the whole recording: the floor.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt, welch
from scipy.signal.windows import hann

from pipeline.modalities import Modality
from pipeline.records import Chunk, StreamInfo
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.dmer.features import BANDS, CHANNELS, PATTERNS
from pipeline.signals.dmer.lbp_top import LbpTop
from pipeline.signals.participant import ParticipantProcessor

HOP_S = 0.25
CHUNK_S = 0.04
RATES = {"EEG": 300.0, "GSR": 4.0, "PPG": 100.0, "Face": 30.0}
NAMES = {"EEG": (*CHANNELS, "Pz"), "GSR": ("EDA",), "PPG": ("BVP",), "Face": PATTERNS}
UNITS = {"EEG": "uV", "GSR": "uS", "PPG": "a.u.", "Face": "count"}


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def lbp_top(seconds: float) -> float:
    """Return the share of one core that the patterns of 640 x 480 take."""
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (480, 640), np.uint8)
    frames = [np.roll(scene, t, axis=1) for t in range(30)]
    counter = LbpTop()
    return cpu(lambda: [counter.process(frames[i % 30]) for i in range(round(30 * seconds))]) / seconds


def signal(modality: Modality, seconds: float) -> np.ndarray:
    """Return made-up samples, float32 ``(n_times, n_channels)``."""
    times = np.arange(round(seconds * RATES[modality]))[:, np.newaxis] / RATES[modality]
    noise = np.random.default_rng(0).normal(size=(len(times), len(NAMES[modality])))
    match modality:
        case "EEG":
            made = 10 * noise
        case "Face":
            made = np.round(400 + 20 * noise)
        case _:
            made = 5 + np.sin(2 * np.pi * times) + 0.01 * noise
    return made.astype(np.float32)


def live(modality: Modality, seconds: float) -> float:
    """Return the share of one core that the processor takes."""
    rate, names = RATES[modality], NAMES[modality]
    info = StreamInfo(
        stream="x", name="x", type=modality, source_id="", sfreq=rate, ch_names=names,
        units=(UNITS[modality],) * len(names), format="float32", host="", uid="", use=modality,
        can_drop_samples=modality == "Face",
    )  # fmt: skip
    settings = StreamSettings(match=Match(type=modality), use=modality)
    processor = ParticipantProcessor({"x": (info, settings)}, hop_s=HOP_S, eeg_channels=CHANNELS, family="dmer")
    data, size = signal(modality, seconds), max(1, round(CHUNK_S * rate))
    times = np.arange(len(data)) / rate
    chunks = [
        Chunk(1, first, times[rows], 0.0, data[rows], float(times[rows][-1]))
        for first in range(0, len(data), size)
        for rows in [slice(first, first + size)]
    ]
    return cpu(lambda: [processor.process("x", chunk) for chunk in chunks]) / seconds


def floor(modality: Modality, seconds: float) -> float:
    """Return the share of one core that plain SciPy takes for the same numbers."""
    data, rate = signal(modality, seconds).astype(np.float64), RATES[modality]
    length = round(rate * (1 if modality == "EEG" else 5))
    starts = np.arange(0, len(data) - length, round(rate * HOP_S))

    def eeg() -> None:
        sos = np.concatenate([butter(4, [1, 50], "bandpass", fs=rate, output="sos"), butter(1, [49, 51], "bandstop",
                              fs=rate, output="sos")])  # fmt: skip
        clean = sosfilt(sos, data, axis=0)
        clean = (clean[:, :-1] - clean[:, -1:]).T
        for start in starts:
            energy = np.abs(np.fft.fft(clean[:, start : start + length] * hann(length), 256)[:, :128]) ** 2
            for low, high in BANDS:
                np.log(energy[:, int(low / rate * 256) : int(high / rate * 256) + 1].mean(axis=1))

    def statistics(x: np.ndarray) -> None:
        for part in (x, np.diff(x), np.diff(np.diff(x))):
            np.median(part), part.mean(), part.std(), part.min(), part.max()
            (part == part.min()).mean(), (part == part.max()).mean()
        spectrum = np.fft.fft(x)
        np.median(spectrum), spectrum.mean(), spectrum.std(), spectrum.min(), spectrum.max()

    def gsr() -> None:
        for start in starts:
            statistics(data[start : start + length, 0])
            welch(data[start : start + length, 0], rate, nperseg=length)

    def ppg() -> None:
        clean = sosfilt(butter(3, [0.5, 8], "bandpass", fs=rate, output="sos"), data[:, 0])
        for start in starts:
            statistics(clean[start : start + length])

    return cpu({"EEG": eeg, "GSR": gsr, "PPG": ppg}[modality]) / seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    found = {"lbp_top": lbp_top(min(seconds, 20.0))}
    found |= {modality: live(modality, seconds) for modality in ("EEG", "GSR", "PPG", "Face")}
    found |= {f"{modality}_scipy": floor(modality, seconds) for modality in ("EEG", "GSR", "PPG")}
    print(json.dumps({name: round(share, 4) for name, share in found.items()}))


if __name__ == "__main__":
    main()
