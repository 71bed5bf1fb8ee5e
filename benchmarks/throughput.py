"""CPU, latency and losses of N streams on their way to features, beside floors taken in the same run.

``python -m benchmarks.throughput [--streams 1 4 16] [--seconds S] [--rounds R] [--json]``. N participants send 32
channels of EEG at 500 Hz in chunks of 20 ms. In turn, so that what else the machine does falls on all alike, they are
taken by

- ``bare``: one process, a thread per inlet, SciPy: the floor;
- ``hop``: a reader, a Redis server and a consumer, bare pylsl, redis-py and SciPy: the floor with transport;
- ``shared``: our workers, with ``readers: shared``, and our embedded store;
- ``per-stream``: our workers, a reader process per stream.

CPU is user and system time in seconds per second, of all these processes and their children but the sender; latency is
from the push of a window's last sample until somebody who waits at the store has its features. Our workers serve a
model of 32 channels. Raw samples in the ring buffers, and windows, are counted: none may be missing.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import redis
from rich.console import Console
from rich.table import Table
from safetensors.numpy import load_file, save_file

from benchmarks.floors import CH_NAMES, CHUNK, SFREQ, pushes, stream_name
from model.header import ENTRY, model_path, read_header
from pipeline.commands import Recording
from pipeline.records import Chunk, FeatureWindow
from pipeline.session.config import SessionFile
from pipeline.session.settings_file import dump_session, parse_session
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection, connect
from pipeline.store.ring import BlockingReader, newest_first
from pipeline.store.server import EmbeddedServer
from pipeline.streams.clock import local_clock
from pipeline.streams.confine import VARIABLE, write_configuration
from pipeline.workers.processes import Plan, processes

CONDITIONS = ("bare", "hop", "shared", "per-stream")
WARM_UP_S = 6.0
START_S = 120.0

Received = tuple[int, float, float]
"""Stream, stamp of the last sample (source's clock), when the features were there (s)."""


def wide_model(folder: Path) -> Path:
    """Write a model file whose EEG features are those of all 32 channels; only its header is of any use."""
    header = read_header(model_path("shipped"))
    eeg = msgspec.structs.replace(header.modalities["EEG"], shape=(len(CH_NAMES), 5))
    header = msgspec.structs.replace(header, eeg_channels=tuple(CH_NAMES), modalities={**header.modalities, "EEG": eeg})
    tensors = load_file(model_path("shipped"))
    for statistic in ("centre", "scale"):
        tensors[f"normalisation.EEG.{statistic}"] = np.ones((2, len(CH_NAMES), 5), np.float32)
    tensors["distance.EEG.whitening"] = np.eye(2 * len(CH_NAMES) * 5, dtype=np.float32)
    save_file(tensors, folder / "wide.safetensors", {ENTRY: msgspec.json.encode(header).decode()})
    return folder / "wide.safetensors"


def session(n: int, readers: str, model: Path) -> SessionFile:
    """Return a session of N participants with one stream each."""
    participants = {
        f"P{index:03}": {"consent": "none", "streams": {"eeg": {"match": {"name": stream_name(index)}, "use": "EEG"}}}
        for index in range(n)
    }
    content = {"session": "throughput", "readers": readers, "model": str(model), "participants": participants}
    return parse_session(content, "benchmark")


@contextmanager
def running(commands: list[tuple[str, list[str], dict[str, str]]]) -> Iterator[dict[int, str]]:
    """Run processes (kind, arguments, environment); give process id -> kind."""
    started = [
        (kind, subprocess.Popen(command, env={**os.environ, **env}, stderr=subprocess.PIPE, text=True))
        for kind, command, env in commands
    ]
    said: dict[int, list[str]] = {process.pid: [] for _, process in started}
    for _, process in started:
        threading.Thread(target=lambda p=process: said[p.pid].extend(p.stderr), daemon=True).start()
    try:
        yield {process.pid: kind for kind, process in started}
    finally:
        ended = [(kind, process.pid) for kind, process in started if process.poll() is not None]
        for _, process in started:
            process.send_signal(signal.SIGTERM)
        for _, process in started:
            process.wait(30)
        for kind, pid in ended:
            raise SystemExit(f"{kind} ended: {''.join(said[pid])}")


def floor_program(name: str, n: int, where: str) -> tuple[str, list[str], dict[str, str]]:
    """Return how one of `benchmarks.floors` is started."""
    return name, [sys.executable, "-m", "benchmarks.floors", name, str(n), where], {}


def used(kinds: dict[int, str]) -> dict[str, float]:
    """Return the CPU seconds of each kind of process so far, children included."""
    found: dict[str, float] = {}
    for pid, kind in kinds.items():
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            found[kind] = found.get(kind, 0.0) + sum(one.cpu_times()[:2])
    return found


def measure(kinds: dict[int, str], seconds: float) -> dict[str, Any]:
    """Return CPU by kind and in all (seconds per second), and memory (MB), over the next `seconds`."""
    before, begun, load = used(kinds), time.monotonic(), psutil.cpu_times_percent(None)
    time.sleep(seconds)
    elapsed, after = time.monotonic() - begun, used(kinds)
    load = psutil.cpu_times_percent(None)
    by_kind = {kind: (after[kind] - before[kind]) / elapsed for kind in after}
    memory = sum(psutil.Process(pid).memory_info().rss for pid in kinds) / 1e6
    return {
        "by_kind": by_kind,
        "cpu": sum(by_kind.values()),
        "memory_mb": memory,
        "idle": load.idle / 100,
    }


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for what the start of a condition brings."""
    deadline = time.monotonic() + START_S
    while not happened():
        if time.monotonic() > deadline:
            raise SystemExit("features do not come")
        time.sleep(0.2)


class Follower:
    """Wait at the store for features, as infer does, and note when they came."""

    def __init__(self, read: Callable[[], list[tuple[Any, Any]]]) -> None:
        self.received: list[tuple[Any, Any, float]] = []
        self._read = read
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            found = self._read()
            now = local_clock()
            self.received += [(*one, now) for one in found]

    def wait_for(self, streams: int) -> None:
        """Wait until each stream has given features."""
        wait_until(lambda: len({stream for stream, *_ in self.received}) == streams)

    def stop(self) -> None:
        """Stop waiting."""
        self._stop.set()
        self._thread.join()


def latencies(received: list[Received], folder: Path, n: int, since: float) -> dict[str, float]:
    """Return percentiles (ms) of what came after `since`."""
    noted = pushes(folder, n)
    start = noted[0, 0]
    took = []
    for stream, stamp, at in received:
        sample = round((stamp - start) * SFREQ)
        if at >= since:
            took.append(at - noted[1 + sample // CHUNK, int(stream)])
    found = np.percentile(np.array(took) * 1000, [50, 95, 99])
    return {**dict(zip(("p50", "p95", "p99"), map(float, found), strict=True)), "windows": len(took)}


def bare(n: int, folder: Path, seconds: float) -> dict[str, Any]:
    """Measure the floor."""
    with running([floor_program("bare", n, str(folder))]) as kinds:
        wait_until(lambda: len(list(folder.glob("ready-*"))) == n)
        time.sleep(WARM_UP_S)
        since = local_clock()
        result = measure(kinds, seconds)
    for file in folder.glob("ready-*"):
        file.unlink()
    rows = np.load(folder / "bare.npy")
    return {**result, "latency_ms": latencies(rows.tolist(), folder, n, since), "lost": 0}


def hop(n: int, folder: Path, seconds: float) -> dict[str, Any]:
    """Measure the floor with transport."""
    with EmbeddedServer(folder / "hop") as server:
        path = str(server.socket)
        with running([floor_program("reader", n, path), floor_program("consumer", n, path)]) as kinds:
            client = redis.Redis(unix_socket_path=path, protocol=2)
            last = {"results": "0-0"}

            def read() -> list[tuple[Any, Any]]:
                found = []
                for _, entries in client.xread(last, block=250):
                    last["results"] = entries[-1][0]
                    found += [(int(f[b"i"]), float(np.frombuffer(f[b"t"], np.float64)[0])) for _, f in entries]
                return found

            follower = Follower(read)
            follower.wait_for(n)
            time.sleep(WARM_UP_S)
            since = local_clock()
            result = measure({**kinds, server.pid: "store"}, seconds)
            follower.stop()
            lost = sum(missing_samples(_hop_times(client, index), folder, n) for index in range(n))
    return {**result, "latency_ms": latencies(follower.received, folder, n, since), "lost": lost}


def _hop_times(client: "redis.Redis", index: int) -> np.ndarray:
    return np.concatenate([np.frombuffer(f[b"t"], np.float64) for _, f in client.xrange(f"raw:{index}")])


def ours(n: int, folder: Path, seconds: float, readers: str, model: Path, profile: Path | None) -> dict[str, Any]:
    """Measure our readers, store and preprocessing."""
    settings = session(n, readers, model)
    private = Path(tempfile.mkdtemp(dir=folder))  # what readers leave here, those of another run would take over
    settings_file = private / "session.yaml"
    settings_file.write_text(dump_session(settings), encoding="utf-8")
    with EmbeddedServer(private / "ours") as server:
        plan = Plan(settings, settings_file, server.url, None, publish=False, dashboard=None)
        specs = [spec for spec in processes(plan) if spec.kind in ("reader", "preprocess")]
        commands = [(spec.kind, profiled(spec.argv, spec.kind, profile), dict(spec.env)) for spec in specs]
        with running(commands) as kinds:
            connection = connect(server.url)
            Board(connection, settings.session).put_recording(Recording("off"))
            stream_of = {keys.features("throughput", code, "EEG"): i for i, code in enumerate(settings.participants)}
            reader = BlockingReader(connection, dict.fromkeys(stream_of, ids.START), FeatureWindow)
            follower = Follower(lambda: [(stream_of[entry.key], entry.record) for entry in reader.read(0.25)])
            follower.wait_for(n)
            time.sleep(WARM_UP_S)
            since = local_clock()
            result = measure({**kinds, server.pid: "store"}, seconds)
            follower.stop()
            chunks = [_chunks(connection, code) for code in settings.participants]
            lost = sum(missing_samples(np.concatenate([c.times for c in own]), folder, n) for own in chunks)
            late = sum(window.valid < 1 for _, window, at in follower.received if at >= since)
            received = [(i, _stamp(chunks[i], window), at) for i, window, at in follower.received if at >= since]
            reader.close()
        connection.close()
    return {**result, "latency_ms": latencies(received, folder, n, since), "lost": lost, "incomplete": late}


def profiled(argv: Any, kind: str, folder: Path | None) -> list[str]:
    """Return the command, with a profile of its main thread left in `folder` if there is one."""
    if folder is None or kind != "preprocess":
        return list(argv)
    place = argv.index("-m")
    return [*argv[:place], "-m", "cProfile", "-o", str(folder / f"{kind}-{os.urandom(3).hex()}.prof"), *argv[place:]]


def _chunks(connection: Connection, code: str) -> list[Chunk]:
    key = keys.raw("throughput", code, "eeg")
    return [entry.record for entry in newest_first(connection, key, Chunk)][::-1]


def _stamp(chunks: list[Chunk], window: FeatureWindow) -> float:
    """Return the source's stamp of the last sample of a window."""
    for chunk in reversed(chunks):
        if chunk.segment == window.segment and chunk.first <= window.last:
            return float(chunk.times[window.last - chunk.first])
    raise SystemExit("a window names samples that were never stored")


def missing_samples(times: np.ndarray, folder: Path, n: int) -> int:
    """Return how many samples are missing, or doubled, between the first stamp and the last."""
    samples = np.round((times - pushes(folder, n)[0, 0]) * SFREQ)
    return int(np.abs(np.diff(samples) - 1).sum())


def run(n: int, seconds: float, rounds: int, conditions: list[str], profile: Path | None) -> dict[str, Any]:
    """Measure all conditions, in turn, with N streams."""
    found: dict[str, list[dict[str, Any]]] = {condition: [] for condition in conditions}
    with tempfile.TemporaryDirectory(prefix="helo-") as name:
        folder = Path(name)
        model = wide_model(folder)
        with running([floor_program("sender", n, str(folder))]):
            time.sleep(2)
            for _ in range(rounds):
                for condition in conditions:
                    if condition == "bare":
                        result = bare(n, folder, seconds)
                    elif condition == "hop":
                        result = hop(n, folder, seconds)
                    else:
                        result = ours(n, folder, seconds, condition, model, profile)
                    print(n, condition, json.dumps(result, default=float), file=sys.stderr)
                    found[condition].append(result)
    return {condition: _middle(results) for condition, results in found.items()}


def _middle(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the run with the middle CPU; what was lost in any of them counts."""
    middle = sorted(results, key=lambda result: result["cpu"])[(len(results) - 1) // 2]
    return {**middle, "lost": sum(result["lost"] for result in results)}


def print_table(result: dict[str, Any]) -> None:
    """Show what was measured."""
    table = Table(title="N streams of 32 channels at 500 Hz, to features", title_justify="left")
    columns = "N,condition,CPU,of hop,store,reader,preprocess,p50,p95,p99,lost,MB,idle"
    for column in columns.split(","):
        table.add_column(column, justify="left" if column == "condition" else "right")
    for n, conditions in result.items():
        reference = conditions.get("hop", {}).get("cpu", float("nan"))
        for condition, row in conditions.items():
            kinds, took = row["by_kind"], row["latency_ms"]
            worker = kinds.get("preprocess", kinds.get("consumer", 0.0))
            parts = [f"{x:.3f}" for x in (kinds.get("store", 0.0), kinds.get("reader", 0.0), worker)]
            table.add_row(
                n, condition, f"{row['cpu']:.3f}", f"{row['cpu'] / reference:.2f}", *parts,
                *(f"{took[p]:.1f}" for p in ("p50", "p95", "p99")), str(row["lost"]), f"{row['memory_mb']:.0f}",
                f"{row['idle']:.0%}",
            )  # fmt: skip
    Console(width=140).print(table)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each measurement takes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--profile", type=Path, help="leave profiles of preprocess in this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helo-") as folder:
        os.environ[VARIABLE] = str(write_configuration(Path(folder)))  # for the others: this process opens no stream
        result = {
            str(n): run(n, options.seconds, options.rounds, options.conditions, options.profile)
            for n in options.streams
        }
    if options.json:
        print(json.dumps(result, default=float))
    else:
        print_table(result)


if __name__ == "__main__":
    main()
