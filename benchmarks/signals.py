"""What the features cost, live and offline, and how the heart rate compares with a wristband's own.

``python -m benchmarks.signals [--minutes M] [--wesad DIR]`` prints one JSON object:

- ``offline_s``: CPU seconds to extract a simulated participant's features (EEG 18 x 300 Hz, GSR, PPG, Face), per hop;
- ``live_share``: the same live, four ticks a second, in chunks as they come over LSL, as a share of one core;
- ``heart_rate`` (with ``--wesad``, a folder of SX/SX_E4_Data.zip): the median absolute difference between the heart
  rate and the one that the wristband reports (beats a minute), by the window's quality.
"""

import argparse
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files.read import read_recording
from pipeline.modalities import Modality
from pipeline.records import Chunk
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.offline import Recorded, extract
from pipeline.signals.participant import ParticipantProcessor
from pipeline.simulation.participant import SimulatedParticipant, stream_infos

STREAMS: tuple[Modality, ...] = ("EEG", "GSR", "PPG", "Face")
CHUNK_S = 0.04
QUALITY_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def simulated(minutes: float) -> dict[str, Recorded]:
    """Return a simulated participant's streams."""
    participant, infos = SimulatedParticipant(1), stream_infos(1)
    seconds = [participant.next_second() for _ in range(round(60 * minutes))]
    return {
        name: Recorded(
            infos[name],
            StreamSettings(match=Match(type=name), use=name),
            np.concatenate([second[name].times for second in seconds]),
            np.concatenate([second[name].data for second in seconds]),
        )
        for name in STREAMS
    }


def offline(recorded: dict[str, Recorded]) -> dict[str, float]:
    """Return CPU seconds per hop."""
    took = {}
    for hop_s in (1.0, 0.25):
        begun = time.process_time()
        extract(recorded, hop_s=hop_s)
        took[f"{hop_s:g}"] = round(time.process_time() - begun, 3)
    return took


def live(recorded: dict[str, Recorded], seconds: float = 120.0) -> float:
    """Return the share of one core that live processing takes."""
    chunks = sorted(
        ((chunk.arrival, name, chunk) for name, stream in recorded.items() for chunk in cut(stream, seconds)),
        key=lambda item: item[:2],
    )
    streams = {name: (stream.info, stream.settings) for name, stream in recorded.items()}
    processor = ParticipantProcessor(streams, hop_s=0.25)
    begun = time.process_time()
    for now, name, chunk in chunks:
        processor.process(name, chunk)
        processor.advance(now)
    return round((time.process_time() - begun) / seconds, 4)


def cut(stream: Recorded, seconds: float) -> list[Chunk]:
    """Return the beginning of a stream in chunks as they come over LSL."""
    size = max(1, round(CHUNK_S * stream.info.sfreq))
    pieces = range(0, int(seconds * stream.info.sfreq), size)
    rows = [slice(first, first + size) for first in pieces]
    return [Chunk(1, r.start, stream.times[r], 0.0, stream.data[r], float(stream.times[r][-1])) for r in rows]


def heart_rate(folder: Path) -> dict[str, dict[str, float]]:
    """Return by quality how far the heart rate is from the wristband's, and how many windows there are."""
    pairs = [compared(path) for path in sorted(folder.glob("S*/S*_E4_Data.zip"))]
    quality, difference = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    bins = np.clip(np.digitize(quality, QUALITY_EDGES) - 1, 0, len(QUALITY_EDGES) - 2)
    return {
        f"{QUALITY_EDGES[i]:g}-{QUALITY_EDGES[i + 1]:g}": {
            "windows": int((bins == i).sum()),
            "median_difference": round(float(np.median(difference[bins == i])), 1),
        }
        for i in range(len(QUALITY_EDGES) - 1)
    }


def compared(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return quality and absolute difference (beats a minute) of each window of one recording."""
    stream = next(s for s in read_recording(path).streams if s.info.type == "PPG")
    settings = StreamSettings(match=Match(type="PPG"), use="PPG")
    windows = extract({"ppg": Recorded(stream.info, settings, stream.times, stream.data)}, hop_s=1.0)
    windows = [window for window in windows if np.isfinite(window.features).all()]
    rate = 60 * np.exp([window.features[0, 0] for window in windows])
    bvp_start, _, _ = first_values(path, "BVP.csv")
    hr_start, hr_rate, reported = first_values(path, "HR.csv")
    times = stream.times[0] + hr_start - bvp_start + np.arange(len(reported)) / hr_rate
    ends = np.array([window.end for window in windows])
    return np.array([window.quality for window in windows]), np.abs(rate - np.interp(ends, times, reported))


def first_values(path: Path, name: str) -> tuple[float, float, np.ndarray]:
    """Return start, rate and values of one of the wristband's files."""
    with zipfile.ZipFile(path) as folder:
        member = next(entry for entry in folder.namelist() if entry.endswith(name))
        rows = [float(line.split(",")[0]) for line in folder.read(member).decode().split()]
    return rows[0], rows[1], np.array(rows[2:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--wesad", type=Path)
    arguments = parser.parse_args()
    recorded = simulated(arguments.minutes)
    found: dict[str, Any] = {
        "minutes": arguments.minutes,
        "offline_s": offline(recorded),
        "live_share": live(recorded, min(120.0, 60 * arguments.minutes)),
    }
    if arguments.wesad is not None:
        found["heart_rate"] = heart_rate(arguments.wesad)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
