"""What the live page shows of sessions that the test writes."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from pipeline.modalities import EMOTIONS
from pipeline.records import Event
from pipeline.states import Alarm, Alarms, Explained
from pipeline.streams.clock import local_clock
from tests.browser.written import taken
from tests.command import wait_for

CHART = ".helo .plot .main-svg >> nth=0"
MARKUP = "<b>bold</b><img src=x onerror='window.hit=1'>"

#: An estimate that is written so far ahead of its time says something of now for as long as a test looks (s).
AHEAD_S = 60.0


def points(page) -> int:
    """Return how many moments the chart holds."""
    return page.evaluate("document.querySelector('.helo .plot')?.data?.[0].x.length ?? 0")


def test_no_session_is_said_and_the_page_comes_alive_with_it(written, view):
    page = view(written.port)
    expect(page.locator(".status")).to_contain_text("No session runs here yet.")
    expect(page.locator(".reasons")).to_contain_text("helo demo")
    written.begin()
    expect(page.locator(".status")).to_contain_text("Waiting for the sensors: EEG.")
    expect(page.locator("h1")).to_have_text(written.session)
    written.stream()
    expect(page.locator(".status")).to_contain_text("The model is being loaded.")
    written.model()
    written.estimates(range(40))
    page.wait_for_selector(CHART)
    expect(page.locator(".bars .bar-row")).to_have_count(len(EMOTIONS))


def test_text_from_outside_is_shown_as_text(written, view):
    written.begin(notices=(f"Composite {MARKUP}",))
    written.stream(name=f"stream {MARKUP}")
    written.model((f"joy {MARKUP}", *EMOTIONS[1:]))
    written.board.append_event(Event(local_clock(), "note", f"note {MARKUP}", "P001"))
    written.estimates(
        range(40),
        reason=f"reason {MARKUP}",
        modalities={"EEG": taken(f"fault {MARKUP}")},
        abstained=range(39, 40),
        ahead_s=AHEAD_S,
    )
    written.board.put_explained(
        "P001", Explained(39, local_clock(), None, 0.0, np.eye(len(EMOTIONS), dtype=np.float32), "abc")
    )
    for path, told in {
        "": ("stream", "note", "reason", "fault"),
        "used": ("joy",),
        "signals": (),
        "control": ("stream", "note"),
    }.items():
        page = view(written.port, path)
        for what in ("Composite", *told):
            expect(page.locator(".helo")).to_contain_text(f"{what} {MARKUP}")
        assert page.evaluate("document.querySelectorAll('.helo img, .helo li b b').length") == 0
        assert page.evaluate("window.hit") is None


def test_abstained_ticks_are_a_gap_and_not_data(written, view):
    written.begin()
    written.stream()
    written.model()
    written.estimates(range(60), abstained=range(20, 30))
    page = view(written.port)
    page.wait_for_selector(CHART)
    *layers, gap = page.evaluate(
        "(() => { const d = document.querySelector('.helo .plot').data; return d.slice(0, 11)"
        ".map(({ x, y }) => ({ x: [...x], y: [...y] })) })()"
    )
    total = np.sum([layer["y"] for layer in layers], axis=0)
    assert set(np.round(total, 2)) == {0.0, 1.0}
    times = np.array(layers[0]["x"])
    hidden = times[total < 0.5]
    assert hidden[-1] - hidden[0] == pytest.approx(10 * 250 + 250, abs=10)
    assert max(gap["y"]) == 1
    assert min(gap["x"]) == pytest.approx(hidden[0], abs=2)


def test_a_new_viewer_sees_the_last_minutes_at_once(written, view):
    written.live(range(200))
    for _ in range(2):
        page = view(written.port)
        page.wait_for_selector(CHART)
        assert points(page) == 200


def test_new_points_are_added_to_the_chart_that_stands(written, view):
    written.live(range(40))
    page = view(written.port)
    page.wait_for_selector(CHART)
    page.evaluate("document.querySelector('.helo .plot').mark = 'the same'")
    written.estimates(range(40, 44))
    page.wait_for_function("document.querySelector('.helo .plot').data[0].x.length >= 44")
    assert page.evaluate("document.querySelector('.helo .plot').mark") == "the same"


def test_an_alarm_is_in_the_banner_and_sounds_where_that_is_wanted(written, view):
    written.live(range(40), alarms=True)
    page = view(written.port)
    page.wait_for_selector(CHART)
    sound = page.locator(".sound")
    page.get_by_label("Sound alarms").check()
    expect(sound).to_have_attribute("data-played", "1")  # so that the viewer knows how it sounds
    written.board.put_alarms(Alarms((Alarm("P001 0", "P001", "Upset is above 60 % for 5 s.", 1.0, True),)))
    expect(page.locator(".helo .top")).to_contain_text("Alarm: Upset is above 60 % for 5 s.")
    expect(sound).to_have_attribute("data-played", "2")
    written.board.put_alarms(Alarms(()))
    expect(page.locator(".helo .top")).not_to_contain_text("Alarm:")
    expect(sound).to_have_attribute("data-played", "2")


@pytest.mark.parametrize("display", ["open", "blind"])
def test_a_blind_session_shows_no_estimate_and_sends_none(written, browser, display):
    shares = np.full(10, 0.0617, dtype=np.float32)
    shares[0] = 0.4447
    written.begin(display=display)
    written.stream()
    written.model(demonstration=True)
    written.estimates(range(40), shares=shares)
    sent: list[bytes] = []
    for path, ready in (("", ".health tbody tr"), ("used", ".plan"), ("signals", ".helo"), ("control", ".health")):
        context = browser.new_context()
        page = context.new_page()
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sent.append(frame)))
        page.goto(f"http://localhost:{written.port}/{path}")
        page.wait_for_selector(ready)
        if display == "blind":
            expect(page.locator(".notices")).to_contain_text(
                "This session is blind: estimates are recorded, not shown."
            )
            expect(page.locator(".mixture .plot, .bar-row")).to_have_count(0)
        context.close()
    told = re.compile(rb"[\[,](0\.)?4447[,\]]")
    assert any(told.search(frame) for frame in sent) == (display == "open")


def test_what_the_model_used_has_a_gap_where_it_abstained_and_no_old_plan(written, view):
    written.begin()
    written.stream()
    written.model()
    uses = {"EEG": taken(weight=0.7), "GSR": taken(weight=0.3)}
    written.estimates(range(80), abstained=range(28, 48), modalities=uses)
    plan = np.full((2, 2), 0.25, np.float32)
    correlation = np.eye(len(EMOTIONS), dtype=np.float32)
    correlation[0, 1:4] = [0.127, -0.254, 0.004]
    written.board.put_explained("P001", Explained(1, local_clock() - 60, plan, 0.5, correlation, "abc"))
    page = view(written.port, "used")
    page.wait_for_function("document.querySelector('.weights .plot')?.data?.length === 4")
    spans, names = page.evaluate(
        "(() => { const { data } = document.querySelector('.weights .plot'); return ["
        "data.map(({ x }) => (new Date(x.at(-1)) - new Date(x[0])) / 1000),"
        "data.filter(({ showlegend }) => showlegend).map(({ name }) => name)] })()"
    )
    assert names == ["EEG", "EDA"]
    assert sum(spans[::2]) == pytest.approx(20 - 5 - 2, abs=1.01)
    expect(page.locator(".plan .empty")).to_contain_text("The last answer is of 6")
    expect(page.locator(".plan rect")).to_have_count(0)
    first = page.locator(".correlation rect:not(.ground)")
    expect(page.locator(".correlation .number")).to_have_count(len(EMOTIONS) ** 2)
    assert page.locator(".correlation .number").all_text_contents()[:4] == ["", "+.13", "−.25", "0"]
    assert first.nth(2).get_attribute("class") == "apart"
    assert first.nth(1).get_attribute("class") != "apart"
    full, half = (float(first.nth(place).get_attribute("fill-opacity")) for place in (2, 1))
    assert half == pytest.approx(full / 2, abs=0.01)
    assert first.nth(0).get_attribute("fill-opacity") == "0.000"  # with itself
    assert first.nth(1).locator("title").text_content() == f"{EMOTIONS[0]}, {EMOTIONS[1]}: +.13"


def test_the_table_of_sensors_calls_nothing_whole_or_weighed_that_is_not(written, view):
    uses = {"EEG": taken(valid=1499 / 1500, quality=0.996), "GSR": taken(weight=0.0, valid=0.004)}
    written.begin(uses={"eeg": "EEG", "gsr": "GSR", "ppg": "PPG"})
    written.model()
    written.stream()
    written.stream(name="EDA", stream="gsr", use="GSR", sfreq=4.0)
    written.estimates(range(8), modalities=uses, ahead_s=AHEAD_S)
    page = view(written.port)
    said = page.locator(".health tbody tr")
    expect(said).to_have_count(3)
    cells = page.locator(".health tbody tr td")
    texts = [cells.nth(k).inner_text() for k in range(30)]
    assert (texts[4], texts[5], texts[9]) == ("99 %", "99 %", "100 %")
    assert (texts[14], texts[17], texts[19]) == ("<1 %", "0", "0 %")
    assert (texts[22], texts[27]) == ("–", "–")
    written.estimates(range(8, 12), modalities=uses, abstained=range(8, 12), ahead_s=AHEAD_S)
    for row in range(3):
        expect(said.nth(row).locator("td").last).to_have_text("–")


def test_one_of_several_participants_is_chosen(written, view):
    written.begin("P001", "P002")
    written.model()
    for participant, emotion in (("P001", 0), ("P002", 9)):
        written.stream(participant)
        shares = np.full(10, 0.05, dtype=np.float32)
        shares[emotion] = 0.55
        written.estimates(range(40), participant, shares=shares)
    page = view(written.port)
    expect(page.locator(".chip")).to_have_text("P001")
    expect(page.locator(".bars .bar-row >> nth=0")).to_contain_text("55.0 %")
    page.get_by_text("P002", exact=True).click()
    expect(page.locator(".chip", has_text="P001")).to_have_count(0)  # Streamlit takes the old page away last
    expect(page.locator(".chip")).to_have_text("P002")
    expect(page.locator(".bars .bar-row >> nth=9")).to_contain_text("55.0 %")
    expect(page.locator(".helo")).to_have_count(1)


def test_equal_items_stay_as_many_as_they_are(written, view):
    written.begin("P001", "P002", notices=("A composite.", "A composite."))
    written.stream()
    written.model()
    marker = Event(local_clock(), "marker", "start", "P001/marks")
    for _ in range(2):
        written.board.append_event(marker)
    written.estimates(range(40))
    page = view(written.port)
    page.wait_for_selector(CHART)
    for tick in range(40, 60):
        written.estimates(range(tick, tick + 1))
        page.wait_for_function(f"document.querySelector('.helo .plot').data[0].x.length > {tick}")
    expect(page.locator(".notices li")).to_have_count(2)
    expect(page.locator(".happened li")).to_have_count(2)


def test_the_end_of_the_session_is_said_and_nothing_covers_what_was_seen_last(written, view):
    written.live(range(40))
    page = view(written.port)
    page.wait_for_selector(CHART)
    written.stop_dashboard()
    expect(page.locator(".status")).to_contain_text("The session has ended; this page can be closed.")
    page.wait_for_selector("[data-testid=stDialog]", state="attached")
    assert page.locator("[data-testid=stDialog]").is_hidden()
    assert points(page) == 40
    written.start_dashboard()
    written.estimates(range(40, 44), ahead_s=AHEAD_S)
    page.wait_for_function("document.querySelector('.helo .plot').data[0].x.length >= 44")
    expect(page.locator(".status")).not_to_contain_text("ended")


def test_a_store_that_dies_is_said_and_the_page_goes_on_when_it_is_back(written, view):
    written.live(range(40))
    page = view(written.port)
    page.wait_for_selector(CHART)
    written.server.process.kill()
    written.server.wait()
    expect(page.locator(".status")).to_contain_text("The store does not answer. The picture goes on when it is back.")
    written.server.start()
    wait_for(written.board.flush)
    written.estimates(range(40, 60))
    page.wait_for_function("document.querySelector('.helo .plot').data[0].x.length >= 60")
    expect(page.locator(".status")).not_to_contain_text("The store does not answer.")


@pytest.mark.parametrize("width", [1440, 1024])
def test_a_long_name_pushes_no_column_out_of_sight(written, view, width):
    long = "a-recording-of-which-somebody-gave-the-file-a-very-long-name"
    written.begin(uses={"eeg": "EEG", long: "record"})
    written.stream(name=long)
    written.model()
    written.estimates(range(40))
    page = view(written.port, width=width)
    page.wait_for_selector(CHART)
    expect(page.locator(".health tbody tr")).to_have_count(2)
    assert page.locator(".scroll").evaluate("scroll => scroll.scrollWidth - scroll.clientWidth") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_everything_that_matters_is_in_sight(written, view, theme, width, height):
    written.begin()
    written.stream()
    written.model(demonstration=True)
    written.estimates(range(40))
    page = view(written.port, width=width, height=height, theme=theme)
    page.wait_for_selector(CHART)
    for part in (".status", ".notices li", ".plot", ".bars", ".health table", ".age"):
        box = page.locator(part).first.bounding_box()
        assert box is not None, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width, part
        assert box["y"] + box["height"] <= height, part
    dark = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert (sum(map(int, dark.strip("rgb()").split(",")[:3])) < 380) == (theme == "dark")
