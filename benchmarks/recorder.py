"""How fast the raw file is written, beside the floor: the same bytes written and synced by the system alone.

``python -m benchmarks.recorder [--seconds S] [--folder DIR]`` prints one JSON object. A simulated EEG of 32 channels at
500 Hz in chunks of 20 ms is written as fast as it goes, and synced after every second of signal, as live:

- ``writer``: `RawFile`: MB/s, samples/s (a sample has all channels), and how many times faster than real time;
- ``floor``: the same bytes in the same pieces by ``os.write`` and ``os.fsync``;
- ``ratio``: the writer's time over that of the floor; ``encoding_us_per_chunk``: what is not waiting for the disk.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.records import Chunk, StreamInfo
from pipeline.session.raw import RawFile

N_CHANNELS, SFREQ, CHUNK = 32, 500.0, 10
_LABELS = tuple(f"C{index}" for index in range(N_CHANNELS))
EEG = StreamInfo(
    "eeg", "Cap", "EEG", "cap-1", SFREQ, _LABELS, ("uV",) * N_CHANNELS, "float32", "lab", "u", "EEG"
)  # fmt: skip


def chunks(seconds: int) -> list[list[Chunk]]:
    """Return the chunks of each second."""
    rng = np.random.default_rng(1)
    a_second = round(SFREQ)
    made = []
    for second in range(seconds):
        data = rng.normal(0, 20, (a_second, N_CHANNELS)).astype(np.float32)
        index = np.arange(second * a_second, (second + 1) * a_second)
        times = 1000.0 + index / SFREQ
        made.append(
            [
                Chunk(1, int(index[i]), times[i : i + CHUNK], -3.5, data[i : i + CHUNK], float(times[i + CHUNK - 1]))
                for i in range(0, a_second, CHUNK)
            ]
        )
    return made


def written(path: Path, made: list[list[Chunk]]) -> tuple[float, float, list[int]]:
    """Write with our writer; return seconds in all, those of encoding, and the bytes of each second's piece."""
    begun = time.perf_counter()
    encoding = 0.0
    raw = RawFile(path)
    ends = [raw.bytes]
    for second in made:
        since = time.perf_counter()
        for chunk in second:
            raw.add("P001", EEG, chunk)
        encoding += time.perf_counter() - since
        raw.flush()
        ends.append(raw.bytes)
    raw.close()
    took = time.perf_counter() - begun
    return took, encoding, np.diff([0, *ends]).tolist()


def floor(path: Path, source: Path, pieces: list[int]) -> float:
    """Write the same bytes in the same pieces; return the seconds."""
    content = source.read_bytes()
    begun, start = time.perf_counter(), 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    for piece in pieces:
        os.write(file, content[start : start + piece])
        os.fsync(file)
        start += piece
    os.close(file)
    return time.perf_counter() - begun


def rates(took: float, seconds: int, size: int) -> dict[str, float]:
    """Return what a time comes to."""
    return {
        "mb_per_s": round(size / took / 1e6, 1),
        "samples_per_s": round(seconds * SFREQ / took),
        "times_real_time": round(seconds / took),
    }


def measure(folder: Path, seconds: int) -> dict[str, Any]:
    """Measure both in turn, three times, and keep the best of each."""
    made = chunks(seconds)
    ours, floors, encodings, size = [], [], [], 0
    for turn in range(3):
        path = folder / f"{turn}.xdf"
        took, encoding, pieces = written(path, made)
        ours.append(took)
        encodings.append(encoding)
        floors.append(floor(folder / f"{turn}.bin", path, pieces))
        size = path.stat().st_size
    n_chunks = sum(map(len, made))
    return {
        "signal": f"{N_CHANNELS} channels, {SFREQ:g} Hz, chunks of {CHUNK}, {seconds} s",
        "bytes": size,
        "writer": rates(min(ours), seconds, size),
        "floor": rates(min(floors), seconds, size),
        "ratio": round(min(ours) / min(floors), 2),
        "encoding_us_per_chunk": round(min(encodings) / n_chunks * 1e6, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--folder", type=Path, help="on the disk that is to be measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(json.dumps(measure(Path(folder), options.seconds)))


if __name__ == "__main__":
    main()
