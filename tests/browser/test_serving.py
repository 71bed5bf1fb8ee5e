"""What the dashboard's server sends to a browser, and how."""

import gzip
import sys
import urllib.error
import urllib.request

import psutil
import pytest

from dashboard.assets import SOURCES, folder
from dashboard.screens.opening import OPENING
from tests.command import wait_for


def test_the_first_updates_all_hold_everything_for_streamlit_may_drop_some_while_a_page_opens(written, browser):
    written.live(range(20))
    whole = []

    def take(frame):
        if b'"points":[[' in bytes(frame):
            whole.append(b'"points":[[0,' in bytes(frame))

    with browser.new_context() as context:
        page = context.new_page()
        page.on("websocket", lambda socket: socket.on("framereceived", take))
        page.goto(f"http://localhost:{written.port}", wait_until="commit")
        wait_for(lambda: page.wait_for_timeout(10) or len(whole) >= OPENING + 3)
    assert all(whole[:OPENING])
    assert not all(whole)


def test_a_page_s_files_are_served_as_they_are_for_good_and_nothing_else_is(written):
    def ask(name):
        try:
            return urllib.request.urlopen(f"http://localhost:{written.port}/{folder()}/{name}")
        except urllib.error.HTTPError as error:
            return error

    for path in (SOURCES / "live.js", SOURCES / "live.css"):
        with ask(path.name) as answer:
            assert gzip.decompress(answer.read()) == path.read_bytes()
            assert "immutable" in answer.headers["Cache-Control"]
            assert {".js": "javascript", ".css": "css"}[path.suffix] in answer.headers["Content-Type"]
    for name in ("nothing.js", "component.py", "../app.py", "..%2fapp.py", "%2e%2e%2fapp.py", ""):
        with ask(name) as answer:
            assert not answer.read().startswith(b'"""')
            assert answer.status >= 400 or "text/html" in answer.headers["Content-Type"]  # then it is Streamlit's page


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process says what it has loaded")
def test_the_server_runs_on_uvloop(written):
    assert any("uvloop" in one.path for one in psutil.Process(written.dashboard.pid).memory_maps())
