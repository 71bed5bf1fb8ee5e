"""What viewers cost: a real demo's live page, looked at by N WebSocket clients at once.

``python -m benchmarks.viewers [--viewers 1 10] [--seconds S] [--json]`` runs `helo demo`, and lets N clients do what a
browser does: have Streamlit run the page, and with the ticket that this gives follow the updates while Streamlit's own
WebSocket stays open. CPU is the dashboard's, user and system, in seconds per second; without a viewer it reads the
store.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.ports import free_port
from dashboard.push import ADDRESS

HELO = [sys.executable, "-m", "pipeline.cli.main"]
_START_S: Final = 120.0
_WARM_UP_S: Final = 8.0


@dataclass
class Viewer:
    """One client."""

    port: int
    updates: list[float] = field(default_factory=list)
    """When each came (s)."""
    bytes: int = 0

    async def look(self) -> None:
        """Look until cancelled."""
        options: dict[str, Any] = {"origin": f"http://localhost:{self.port}", "max_size": None}
        host = f"ws://localhost:{self.port}"
        async with (
            connect(f"{host}/_stcore/stream", subprotocols=["streamlit"], **options) as page,  # type: ignore[list-item]
            connect(f"{host}{ADDRESS}", **options) as updates,
        ):
            await page.send(_run().SerializeToString())
            await updates.send(json.dumps(await _ticket(page)))
            async for update in updates:
                await updates.send('{"drawn": true}')
                self.bytes += len(update)
                self.updates.append(time.monotonic())


def _run() -> BackMsg:
    message = BackMsg()
    message.rerun_script.query_string = ""
    return message


async def _ticket(page: ClientConnection) -> Any:
    """Return what a run of the page gives it."""
    async for data in page:
        assert isinstance(data, bytes)
        message = ForwardMsg.FromString(data)
        if message.WhichOneof("type") == "delta":
            element = message.delta.new_element
            if element.WhichOneof("type") == "bidi_component":
                return json.loads(element.bidi_component.bytes)
    raise SystemExit("the page ended before it gave a ticket")


def dashboard_of(run: int) -> psutil.Process:
    """Return the dashboard's process of a run, once it is there."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        for child in psutil.Process(run).children(recursive=True):
            if "streamlit" in child.cmdline():
                return child
        time.sleep(0.5)
    raise SystemExit("the dashboard does not start")


def wait_for_port(port: int) -> None:
    """Wait until something answers there."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise SystemExit("the dashboard does not answer")


async def measure(process: psutil.Process, port: int, n: int, seconds: float) -> dict[str, Any]:
    """Return what N viewers cost the dashboard."""
    viewers = [Viewer(port) for _ in range(n)]
    looking = [asyncio.create_task(viewer.look()) for viewer in viewers]
    await asyncio.sleep(_WARM_UP_S)
    before, since, sent = sum(process.cpu_times()[:2]), time.monotonic(), sum(viewer.bytes for viewer in viewers)
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - since
    cpu = (sum(process.cpu_times()[:2]) - before) / elapsed
    sent = sum(viewer.bytes for viewer in viewers) - sent
    rates = [sum(at >= since for at in viewer.updates) / elapsed for viewer in viewers]
    for task in looking:
        if task.done():
            task.result()
        task.cancel()
    await asyncio.gather(*looking, return_exceptions=True)
    return {
        "cpu": cpu,
        "updates_per_s": {"least": min(rates, default=0.0), "mean": sum(rates) / n if n else 0.0},
        "kb_per_s_each": sent / 1000 / elapsed / n if n else 0.0,
        "memory_mb": process.memory_info().rss / 1e6,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, nargs="+", default=[0, 1, 10])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="helo-bench-") as folder:
        command = [*HELO, "demo", "--recordings", str(Path(folder)), "--json"]
        env = {**os.environ, "HELO_PORT": str(port)}
        run = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process = dashboard_of(run.pid)
            wait_for_port(port)
            result = {str(n): asyncio.run(measure(process, port, n, options.seconds)) for n in options.viewers}
        finally:
            run.send_signal(signal.SIGINT)
            run.wait(60)
    if options.json:
        print(json.dumps(result))
        return
    table = Table(title="Viewers of the live page", title_justify="left")
    for column in ("viewers", "CPU of the dashboard", "updates/s (least)", "kB/s each", "memory (MB)"):
        table.add_column(column, justify="right")
    for n, row in result.items():
        rates = f"{row['updates_per_s']['mean']:.2f} ({row['updates_per_s']['least']:.2f})"
        table.add_row(n, f"{row['cpu']:.3f}", rates, f"{row['kb_per_s_each']:.1f}", f"{row['memory_mb']:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
