"""What is written into the chart over time: why there are gaps, and what happened."""

from playwright.sync_api import expect

from pipeline.records import Event
from pipeline.streams.clock import local_clock

CHART = ".helo .plot .main-svg >> nth=0"
MARKUP = "<b>bold</b><img src=x onerror='window.hit=1'>"


def narrow_gap(written, reason):
    """Say all that a page needs, with two seconds that have no estimate, eight seconds ago."""
    written.begin()
    written.stream()
    written.model()
    written.estimates(range(240), abstained=range(200, 208), reason=reason)


def test_the_reason_of_a_gap_and_what_happened_stand_in_the_chart(written, view):
    written.begin()
    written.stream()
    written.model()
    written.board.append_event(Event(local_clock() - 40, "note", f"coughs {MARKUP}", "operator"))
    written.estimates(range(240), abstained=range(60, 140), reason="EEG: flat")
    page = view(written.port)
    page.wait_for_selector(CHART)
    texts = "document.querySelector('.helo .plot').layout.annotations.map(one => one.text)"
    page.wait_for_function(f"{texts}.includes('EEG: flat')")
    page.wait_for_function(f"{texts}.some(text => text.startsWith('▾ note: coughs'))")
    assert page.locator(".helo .plot img").count() == 0
    assert page.evaluate("window.hit") is None


def test_a_narrow_gap_has_a_mark_that_tells_its_whole_reason(written, view):
    words = "EDA: its values stand still; PPG: no clear pulse; face: nobody is in the picture;"
    reason = f"{words} a-stream-with-a-name-of-more-than-forty-four-letters: none has arrived"
    narrow_gap(written, reason)
    page = view(written.port)
    page.wait_for_selector(CHART)
    page.get_by_role("button", name="Pause").click()
    mark = page.locator(".helo .plot .annotation-text", has_text="?")
    mark.hover()
    told = page.locator(".helo .plot .hoverlayer text").first
    expect(told).to_contain_text("none has arrived")
    assert "".join(told.text_content().split()) == "".join(reason.split())
    assert told.locator("tspan.line").count() > 2
    box, plot = told.bounding_box(), page.locator(".helo .plot").bounding_box()
    assert plot["x"] <= box["x"]
    assert box["x"] + box["width"] <= plot["x"] + plot["width"]


def test_what_a_mark_tells_goes_with_it(written, view):
    """The chart moves on under a pointer that stands still."""
    narrow_gap(written, "EEG: flat")
    page = view(written.port)
    page.wait_for_selector(CHART)
    mark = page.locator(".helo .plot .annotation-text", has_text="?")
    mark.hover()
    told = page.locator(".helo .plot .hoverlayer text")
    expect(told).to_have_text("EEG: flat")
    marks = "[...document.querySelectorAll('.helo .plot .annotation-text')]"
    place = f"{marks}.find((one) => one.textContent === '?')?.getBoundingClientRect().x"
    page.wait_for_function(f"(at) => at - {place} > 30", arg=page.evaluate(place))
    expect(told).to_have_count(0)
