"""Made-up signals of DMER's kinds and rates, and a program that publishes them as four devices would.

``python tests/dmer_sensors.py NAME`` publishes until it is ended. As a program of its own it imports nothing of the
tests.
"""

import sys
import threading
from collections.abc import Iterator

import numpy as np

from pipeline.modalities import Modality
from pipeline.records import StreamInfo
from pipeline.signals.dmer.features import CHANNELS as EEG_CHANNELS
from pipeline.signals.dmer.features import PATTERNS
from pipeline.signals.dmer.lbp_top import LbpTop
from pipeline.stopping import stop_on_signals
from pipeline.streams.clock import local_clock
from pipeline.streams.outlet import Outlet
from pipeline.streams.pacing import BLOCK_S, Block, PacedSource, pace

MODALITIES: tuple[Modality, ...] = ("EEG", "GSR", "PPG", "Face")
#: The cap has its channels in another order than the model, under their older names, and its reference among them.
OLDER = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
CHANNELS: dict[str, tuple[str, ...]] = {
    "EEG": ("Pz", *(OLDER.get(name, name) for name in reversed(EEG_CHANNELS))),
    "GSR": ("EDA",),
    "PPG": ("BVP",),
    "Face": PATTERNS,
}
UNITS = {"EEG": "uV", "GSR": "uS", "PPG": "a.u.", "Face": "count"}
RATES = {"EEG": 300.0, "GSR": 4.0, "PPG": 100.0, "Face": 30.0}
#: What the program publishes is made once and comes again and again (s).
LOOP_S = 20


def film(n_frames: int, *, seed: int = 0, shape: tuple[int, int] = (18, 24)) -> np.ndarray:
    """Return a texture that drifts, with noise: uint8 ``(n_frames, height, width)``."""
    rng = np.random.default_rng(seed)
    texture = rng.integers(0, 200, shape)
    frames = [np.roll(texture, t // 5, axis=1) + rng.integers(0, 40, shape) for t in range(n_frames)]
    return np.array(frames, np.uint8)


def signal(modality: Modality, seconds: float, *, seed: int = 0, sfreq: float | None = None) -> np.ndarray:
    """Return a plausible signal, float32 ``(n_times, n_channels)``."""
    rng = np.random.default_rng(seed)
    sfreq = RATES[modality] if sfreq is None else sfreq
    times = np.arange(round(seconds * sfreq))[:, np.newaxis] / sfreq
    noise = rng.normal(size=(len(times), 1 if modality == "Face" else len(CHANNELS[modality])))
    match modality:
        case "EEG":
            made = 40 + 10 * noise + 5 * np.sin(2 * np.pi * 10 * times)
        case "GSR":
            made = 5 + 0.5 * np.sin(2 * np.pi * times / LOOP_S) + 0.01 * noise
        case "PPG":
            made = np.sin(2 * np.pi * 1.2 * times) + 0.4 * np.sin(2 * np.pi * 2.4 * times) + 0.1 * noise
        case _:
            counter = LbpTop()
            made = np.array([counter.process(frame) for frame in film(len(times), seed=seed)])
    return made.astype(np.float32)


def info(name: str, modality: Modality, *, sfreq: float | None = None) -> StreamInfo:
    """Return what a device says of itself."""
    channels = CHANNELS[modality]
    return StreamInfo(
        stream=modality.lower(), name=f"{name}-{modality}", type=modality, source_id=f"{name}-{modality}",
        sfreq=RATES[modality] if sfreq is None else sfreq, ch_names=channels, units=(UNITS[modality],) * len(channels),
        format="float32", host="", uid="", use=modality, can_drop_samples=modality == "Face",
    )  # fmt: skip


def blocks(modality: Modality) -> Iterator[Block]:
    """Yield the samples without end, in the pieces in which devices send them."""
    made, sfreq = signal(modality, LOOP_S), RATES[modality]
    first, size = 0, max(1, round(BLOCK_S * sfreq))
    while True:
        index = np.arange(first, first + size)
        yield Block(index / sfreq, made[index % len(made)])
        first += size


def main(name: str) -> None:
    """Publish all streams until ended."""
    stop = threading.Event()
    stop_on_signals(stop)
    sources = [PacedSource(Outlet(info(name, modality)), blocks(modality)) for modality in MODALITIES]
    pace(sources, start=local_clock(), stop=stop)


if __name__ == "__main__":
    main(sys.argv[1])
