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

IMAGES = Path(__file__).parent / "images"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: Points in the chart before the picture is taken: a minute.
POINTS = 240


def picture(browser: Browser, url: str, name: str, scheme: str, width: int, height: int) -> None:
    """Take one screenshot once the chart has a minute of the mixture."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(url)
    page.wait_for_function(
        "least => { const plot = document.querySelector('.js-plotly-plot');"
        " return plot && plot.data && Math.max(...plot.data.map(trace => (trace.x || []).length)) >= least }",
        arg=POINTS,
        timeout=180_000,
    )
    page.screenshot(path=IMAGES / f"{name}.png")
    page.close()
    print(f"{IMAGES / name}.png")


def main() -> None:
    """Run a demo and photograph it."""
    IMAGES.mkdir(exist_ok=True)
    url = f"http://localhost:{dashboard_port()}"
    with tempfile.TemporaryDirectory(prefix="helo-docs-") as folder:
        demo = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli.main", "demo", "--recordings", folder],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "XDG_RUNTIME_DIR": folder},
        )
        try:
            with sync_playwright() as playwright:
                executable = os.environ.get("HELO_CHROMIUM") or None
                with playwright.chromium.launch(executable_path=executable, args=FLAGS) as browser:
                    wait_until_served(browser, url, demo)
                    picture(browser, url, "live", "light", 1440, 900)
                    picture(browser, url, "live-dark", "dark", 1440, 900)
                    picture(browser, url, "live-small", "light", 1024, 768)
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
