"""Latency per stage and CPU of the demo, beside floors taken in the same run.

``python -m benchmarks.demo [--seconds S] [--json]`` runs the simulator and, one after the other,

- the floor: one process that takes the same LSL streams with bare pylsl and makes five EEG band powers per channel with
  NumPy at every hop, and nothing else;
- bare Redis: a 10 x 32 float32 chunk from XADD to a reader blocked in XREAD, both bare redis-py;
- a bare forward pass: the model on one row, nothing around it;
- the demo itself, recording included, without the page.

CPU is in seconds per second of stream (1 = one core). Stage latencies come from the recorded estimates.
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
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import redis
from rich.console import Console
from rich.table import Table

from pipeline.store.server import EmbeddedServer
from pipeline.streams.confine import confine

STAGES = ("arrival", "features", "join", "inference", "latency")
WARM_UP_S = 5.0
HELO = [sys.executable, "-m", "pipeline.cli.main"]


def percentiles(values: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds."""
    found = np.percentile(np.asarray(values) * 1000, [50, 95, 99])
    return {name: round(float(value), 3) for name, value in zip(("p50", "p95", "p99"), found, strict=True)}


def cpu_of(processes: dict[int, str], seconds: float) -> dict[str, float]:
    """Return the CPU seconds per second of each kind of process over the next `seconds`."""
    alive = {pid: psutil.Process(pid) for pid in processes}
    before = {pid: sum(process.cpu_times()[:2]) for pid, process in alive.items()}
    begun = time.monotonic()
    threading.Event().wait(seconds)
    elapsed = time.monotonic() - begun
    used: dict[str, float] = {}
    for pid, process in alive.items():
        kind = processes[pid]
        used[kind] = used.get(kind, 0.0) + (sum(process.cpu_times()[:2]) - before[pid]) / elapsed
    return {kind: round(value, 4) for kind, value in sorted(used.items())}


def floor(prefix: str, seconds: float) -> float:
    """Take the streams with bare pylsl, a thread per inlet; return CPU seconds per second."""
    code = f"""
import threading, time, numpy as np, pylsl
stop = threading.Event()
found = [s for s in pylsl.resolve_streams(2.0) if s.name().startswith({prefix!r})]
def take(info):
    inlet = pylsl.StreamInlet(info)
    rate = info.nominal_srate() or 100
    size = max(1, int(rate / 20))
    window = np.zeros((300, info.channel_count()), np.float32)
    due = 0
    while not stop.is_set():
        samples, stamps = inlet.pull_chunk(timeout=0.5, max_samples=size, min_samples=size)
        if info.name() != {prefix!r} + "-EEG" or not stamps:
            continue
        window = np.concatenate([window[len(stamps):], np.asarray(samples, np.float32)])
        due += len(stamps)
        if due >= 75:
            due -= 75
            power = np.abs(np.fft.rfft(window * np.hanning(300)[:, None], axis=0)) ** 2
            [np.log(power[low:high].mean(axis=0)) for low, high in ((1, 4), (4, 8), (8, 14), (14, 31), (31, 45))]
threads = [threading.Thread(target=take, args=(s,)) for s in found if s.channel_format() != pylsl.cf_string]
[thread.start() for thread in threads]
time.sleep({WARM_UP_S / 2})
before = time.process_time()
time.sleep({seconds})
print(len(threads), (time.process_time() - before) / {seconds})
stop.set()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, used = done.stdout.split()
    if int(count) != 5:
        raise SystemExit(f"the floor found {count} of the simulator's 5 numeric streams")
    return round(float(used), 4)


def bare_redis(rounds: int = 1000) -> dict[str, float]:
    """Return the time from XADD to a blocked XREAD in another thread, bare redis-py on a unix socket."""
    payload = np.zeros((10, 32), np.float32).tobytes()
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="helo-") as folder, EmbeddedServer(Path(folder)) as server:
        path = str(server.socket)
        ready, sent = threading.Semaphore(0), [0.0]

        def read() -> None:
            with redis.Redis(unix_socket_path=path) as client:
                last = "0-0"
                for _ in range(rounds):
                    ready.release()
                    [(_, [(last, _)])] = client.xread({"bench": last}, block=5000)
                    took.append(time.perf_counter() - sent[0])

        reader = threading.Thread(target=read)
        reader.start()
        with redis.Redis(unix_socket_path=path) as client:
            for _ in range(rounds):
                ready.acquire()
                threading.Event().wait(0.001)  # until the reader is blocked in the server
                sent[0] = time.perf_counter()
                client.xadd("bench", {"r": payload}, maxlen=100)
        reader.join()
    return percentiles(took)


def bare_forward(rounds: int = 300) -> dict[str, float]:
    """Return the time of the model's forward pass on one row."""
    from model.header import model_path
    from model.predictor import Predictor

    predictor = Predictor.load(model_path("shipped"))
    predictor.warm_up()
    features, present = predictor.typical(), np.ones((1, len(predictor.header.modalities)), bool)
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        predictor.predict(features, present)
        took.append(time.perf_counter() - begun)
    return percentiles(took)


def demo(seconds: float, recordings: Path) -> tuple[dict[str, float], dict[str, dict[str, float]], dict[str, object]]:
    """Run the demo; return the CPU of each kind of process, the stages' latencies and the run's own summary."""
    command = [*HELO, "demo", "--no-dashboard", "--json", "--recordings", str(recordings)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while True:
        status = json.loads(
            subprocess.run([*HELO, "status", "--json"], capture_output=True, text=True, check=False).stdout
        )
        if any(stream["samples_received"] > 300 * WARM_UP_S for stream in status["streams"]):
            break
        if run.poll() is not None:
            raise SystemExit("the demo ended before it had samples")
    kinds = {process["pid"]: process["kind"] for process in status["processes"]}
    used = cpu_of({**kinds, run.pid: "supervisor"}, seconds)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate()
    result = json.loads(output)
    table = pq.read_table(Path(result["session_dir"]) / "estimates.parquet").to_pydict()
    stages = [dict(row) for row in table["stages"]]
    return used, {stage: percentiles([row[stage] for row in stages]) for stage in STAGES}, result


def print_tables(result: dict[str, object]) -> None:
    """Show what was measured."""
    console = Console()
    stages = Table(title="Latency (ms)", title_justify="left")
    for column in ("stage", "p50", "p95", "p99"):
        stages.add_column(column, justify="left" if column == "stage" else "right")
    for name, row in {**result["stages_ms"], **result["floors_ms"]}.items():
        stages.add_row(name, *(f"{row[p]:.2f}" for p in ("p50", "p95", "p99")))
    console.print(stages)
    cpu = Table(title="CPU (seconds per second of stream)", title_justify="left")
    cpu.add_column("process")
    cpu.add_column("CPU", justify="right")
    for kind, used in result["cpu"].items():
        cpu.add_row(kind, f"{used:.3f}")
    cpu.add_row("all but the simulator", f"{result['cpu_pipeline']:.3f}")
    cpu.add_row("floor: bare pylsl + NumPy", f"{result['cpu_floor']:.3f}")
    cpu.add_row("ratio", f"{result['cpu_ratio']:.1f}")
    console.print(cpu)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each CPU measurement takes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helo-bench-") as folder:
        confine(Path(folder))
        os.environ["XDG_RUNTIME_DIR"] = folder
        prefix = "helo-bench"
        simulator = subprocess.Popen(
            [*HELO, "simulate", "--prefix", prefix], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            cpu_floor = floor(prefix, options.seconds)
        finally:
            simulator.send_signal(signal.SIGINT)
            simulator.wait()
        floors = {"floor: bare Redis": bare_redis(), "floor: bare forward pass": bare_forward()}
        used, stages, summary = demo(options.seconds, Path(folder) / "recordings")
    pipeline = sum(value for kind, value in used.items() if kind != "simulator")
    result = {
        "stages_ms": stages,
        "floors_ms": floors,
        "cpu": used,
        "cpu_pipeline": round(pipeline, 4),
        "cpu_floor": cpu_floor,
        "cpu_ratio": round(pipeline / cpu_floor, 2),
        "summary": {key: summary[key] for key in ("ticks", "estimates", "abstained", "latency_ms", "streams")},
    }
    if options.json:
        print(json.dumps(result))
    else:
        print_tables(result)


if __name__ == "__main__":
    main()
