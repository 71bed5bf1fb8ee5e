"""Make the screenshots of the documentation from a running demo: ``make docs``.

The page is shown in the Chromium of HELO_CHROMIUM, or else the one on PATH.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from pipeline.cli.options import dashboard_port
from pipeline.session.runtime import running

HELO = [sys.executable, "-m", "pipeline.cli.main"]
IMAGES = Path(__file__).parent / "images"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: Points in the chart before the picture is taken: a minute.
POINTS = 240


#: Page -> what must be seen before its picture is taken; of the live page a minute, and how old it is. Set-up is first.
READY = {
    "setup": """() => document.querySelector('.choosing:not([hidden]) .now')?.textContent.includes(' on ') &&
        document.querySelector('.noting .hint')?.textContent &&
        !document.querySelector('.health').textContent.includes('settling')""",
    "live": f"""() => {{
        const plot = document.querySelector('.js-plotly-plot');
        const age = document.querySelector('[data-stage=total] .number');
        return plot?.data?.some((trace) => trace.x?.length >= {POINTS}) && age?.textContent.includes('ms');
    }}""",
    "used": """() => {
        const plots = [...document.querySelectorAll('.js-plotly-plot')];
        const squares = ['.plan rect', '.correlation rect'].every((one) => document.querySelector(one));
        return plots.length === 2 && squares && plots[0].data[0].x.length >= 60;
    }""",
    "signals": """() => {
        const newest = Number(document.querySelector('.eeg canvas')?.dataset.newest);
        const seen = document.querySelector('.face')?.dataset.face === 'seen';
        return newest > 0 && seen && document.querySelectorAll('.head canvas').length === 6;
    }""",
    "control": """() => ['.noting .hint', '.steer .since'].every((one) => document.querySelector(one)?.textContent)""",
    "rating": "() => document.querySelector('.rating [role=radiogroup]')",
    "sessions": "() => document.querySelector('.session-list td')",
    "session": """() => document.querySelector('.course-plot .main-svg') &&
        [...document.querySelectorAll('button')].some((one) => one.textContent.includes('Personalize'))""",
}
#: Page -> where it is.
ADDRESSES = {
    "live": "",
    "used": "used",
    "signals": "signals",
    "rating": "rating",
    "sessions": "sessions",
    "session": "sessions?session=demo",
}
#: Window sizes, and what is added to a picture's name for each.
SIZES = {"": (1440, 900), "-small": (1024, 768)}
SCHEMES = {"": "light", "-dark": "dark"}


def pictures(browser: Browser, url: str) -> None:
    """Take every page in every size, light and dark."""
    (run,) = running()
    control = run.control_page.removeprefix(f"{url}/")
    addresses = {**ADDRESSES, "control": control, "setup": control}
    addresses["session"] += f"&{control.partition('?')[2]}"  # the operator's: with all that can be done
    for name, ready in READY.items():
        for small, (width, height) in SIZES.items():
            for dark, scheme in SCHEMES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(f"{url}/{addresses[name]}")
                page.wait_for_function(ready, timeout=180_000)
                page.wait_for_timeout(1500)  # for the chart to have found its size
                page.wait_for_function(ready, timeout=180_000)  # still, or again: a head turns away
                page.screenshot(path=IMAGES / f"{name}{small}{dark}.png")
                page.close()
                print(IMAGES / f"{name}{small}{dark}.png")
        if name == "setup":
            subprocess.run([*HELO, "control", "record"], check=True)


def main() -> None:
    """Run a demo and photograph it."""
    IMAGES.mkdir(exist_ok=True)
    url = f"http://localhost:{dashboard_port()}"
    with tempfile.TemporaryDirectory(prefix="helo-docs-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder  # apart from whatever else runs
        demo = subprocess.Popen(
            [*HELO, "demo", "--setup", "--recordings", str(Path(folder) / "recordings")],
            stderr=subprocess.DEVNULL,
        )
        try:
            with sync_playwright() as playwright:
                executable = os.environ.get("HELO_CHROMIUM") or None
                with playwright.chromium.launch(executable_path=executable, args=FLAGS) as browser:
                    wait_until_served(browser, url, demo)
                    pictures(browser, url)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()


def wait_until_served(browser: Browser, url: str, demo: subprocess.Popen[bytes]) -> None:
    """Wait until the page is there; end with the demo's status if it stops before."""
    page = browser.new_page()
    while demo.poll() is None:
        answer = page.request.get(f"{url}/_stcore/health", fail_on_status_code=False, timeout=5000) if up(url) else None
        if answer is not None and answer.ok:
            page.close()
            return
        page.wait_for_timeout(500)
    sys.exit(demo.returncode or 1)


def up(url: str) -> bool:
    """Return whether something listens at the page's address."""
    import socket

    port = int(url.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
