"""The chart over time in the viewer's hands: zoom, pause, and the other view."""

import numpy as np
import pytest
from playwright.sync_api import expect
from websockets.sync.client import connect

from dashboard.push import ADDRESS
from tests.browser.written import HOP_S
from tests.command import wait_for

CHART = ".helo .plot .main-svg >> nth=0"
RANGE = "document.querySelector('.helo .plot')._fullLayout.xaxis._rl.map(Number)"
#: What somebody noted in the browser's own record of how fast a page is, and left there.
MARKS = "performance.getEntries().filter(({ entryType }) => ['mark', 'measure'].includes(entryType)).length"
TIMES = "document.querySelector('.helo .plot').data[0].x"
LENGTH = f"{TIMES}.length"


def grow(written, page, ticks: range) -> None:
    """Write estimates one by one, each once the chart has the one before."""
    for tick in ticks:
        written.estimates(range(tick, tick + 1))
        page.wait_for_function(f"{LENGTH} > {tick}")


#: Count how often Plotly draws the chart anew, or with more points.
COUNTED = """
window.drawn = 0;
for (const name of ['newPlot', 'extendTraces']) {
    const draw = Plotly[name];
    Plotly[name] = (...given) => (window.drawn += given[0].matches('.mixture .plot'), draw(...given));
}
"""


def test_what_came_while_plotly_was_loading_is_drawn_at_once(written, browser):
    written.live(range(200))
    held, received, said = [], [], []

    def listen(way):
        way.on("framereceived", lambda frame: received.append(bytes(frame)))
        way.on("framesent", lambda frame: said.append(frame))

    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/plotly.min.js", lambda route: held.append(route))
        page.on("websocket", lambda way: way.url.endswith(ADDRESS) and listen(way))
        page.goto(f"http://localhost:{written.port}", wait_until="commit")
        wait_for(lambda: page.wait_for_timeout(10) or (held and any(b"[199," in frame for frame in received)))
        for tick in range(200, 205):
            written.estimates(range(tick, tick + 1))
        with connect(f"ws://localhost:{written.port}{ADDRESS}") as other:  # a page that is sent them, unlike this one
            other.send(said[0])
            while b"[204," not in other.recv(timeout=60):
                other.send('{"drawn": true}')
        assert len(received) == 1
        plotly = held[0].fetch()
        held[0].fulfill(response=plotly, body=plotly.text() + COUNTED)
        page.wait_for_function(f"document.querySelector('.helo .plot')?.data && {LENGTH} >= 205")
        assert page.evaluate("window.drawn") == 2


#: Count how often Plotly draws a chart anew for another size.
RESIZED = """
window.resized = 0;
const resize = Plotly.Plots.resize;
Plotly.Plots.resize = (...given) => (window.resized++, resize(...given));
"""
#: Whether the chart is as large as its place.
FITS = """(() => {
    const [plot, drawn] = ['.helo .plot', '.helo .plot .main-svg'].map((one) => document.querySelector(one));
    const [place, size] = [plot, drawn].map((one) => one.getBoundingClientRect());
    return Math.abs(size.width - place.width) < 1 && Math.abs(size.height - place.height) < 1;
})()"""


def test_the_chart_is_as_large_as_its_place_and_drawn_anew_for_no_other_reason(written, browser):
    written.live(range(40))
    with browser.new_context() as context:
        page = context.new_page()

        def counted(route):
            plotly = route.fetch()
            route.fulfill(response=plotly, body=plotly.text() + RESIZED)

        page.route("**/plotly.min.js", counted)
        page.goto(f"http://localhost:{written.port}")
        page.wait_for_selector(CHART)
        grow(written, page, range(40, 44))
        assert page.evaluate(FITS)
        assert page.evaluate("window.resized") == 0
        for times, width in enumerate((1000, 1400), 1):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(f"window.resized >= {times} && {FITS}")


def test_zoom_survives_updates_until_the_viewer_returns_to_live(written, view):
    written.live(range(200))
    page = view(written.port)
    page.wait_for_selector(CHART)
    box = page.locator(".helo .plot .nsewdrag").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.6 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], y, steps=5)
    page.mouse.up()
    button = page.get_by_role("button", name="Return to live")
    expect(button).to_be_visible()
    zoomed = page.evaluate(RANGE)
    assert 20_000 < zoomed[1] - zoomed[0] < 28_000  # a fifth of two minutes
    grow(written, page, range(200, 220))
    assert page.evaluate(RANGE) == pytest.approx(zoomed, abs=1)
    button.click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    after = page.evaluate(RANGE)
    assert after[1] > zoomed[1]
    assert after[1] - after[0] == pytest.approx(120_000, abs=1)


def test_a_chart_that_moves_holds_what_it_shows_and_one_that_is_held_all_that_is_kept(written, view):
    written.live(range(1200))  # five minutes
    page = view(written.port)
    page.wait_for_selector(CHART)
    page.wait_for_function(f"{LENGTH} > 480")
    assert page.evaluate(LENGTH) < 600
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(f"{LENGTH} >= 1190")
    page.get_by_role("button", name="Return to live").click()
    written.estimates(range(1200, 1204))
    page.wait_for_function(f"{LENGTH} < 600")
    page.get_by_role("button", name="5 min").click()
    page.wait_for_function(f"{LENGTH} >= 1190")
    page.get_by_role("button", name="1 min").click()
    written.estimates(range(1204, 1208))
    page.wait_for_function(f"{LENGTH} < 300")
    written.stop_dashboard()  # nothing comes any more that would draw the chart
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(f"{LENGTH} >= 1190")
    written.start_dashboard()


def test_estimates_that_come_and_go_with_each_tick_leave_no_part_of_the_chart_empty(written, view):
    """Each gap is several points of the chart."""
    written.begin()
    written.stream()
    written.model()
    written.estimates(range(1200), abstained=range(0, 1200, 2))
    page = view(written.port)
    page.wait_for_selector(CHART)
    page.get_by_role("button", name="5 min").click()
    newest = page.evaluate(f"{TIMES}.at(-1)")
    written.estimates(range(1200, 1204))
    page.wait_for_function(f"{TIMES}.at(-1) > {newest}")
    begin, _ = page.evaluate(RANGE)
    times = page.evaluate(f"[...{TIMES}]")
    assert times[0] <= begin + 5_000
    assert np.diff([time for time in times if time <= newest]).max() < 2 * 250


def test_nothing_piles_up_in_the_browsers_timeline(written, view):
    written.live(range(40))
    page = view(written.port)
    page.wait_for_selector(CHART)
    grow(written, page, range(40, 55))
    assert page.evaluate(MARKS) < 10


def test_pointing_at_a_gap_tells_no_share(written, view):
    """The stack falls to nothing there; also where the gap comes while the page looks on."""
    written.live(range(120))
    page = view(written.port)
    page.wait_for_selector(CHART)
    told = "document.querySelector('.helo .plot').data[0].hovertemplate"
    assert page.evaluate(f"new Set({told}).size") == 1
    for tick in range(120, 124):
        written.estimates(range(tick, tick + 1), abstained=range(120, 124), reason="no modality has valid data")
    page.wait_for_function(f"{LENGTH} > 124")
    page.get_by_role("button", name="Pause").click()
    found = page.evaluate(
        "(() => { const { y, hovertemplate: told } = document.querySelector('.helo .plot').data[0];"
        "return told.map((one, k) => [y[k], one]) })()"
    )
    assert {text.startswith("no estimate") for share, text in found if share == 0} == {True}
    assert {text.startswith("no estimate") for share, text in found if share > 0} == {False}
    plot = page.locator(".helo .plot .nsewdrag").first.bounding_box()
    place = page.evaluate(
        "(() => { const plot = document.querySelector('.helo .plot'); const axis = plot._fullLayout.xaxis;"
        "return axis.d2p(plot.data[0].x.at(-1)) })()"
    )
    page.mouse.move(plot["x"] + place - 1, plot["y"] + plot["height"] - 2)
    expect(page.locator(".helo .plot .hoverlayer text").first).to_have_text("no estimate")


def test_a_page_that_nobody_can_see_does_not_count_how_late_it_was_painted(written, view):
    written.live(range(40))
    page = view(written.port)
    page.wait_for_selector(CHART)
    total = page.locator(".age .total .number").first
    expect(total).to_have_text("–")  # what was there before the page is its past
    grow(written, page, range(40, 44))
    expect(total).to_contain_text("ms")
    page.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })")
    grow(written, page, range(44, 46))
    seen = total.inner_text()
    grow(written, page, range(46, 54))
    assert total.inner_text() == seen
    page.evaluate("delete document.hidden")
    grow(written, page, range(54, 56))
    expect(total).to_contain_text("ms")


def test_a_paused_picture_stands_still_while_the_banner_goes_on(written, view):
    written.live(range(40))
    page = view(written.port)
    page.wait_for_selector(CHART)
    page.get_by_role("button", name="Pause").click()
    before = page.evaluate(RANGE)
    grow(written, page, range(40, 50))
    assert page.evaluate(RANGE) == before
    expect(page.locator(".status")).to_contain_text("EEG delivers no samples for")


def test_the_departure_from_the_mean_label_is_a_view_of_its_own(written, view):
    written.begin()
    written.stream()
    written.model()
    shares = np.full(10, 0.08, dtype=np.float32)
    shares[3] = 0.28
    written.estimates(range(60), shares=shares, abstained=range(20, 30))
    page = view(written.port)
    page.wait_for_selector(CHART)
    page.get_by_role("button", name="From average").click()
    page.wait_for_function("document.querySelector('.helo .plot').data.length === 31")
    low, high, line = page.evaluate(
        "document.querySelector('.helo .plot').data.slice(9, 12).map(t => JSON.parse(JSON.stringify([...t.y])))"
    )
    reach = 0.4  # the smallest lane that holds the interval's end, 0.42 of all, 0.32 above the mean label
    assert line[0] == pytest.approx(6.5 + 0.18 / (2 * reach), abs=0.001)
    assert (low[0], high[0]) == pytest.approx((6.5 + 0.04 / (2 * reach), 6.5 + 0.32 / (2 * reach)), abs=0.001)
    assert line[20:30] == [None] * 10
    written.estimates(range(60, 64), shares=shares)
    page.wait_for_function(f"{LENGTH} >= 64")


def test_what_rises_and_what_falls_is_marked(written, view):
    written.begin()
    written.stream()
    written.model()
    shares = np.full(10, 0.1, dtype=np.float32)
    shares[0], shares[9] = 0.15, 0.05
    written.estimates(range(120), ahead_s=-40 * HOP_S)
    written.estimates(range(120, 160), shares=shares)
    page = view(written.port)
    page.wait_for_selector(CHART)
    expect(page.locator(".bars .trend >> nth=0")).to_have_text("▲")
    expect(page.locator(".bars .trend >> nth=9")).to_have_text("▼")
    expect(page.locator(".bars .trend >> nth=5")).to_have_text("")
