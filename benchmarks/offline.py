"""How fast a recording is analysed, beside the floor of the same features in the same run.

``python -m benchmarks.offline [--minutes M] [--json]`` simulates a recording of EEG (32 channels, 500 Hz), GSR, PPG and
Face, writes it as XDF into a temporary folder, and measures

- the floor: NumPy and SciPy alone on the whole EEG in float32: a causal band-pass (Butterworth of order 4, MNE's choice
  for IIR filters; helo's own costs the same), then five log band powers per channel on the last second, every 250 ms;
- helo's features of the same EEG, and of the other streams, on one core;
- ``helo analyze`` of the file as a user runs it: time, CPU of all its processes, memory of its largest one.

CPU times are seconds for an hour of recording. The others are as measured.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.signal import butter, resample_poly, sosfilt

from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.records import StreamInfo
from pipeline.session.config import Match, StreamSettings
from pipeline.session.xdf import XdfWriter
from pipeline.signals.eeg import PASS_HZ
from pipeline.signals.family import BANDS
from pipeline.signals.offline import Recorded, extract
from pipeline.simulation.participant import SimulatedParticipant, stream_infos

STREAMS: tuple[Modality, ...] = ("EEG", "GSR", "PPG", "Face")
SFREQ = 500
HOP_S = 0.25
CHUNK_S = 0.04
#: With the model's 18 channels a usual cap of 32.
OTHERS = ("FC1", "FC2", "FC5", "FC6", "CP1", "CP2", "CP5", "CP6", "TP7", "TP8", "PO3", "PO4", "Pz", "Oz")


def simulated(minutes: float) -> dict[str, Recorded]:
    """Return a simulated participant's streams, the EEG as a cap of 32 channels at 500 Hz has it."""
    participant, infos = SimulatedParticipant(1), stream_infos(1)
    seconds = [participant.next_second() for _ in range(round(60 * minutes))]
    recorded = {
        name: Recorded(
            infos[name],
            StreamSettings(match=Match(type=name), use=name),
            1000 + np.concatenate([second[name].times for second in seconds]),
            np.concatenate([second[name].data for second in seconds]),
        )
        for name in STREAMS
    }
    narrow = recorded["EEG"]
    model = resample_poly(narrow.data, SFREQ, round(narrow.info.sfreq), axis=0).astype(np.float32)
    rng = np.random.default_rng(0)
    mixing = rng.dirichlet(np.ones(len(EEG_CHANNELS)), len(OTHERS)).astype(np.float32)
    others = model @ mixing.T + rng.standard_normal((len(model), len(OTHERS)), np.float32)
    names = (*EEG_CHANNELS, *OTHERS)
    info = describe(narrow.info, names)
    times = 1000 + np.arange(len(model)) / SFREQ
    recorded["EEG"] = Recorded(info, narrow.settings, times, np.concatenate([model, others], axis=1))
    return recorded


def describe(info: StreamInfo, names: tuple[str, ...]) -> StreamInfo:
    """Return what the wider EEG stream says of itself."""
    fields = {name: getattr(info, name) for name in info.__struct_fields__}
    return StreamInfo(**(fields | {"sfreq": float(SFREQ), "ch_names": names, "units": ("uV",) * len(names)}))


def write(path: Path, recorded: dict[str, Recorded]) -> None:
    """Write the streams as a recorder does, in chunks as they come over LSL."""
    with path.open("wb") as file:
        writer = XdfWriter(file)
        numbers = {name: writer.add_stream(stream.info) for name, stream in recorded.items()}
        pieces = [
            (float(stream.times[rows][-1]), name, rows) for name, stream in recorded.items() for rows in cut(stream)
        ]
        for _, name, rows in sorted(pieces, key=lambda piece: piece[:2]):
            writer.samples(numbers[name], recorded[name].times[rows], recorded[name].data[rows])
        writer.close()


def cut(stream: Recorded) -> list[slice]:
    """Return the rows of each chunk of a stream."""
    size = max(1, round(CHUNK_S * stream.info.sfreq))
    return [slice(first, first + size) for first in range(0, len(stream.times), size)]


def floor(eeg: Recorded) -> None:
    """Make five log band powers of every channel on the last second, every 250 ms, and nothing else."""
    sos = butter(4, PASS_HZ, "bandpass", fs=SFREQ, output="sos").astype(np.float32)
    filtered = np.ascontiguousarray(sosfilt(sos, eeg.data, axis=0).T)
    taper = np.hanning(SFREQ + 1)[:-1].astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(filtered, SFREQ, axis=1)[:, :: round(HOP_S * SFREQ)]
    for channel in windows:
        spectrum = np.fft.rfft(channel * taper, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        np.log([power[:, low:high].sum(axis=1) for low, high in BANDS])


def cpu_of(work: Callable[[], object], minutes: float) -> float:
    """Return the CPU seconds that a piece of work takes for an hour of recording."""
    begun = time.process_time()
    work()
    return round((time.process_time() - begun) * 60 / minutes, 3)


def features(recorded: dict[str, Recorded], minutes: float) -> dict[str, float]:
    """Return the CPU seconds of the features of each stream and of the floors, for an hour."""
    extract({"EEG": recorded["EEG"]}, hop_s=60)  # designs filters, and imports what they need
    took = {"floor": cpu_of(lambda: floor(recorded["EEG"]), minutes)}
    for name, stream in recorded.items():
        took[name] = cpu_of(lambda stream=stream, name=name: extract({name: stream}, hop_s=HOP_S), minutes)
    return took


def analysis(path: Path, out: Path, seconds: float) -> dict[str, float]:
    """Run ``helo analyze`` and return what it took."""
    command = [sys.executable, "-m", "pipeline.cli.main", "analyze", str(path), "-o", str(out), "--json"]
    begun, before = time.monotonic(), os.times()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    elapsed, after = time.monotonic() - begun, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "elapsed_s": round(elapsed, 2),
        "times_real_time": round(seconds / elapsed, 1),
        "cpu_s": round(used, 2),
        "cores_used": round(used / elapsed, 2),
        "largest_process_mb": round(usage.ru_maxrss / 1024),
        "estimates": json.loads(output)["estimates"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the recording")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    recorded = simulated(options.minutes)
    with tempfile.TemporaryDirectory(prefix="helo-bench-") as folder:
        path = Path(folder) / "recording.xdf"
        write(path, recorded)
        cpu = features(recorded, options.minutes)
        del recorded
        whole = analysis(path, Path(folder) / "analysis", 60 * options.minutes)
    result = {"minutes": options.minutes, "cpu_s_per_hour": cpu, "ratio": round(cpu["EEG"] / cpu["floor"], 2)}
    result["analyze"] = whole
    if options.json:
        print(json.dumps(result))
        return
    table = Table(title=f"{options.minutes:g} minutes", title_justify="left", show_header=False)
    for name, value in cpu.items():
        table.add_row(f"{name} (CPU s an hour)", f"{value:.2f}")
    table.add_row("EEG / floor", f"{result['ratio']:.2f}")
    for name, value in whole.items():
        table.add_row(f"analyze: {name}", f"{value:g}")
    Console().print(table)


if __name__ == "__main__":
    main()
