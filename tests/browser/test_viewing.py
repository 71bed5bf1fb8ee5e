"""Pages that are looked at for long: what they and the server keep does not grow, and a late viewer sees all at once.

``HELO_SOAK_MINUTES`` says how long (30); docs/performance.md has the figures.
"""

import os
from collections import defaultdict

import psutil
import pytest
from playwright.sync_api import CDPSession, Page

from benchmarks.ports import free_port
from dashboard.history import KEPT_S
from pipeline.streams.clock import local_clock
from tests.browser.conftest import FAULTS
from tests.browser.written import HOP_S, answers
from tests.command import SEED, started, status, wait_for
from tests.flat import growth

MINUTES = float(os.environ.get("HELO_SOAK_MINUTES", "30"))
EVERY_S = 10.0
#: Until then a page fills: it shows five minutes (s).
SETTLED_S = min(300.0, 12 * MINUTES)
MOST_GROWTH = 0.05

#: Page -> its address, and what it is drawn with.
PAGES = {
    "live": ("", ".helo .plot .main-svg >> nth=0"),
    "used": ("used", ".helo .js-plotly-plot >> nth=0"),
    "signals": ("signals", ".helo .eeg canvas"),
    "control": ("control", ".helo .readonly"),
}
POINTS = "(document.querySelector('.helo .plot')?.data?.[0].x.length ?? 0)"
#: How long after the navigation began the chart stood in a painted frame with so many points (ms).
PAINTED = f"""least => new Promise((tell) => {{
    const look = () => ({POINTS} < least ? requestAnimationFrame(look) : setTimeout(() => tell(performance.now())));
    requestAnimationFrame(look);
}})"""


def kept(session: CDPSession) -> dict[str, float]:
    """Return what a page keeps once its garbage is collected: bytes of its objects, and nodes."""
    session.send("HeapProfiler.collectGarbage")
    return {
        "memory": session.send("Runtime.getHeapUsage")["usedSize"],
        "nodes": session.send("Memory.getDOMCounters")["nodes"],
    }


def browser_memory(session: CDPSession) -> dict[str, int]:
    """Return what Chromium would give back if its pages, or all of it, ended (unique set size, bytes)."""
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    each = [(one["type"], psutil.Process(one["id"]).memory_full_info().uss) for one in found]
    return {"pages": sum(uss for kind, uss in each if kind == "renderer"), "whole": sum(uss for _, uss in each)}


def opened(page: Page, port: int, points: int) -> float:
    """Open the live page anew, and return how long it took until so many points stood in its chart (s)."""
    page.goto(f"http://localhost:{port}/", wait_until="commit")
    return page.evaluate(PAINTED, points) / 1000


@pytest.mark.soak
@pytest.mark.timeout(60 * MINUTES + 600)
def test_what_server_and_pages_keep_is_flat_and_a_late_viewer_sees_all_at_once(browser, view, tmp_path):
    port = free_port()
    with started("demo", "--seed", SEED, "--recordings", tmp_path, "--json", env={"HELO_PORT": str(port)}) as run:
        wait_for(lambda: run.poll() is not None or answers(port), within_s=90)
        pages = {name: view(port, path, ready=ready) for name, (path, ready) in PAGES.items()}
        probes = {name: page.context.new_cdp_session(page) for name, page in pages.items()}
        whole = browser.new_browser_cdp_session()
        (dashboard,) = (one["pid"] for one in status()["processes"] if one["kind"] == "dashboard")
        server = psutil.Process(dashboard)
        times: list[float] = []
        looked: dict[str, list[float]] = defaultdict(list)
        start = local_clock()
        while local_clock() < start + 60 * MINUTES:
            due = start + EVERY_S * (len(times) + 1)
            wait_for(lambda due=due: local_clock() >= due)
            times.append(local_clock() - start)
            looked["server: memory"].append(server.memory_full_info().uss)
            for name, probe in probes.items():
                for what, value in kept(probe).items():
                    looked[f"{name}: {what}"].append(value)
            for what, value in browser_memory(whole).items():
                looked[f"Chromium, {what}: memory"].append(value)
        assert run.poll() is None
        settled = [number for number, time in enumerate(times) if time > SETTLED_S]
        grown = {
            name: growth([times[n] for n in settled], [values[n] for n in settled]) for name, values in looked.items()
        }
        report(times[-1], looked, grown)
        late = view(port, "control", ready=".helo .readonly")
        # A page that is open keeps somewhat more than a new one is sent.
        sent = min(pages["live"].evaluate(POINTS), KEPT_S / HOP_S)
        among = [opened(late, port, round(0.9 * sent)) for _ in range(5)]
        assert [text for page in pages.values() for text in page.locator(FAULTS).all_inner_texts()] == []
        for page in pages.values():
            page.goto("about:blank")
        alone = [opened(late, port, round(0.9 * sent)) for _ in range(5)]
        late.goto("about:blank")
        new = []
        for _ in range(5):
            with browser.new_context() as context:
                new.append(opened(context.new_page(), port, round(0.9 * sent)))
    for which, took in (
        ("beside these four", among),
        ("alone", alone),
        ("alone, for the first time in a browser", new),
    ):
        print(f"The live page opened then, {which} (s): {', '.join(f'{one:.2f}' for one in took)}")  # noqa: T201 - as below
    assert {name: share for name, share in grown.items() if share > MOST_GROWTH} == {}


def report(seconds: float, looked: dict[str, list[float]], grown: dict[str, float]) -> None:
    """Print the table of docs/performance.md."""
    lines = [f"{seconds / 60:.0f} minutes, a look every {EVERY_S:g} s", "", "| what | at the end | growth |"]
    for name, values in looked.items():
        end = f"{values[-1] / 1e6:.2f} MB" if name.endswith("memory") else f"{values[-1]:.0f}"
        lines.append(f"| {name} | {end} | {100 * grown[name]:+.2f} % |")
    print("\n".join(lines))  # noqa: T201 - what the test is run for
