"""A participant's devices in a process of their own: each stream has a counter before its channels.

``python tests/faults/sensors.py NAME`` publishes until it is ended. As a program of its own it imports nothing of
the tests.
"""

import sys
import threading
from collections.abc import Iterator

import numpy as np

from pipeline.modalities import EEG_CHANNELS, FACE_CHANNELS
from pipeline.records import StreamInfo
from pipeline.stopping import stop_on_signals
from pipeline.streams.clock import local_clock
from pipeline.streams.outlet import Outlet
from pipeline.streams.pacing import BLOCK_S, Block, PacedSource, pace

MORE_EEG = ("FC1", "FC2", "FC5", "FC6", "CP1", "CP2", "CP5", "CP6", "PO3", "PO4", "Oz", "Pz", "POz", "FCz")
CHANNELS = {"EEG": (*EEG_CHANNELS, *MORE_EEG), "GSR": ("EDA",), "PPG": ("BVP",), "Face": FACE_CHANNELS}
UNITS = {"EEG": "uV", "GSR": "uS", "PPG": "a.u.", "Face": "a.u."}
RATES = {"EEG": 500.0, "GSR": 32.0, "PPG": 64.0, "Face": 30.0}
#: The signals are made once and come again and again (s); the counter goes on.
LOOP_S = 20


def info(name: str, modality: str) -> StreamInfo:
    """Return what a device says of itself."""
    channels = CHANNELS[modality]
    return StreamInfo(
        stream="", name=f"{name}-{modality}", type=modality, source_id=f"{name}-{modality}", sfreq=RATES[modality],
        ch_names=("counter", *channels), units=("count", *[UNITS[modality]] * len(channels)), format="float32",
        host="", uid="", use="record", can_drop_samples=modality == "Face",
    )  # fmt: skip


def signal(modality: str) -> np.ndarray:
    """Return a plausible signal, float32 ``(n_times, n_channels)``."""
    rng = np.random.default_rng(0)
    times = np.arange(round(LOOP_S * RATES[modality]))[:, np.newaxis] / RATES[modality]
    noise = rng.normal(size=(len(times), len(CHANNELS[modality])))
    match modality:
        case "EEG":
            made = 10 * noise + 5 * np.sin(2 * np.pi * 10 * times)
        case "GSR":
            made = 5 + 0.5 * np.sin(2 * np.pi * times / LOOP_S) + 0.001 * noise
        case "PPG":
            made = np.sin(2 * np.pi * 1.2 * times) + 0.4 * np.sin(2 * np.pi * 2.4 * times) + 0.1 * noise
        case _:
            made = 0.2 + 0.01 * noise
            made[:, 0] = 1  # a face was found
    return made.astype(np.float32)


def blocks(modality: str) -> Iterator[Block]:
    """Yield the samples without end, in the pieces in which devices send them."""
    made, sfreq = signal(modality), RATES[modality]
    first, size = 0, max(1, round(BLOCK_S * sfreq))
    while True:
        index = np.arange(first, first + size)
        counter = index.astype(np.float32)[:, np.newaxis]
        yield Block(index / sfreq, np.hstack([counter, made[index % len(made)]]))
        first += size


def main(name: str) -> None:
    """Publish all streams until ended."""
    stop = threading.Event()
    stop_on_signals(stop)
    sources = [PacedSource(Outlet(info(name, modality)), blocks(modality)) for modality in CHANNELS]
    pace(sources, start=local_clock(), stop=stop)


if __name__ == "__main__":
    main(sys.argv[1])
