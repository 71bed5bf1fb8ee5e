"""A real session of a simulated participant, and a real Chromium that looks at it, with a clock in hand."""

import multiprocessing
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from playwright.sync_api import Browser, Page

from benchmarks.chromium import running as running_chromium
from benchmarks.viewers import HELO, wait_for_port
from dashboard.situation import made_at
from pipeline.records import Estimate, Event
from pipeline.session.runtime import Run, running
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import connect
from pipeline.store.ring import BlockingReader
from pipeline.streams.clock import local_clock
from pipeline.streams.simulator import Simulator
from pipeline.workers.demo import SESSION_FILE

_PREFIX: Final = "helo-visible"
_SESSION: Final = "visible"
_FACE: Final = "Face"
_PATIENCE_MS: Final = 60_000

#: Tell of whatever calls it when the frame after it has been painted (epoch ms).
_PAINTED = """window.painted = (tell) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => tell(performance.timeOrigin + performance.now());
    port2.postMessage(0);
});"""
#: Note the newest moment of the chart each time its lines are drawn, and when that was painted.
_WATCH_CHART = """() => {
    const plot = document.querySelector('.helo .plot');
    let last = null;
    window.seen = [];
    new MutationObserver(() => {
        const newest = plot.data[0].x.at(-1) ?? last;  // none before the first estimate, and behind a gap
        if (newest === last) return;
        last = newest;
        painted((at) => seen.push([newest, at]));
    }).observe(plot, { subtree: true, childList: true, attributes: true, attributeFilter: ['d'] });
}"""
#: Note when the banner is amber and says so.
_WATCH_BANNER = """(said) => {
    const status = document.querySelector('.helo .status');
    window.amber = null;
    const watch = new MutationObserver(() => {
        if (status.dataset.level !== 'amber' || !status.textContent.includes(said)) return;
        watch.disconnect();
        painted((at) => { window.amber = at; });
    });
    watch.observe(status, { subtree: true, childList: true, attributes: true, characterData: true });
}"""
_WATCH_KEYS = """() => {
    window.presses = [];
    addEventListener('keydown', (event) => presses.push(performance.timeOrigin + event.timeStamp), true);
}"""
#: The control page knows the host's clock.
_COMPARED = "Number(/to (\\d+) ms/.exec(document.querySelector('.noting .hint')?.textContent ?? '')?.[1] ?? 1e9) < 40"


def publish(without: tuple[str, ...]) -> None:
    """Publish the simulated participant without some streams, until the process ends."""
    with Simulator(1, prefix=_PREFIX, without=without) as simulator:
        simulator.run(threading.Event())


class Sender:
    """A program that sends some of the participant's streams, and may be stopped or killed."""

    def __init__(self, *without: str) -> None:
        self._without = without
        self.start()

    def start(self) -> None:
        """Start it."""
        self._process = multiprocessing.get_context("spawn").Process(target=publish, args=(self._without,), daemon=True)
        self._process.start()

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.join()


@dataclass
class Watched:
    """A session that runs, and a browser that looks at it."""

    run: Run
    browser: Browser
    face: Sender
    epoch: float
    """Epoch time (s) of the LSL clock's zero."""

    def page(self, address: str, ready: str) -> Page:
        """Open a page."""
        page = self.browser.new_context(timezone_id="UTC", viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.add_init_script(_PAINTED)
        page.goto(address)
        page.wait_for_selector(ready)
        return page

    def live(self) -> Page:
        """Open the live page."""
        return self.page(f"http://localhost:{self.run.port}/", ".helo .plot .main-svg >> nth=0")

    def estimates(self, seconds: float) -> list[float]:
        """Return for each estimate of the next seconds how long it took to be painted (s)."""
        page, connection = self.live(), connect(self.run.store)
        reader = BlockingReader(connection, {keys.estimates(_SESSION, "P001"): "$"}, Estimate)
        page.evaluate(_WATCH_CHART)
        made: list[Estimate] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            made += [entry.record for entry in reader.read(0.5)]
        page.wait_for_function(f"seen.at(-1)?.[0] >= {1000 * (made[-1].time + self.epoch) - 2}")
        seen: list[tuple[float, float]] = page.evaluate("seen")
        reader.close()
        connection.close()
        page.context.close()
        # The first ones may have come before anybody watched.
        return [self._painted(one, seen) for one in made[4:]]

    def _painted(self, estimate: Estimate, seen: list[tuple[float, float]]) -> float:
        about = 1000 * (estimate.time + self.epoch)
        at = next(painted for newest, painted in seen if newest >= about - 2)
        return at / 1000 - self.epoch - made_at(estimate)

    def notes(self, rounds: int) -> list[float]:
        """Return how far the time of each note is from the press of its key (s)."""
        page, connection = self.page(self.run.control_page, ".noting .hint"), connect(self.run.store)
        page.wait_for_function(_COMPARED)
        page.evaluate(_WATCH_KEYS)
        reader = BlockingReader(connection, {keys.events(_SESSION): "$"}, Event)
        noted: list[float] = []
        for number in range(rounds):
            time.sleep(random.uniform(0, 1))
            page.keyboard.press("1")
            while len(noted) <= number:
                noted += [one.record.time for one in reader.read(1.0) if one.record.kind == "note"]
        presses = page.evaluate("presses")
        reader.close()
        connection.close()
        page.context.close()
        return [abs(at + self.epoch - press / 1000) for at, press in zip(noted, presses, strict=True)]

    def losses(self, rounds: int) -> list[float]:
        """Return how long it took each time until the page said that the face is missing (s)."""
        page, connection = self.live(), connect(self.run.store)
        board = Board(connection, _SESSION)
        took = []
        for number in range(rounds):
            page.wait_for_selector(".status[data-level=green]")
            time.sleep(random.uniform(5, 6))
            page.evaluate(_WATCH_BANNER, f"{_FACE} delivers no samples for")
            if number % 2:
                self.face.kill()
            else:
                self.face.send(signal.SIGSTOP)
            page.wait_for_function("amber !== null")
            (last,) = (one.last_sample for one in board.stream_health() if one.stream == "P001/face")
            assert last is not None
            took.append(page.evaluate("amber") / 1000 - self.epoch - last)
            if number % 2:
                self.face.start()
            else:
                self.face.send(signal.SIGCONT)
        board.close()
        connection.close()
        page.context.close()
        return took


@contextmanager
def watched(folder: Path, path: str) -> Iterator[Watched]:
    """Run the session and the browser."""
    content = yaml.safe_load(SESSION_FILE.read_text())
    for stream in content["participants"]["P001"]["streams"].values():
        stream["match"]["name"] = stream["match"]["name"].replace("helo-demo", _PREFIX)
    file = folder / "session.yaml"
    file.write_text(yaml.safe_dump({**content, "session": _SESSION}))
    body, face = Sender(_FACE), Sender("EEG", "GSR", "PPG", "Markers", "State")
    command = [*HELO, "run", str(file), "--recordings", str(folder), "--json"]
    session = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(int(os.environ["HELO_PORT"]))
        (run,) = running()
        with running_chromium(path) as browser:
            yield Watched(run, browser, face, time.time() - local_clock())
    finally:
        session.send_signal(signal.SIGINT)
        session.wait(60)
        for sender in (body, face):
            sender.kill()
