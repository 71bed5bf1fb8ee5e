"""The programs beside which `benchmarks.throughput` measures ours: nothing but the work itself, and the sender for all.

``python -m benchmarks.floors sender|bare|reader|consumer N FOLDER [SOCKET]``, each until SIGTERM. ``sender`` pushes N
streams of 32 channels at 500 Hz in chunks of 20 ms, and notes when it pushed each. ``bare`` is the floor: a thread per
inlet, SciPy, nothing kept. ``reader`` and ``consumer`` are the same with one hop through Redis streams between them.
"""

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pylsl
import redis
from scipy.signal import butter, sosfilt, sosfilt_zi

SFREQ, N_CHANNELS, CHUNK = 500.0, 32, 10
HOP = 125
BANDS = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 45))
PREFIX = "helo-throughput"
#: Room for the push times of half an hour.
MOST_CHUNKS = 90_000
CH_NAMES = [
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "P4", "P8", "O1", "O2"),
    *("AF3", "AF4", "FC5", "FC1", "FC2", "FC6", "CP5", "CP1", "CP2", "CP6", "Pz", "PO3", "PO4", "Oz"),
]

stopped = threading.Event()


def stream_name(index: int) -> str:
    """Return the name of a stream."""
    return f"{PREFIX}-{index}"


def pushes(folder: Path, n: int, mode: str = "r+") -> np.ndarray:
    """Return the sender's notes, float64 ``(1 + MOST_CHUNKS, n)``: the first stamp, then each push (s)."""
    return np.memmap(folder / "pushes", np.float64, mode, shape=(1 + MOST_CHUNKS, n))


def sender(n: int, folder: Path) -> None:
    """Push noise whose stamps are exactly 1 / 500 s apart."""
    noted = pushes(folder, n, "w+")
    outlets = []
    for index in range(n):
        info = pylsl.StreamInfo(stream_name(index), "EEG", N_CHANNELS, SFREQ, "float32", f"{PREFIX}-{index}")
        channels = info.desc().append_child("channels")
        for name in CH_NAMES:
            channel = channels.append_child("channel")
            channel.append_child_value("label", name)
            channel.append_child_value("unit", "microvolts")
        outlets.append(pylsl.StreamOutlet(info))
    noise = np.random.default_rng(0).normal(0, 20, (100, CHUNK, N_CHANNELS)).astype(np.float32)
    noted[0] = start = pylsl.local_clock()
    for chunk in range(MOST_CHUNKS):
        stamps = start + np.arange(chunk * CHUNK, (chunk + 1) * CHUNK) / SFREQ
        stopped.wait(max(0.0, stamps[-1] - pylsl.local_clock()))
        if stopped.is_set():
            return
        for index, outlet in enumerate(outlets):
            noted[1 + chunk, index] = pylsl.local_clock()
            outlet.push_chunk(noise[(chunk + index) % 100], stamps.tolist())


class Bands:
    """Causal band-pass, then five log band powers per channel on the last second, every 250 ms."""

    def __init__(self) -> None:
        self._sos = butter(2, (1, 45), "bandpass", fs=SFREQ, output="sos")
        self._zi: np.ndarray | None = None
        self._last = np.zeros((500, N_CHANNELS), np.float32)
        self._due = HOP
        self._taper = np.hanning(500)[:, np.newaxis].astype(np.float32)

    def process(self, samples: np.ndarray) -> np.ndarray | None:
        """Return the powers ``(5, n_channels)`` if they are due with these samples."""
        if self._zi is None:
            self._zi = sosfilt_zi(self._sos)[:, :, np.newaxis] * samples[0]
        filtered, self._zi = sosfilt(self._sos, samples, axis=0, zi=self._zi)
        self._last[: -len(samples)] = self._last[len(samples) :]
        self._last[-len(samples) :] = filtered
        self._due -= len(samples)
        if self._due > 0:
            return None
        self._due += HOP
        spectrum = np.fft.rfft(self._last * self._taper, axis=0)
        power = spectrum.real**2 + spectrum.imag**2
        return np.log(np.stack([power[low:high].sum(axis=0) for low, high in BANDS]))


def inlets(n: int) -> list[pylsl.StreamInlet]:
    """Open all streams."""
    found = [handle for handle in pylsl.resolve_streams(3.0) if handle.name().startswith(PREFIX)]
    if len(found) != n:
        raise SystemExit(f"found {len(found)} of {n} streams")
    return [pylsl.StreamInlet(handle, recover=False) for handle in found]


def take(inlet: pylsl.StreamInlet, then: Any) -> None:
    """Hand every chunk of 20 ms on until stopped."""
    index = int(inlet.info().name().rpartition("-")[2])
    while not stopped.is_set():
        samples, times = inlet.pull_chunk(1.0, CHUNK, as_numpy=True)
        if len(times):
            then(index, samples, times)


def in_threads(n: int, make_then: Any) -> None:
    """Take all streams, a thread each."""
    threads = [threading.Thread(target=take, args=(inlet, make_then())) for inlet in inlets(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bare(n: int, folder: Path) -> None:
    """Do the work in the thread that pulls; at the end write when what was ready."""
    ready: list[tuple[float, float, float]] = []
    begun: set[int] = set()

    def make() -> Any:
        bands = Bands()

        def then(index: int, samples: np.ndarray, times: np.ndarray) -> None:
            if bands.process(samples) is not None:
                ready.append((index, times[-1], pylsl.local_clock()))
                if index not in begun:
                    begun.add(index)
                    (folder / f"ready-{index}").touch()

        return then

    in_threads(n, make)
    np.save(folder / "bare.npy", np.array(ready))


def reader(n: int, socket: str) -> None:
    """Store every chunk."""

    def make() -> Any:
        client = redis.Redis(unix_socket_path=socket, protocol=2)

        def then(index: int, samples: np.ndarray, times: np.ndarray) -> None:
            fields = {b"t": times.tobytes(), b"d": samples.tobytes()}
            client.xadd(f"raw:{index}", fields, maxlen=6000, approximate=True)

        return then

    in_threads(n, make)


def consumer(n: int, socket: str) -> None:
    """Wait for chunks, do the work, store what comes out."""
    client = redis.Redis(unix_socket_path=socket, protocol=2)
    bands = [Bands() for _ in range(n)]
    last: dict[Any, Any] = {f"raw:{index}".encode(): "0-0" for index in range(n)}
    while not stopped.is_set():
        for key, entries in client.xread(last, block=1000):
            index = int(key.rpartition(b":")[2])
            for entry, fields in entries:
                last[key] = entry
                samples = np.frombuffer(fields[b"d"], np.float32).reshape(-1, N_CHANNELS)
                powers = bands[index].process(samples)
                if powers is not None:
                    result = {b"i": index, b"t": fields[b"t"][-8:], b"p": powers.tobytes()}
                    client.xadd("results", result, maxlen=100_000, approximate=True)


def main() -> None:
    """Run one of the programs."""
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=stopped.set).start())
    program, n, *where = sys.argv[1:]
    {
        "sender": lambda: sender(int(n), Path(where[0])),
        "bare": lambda: bare(int(n), Path(where[0])),
        "reader": lambda: reader(int(n), where[0]),
        "consumer": lambda: consumer(int(n), where[0]),
    }[program]()


if __name__ == "__main__":
    main()
