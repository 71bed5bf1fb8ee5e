"""What the dashboard's server sends to a browser, and how."""

import gzip
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from dashboard.assets import folder
from dashboard.bundle import SOURCES, bundle
from tests.command import wait_for

NUMBER_OF_POINTS = "document.querySelector('.helo .plot').data[0].x.length"


def test_a_page_is_sent_everything_once_and_then_what_is_new(written, browser):
    written.live(range(20))
    sent = []

    def take(frame):
        found = re.search(rb'"points":\[(.*?)\],"state"', bytes(frame))
        if found:
            sent.append([int(number) for number in re.findall(rb"\[(\d+),1\d{12},", found[1])])

    with browser.new_context() as context:
        page = context.new_page()
        page.on("websocket", lambda socket: "updates" in socket.url and socket.on("framereceived", take))
        page.goto(f"http://localhost:{written.port}", wait_until="commit")
        wait_for(lambda: page.wait_for_timeout(10) or len(sent) >= 3)
        written.estimates(range(20, 24))
        wait_for(lambda: page.wait_for_timeout(10) or any(23 in numbers for numbers in sent))
    assert sent[0] == list(range(20))
    assert [number for update in sent for number in update] == list(range(24))


def test_a_way_that_is_lost_is_opened_again_and_what_the_page_missed_comes(written, browser):
    written.live(range(40))
    ways = []

    def between(way):
        way.connect_to_server()
        ways.append(way)

    with browser.new_context() as context:
        page = context.new_page()
        page.route_web_socket("**/updates", between)
        page.goto(f"http://localhost:{written.port}")
        page.wait_for_function(f"document.querySelector('.helo .plot')?.data && {NUMBER_OF_POINTS} === 40")
        page.evaluate("document.querySelector('.helo .plot').mark = 'the same'")
        ways[0].close(code=1001)
        written.estimates(range(40, 50))
        page.wait_for_function(f"{NUMBER_OF_POINTS} >= 50")
        assert page.evaluate(NUMBER_OF_POINTS) <= 53  # the chart may have the ends of the gap meanwhile, too
        assert len(ways) == 2
        assert page.evaluate("document.querySelector('.helo .plot').mark") == "the same"


def test_a_page_s_files_are_served_as_they_are_for_good_and_nothing_else_is(written):
    def ask(name):
        try:
            return urllib.request.urlopen(f"http://localhost:{written.port}/{folder()}/{name}")
        except urllib.error.HTTPError as error:
            return error

    styles = (SOURCES / "live.css").read_text(encoding="utf-8")
    for name, content in {"live.js": bundle("live"), "live.css": styles}.items():
        with ask(name) as answer:
            assert gzip.decompress(answer.read()).decode() == content
            assert "immutable" in answer.headers["Cache-Control"]
            assert {".js": "javascript", ".css": "css"}[Path(name).suffix] in answer.headers["Content-Type"]
    for name in ("nothing.js", "dom.js", "component.py", "../app.py", "..%2fapp.py", "%2e%2e%2fapp.py", ""):
        with ask(name) as answer:
            assert not answer.read().startswith(b'"""')
            assert answer.status >= 400 or "text/html" in answer.headers["Content-Type"]  # then it is Streamlit's page


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process says what it has loaded")
def test_the_server_runs_on_uvloop(written):
    assert any("uvloop" in one.path for one in psutil.Process(written.dashboard.pid).memory_maps())
