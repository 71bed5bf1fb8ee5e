"""Recorded sessions in a real browser: the page of `helo sessions`, and the report."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.ports import free_port
from pipeline.records import Event
from pipeline.session.folder import EVENTS, EventLog, read_provenance, write_provenance
from pipeline.session.tables import estimate_row, write_parquet
from tests.browser.written import answers
from tests.command import helo_json, started, wait_for
from tests.past import MARKUP, START, estimate, past_session

CHART = ".course-plot .main-svg >> nth=0"
NO_SCRIPT_RAN = "window.hit === undefined && document.querySelectorAll('.helo img').length === 0"


@pytest.fixture(scope="module")
def recordings(browser, tmp_path_factory) -> Path:
    """Record sessions: one analysed again, one with markup and no estimate at first, a blind, a strange and a long one.

    The strange one began soon after midnight, has a single estimate among its ticks and a trial that was begun anew;
    the long one lasts beyond a day.
    """
    root = tmp_path_factory.mktemp("recordings")
    plain = past_session(root / "plain", abstained=range(40, 48), reason="no modality has valid data")
    (plain / "analysis").mkdir()
    write_parquet(
        plain / "analysis" / "estimates.parquet", [estimate_row("P001", estimate(tick)) for tick in range(80)]
    )
    past_session(root / "marked", abstained=range(4), note=MARKUP, notice=f"Composite {MARKUP}")
    past_session(root / "blind", display="blind")
    strange = past_session(root / "strange")
    rows = [estimate_row("P001", estimate(tick, abstained=tick != 40, reason="too little")) for tick in range(80)]
    write_parquet(strange / "estimates.parquet", rows)
    log = EventLog(strange / EVENTS)
    for number, (at, text) in enumerate([(8, "start sad"), (12, "start sad"), (15, "end sad")]):
        log.append(f"{number + 5}-0", Event(START + at, "marker", text, "P001/marks"))
    log.close()
    begun = datetime.now().astimezone().replace(hour=0, minute=5)
    write_provenance(strange, read_provenance(strange) | {"begun": begun.isoformat()})
    long = past_session(root / "long")
    write_parquet(
        long / "estimates.parquet", [estimate_row("P001", estimate(tick)) for tick in range(0, 4 * 27 * 3600, 1200)]
    )
    return root


@pytest.fixture(scope="module")
def served(recordings) -> Iterator[int]:
    """Serve them by `helo sessions`; return the port."""
    port = free_port()
    with started("sessions", "--recordings", recordings, env={"HELO_PORT": str(port)}) as serving:
        wait_for(lambda: serving.poll() is not None or answers(port), within_s=90)
        assert serving.poll() is None
        yield port


@pytest.fixture
def opened(view, served):
    """Return a function that opens an address of the page as a new viewer."""
    return partial(view, served, ready=".helo, [data-testid=stText]")


def test_a_session_of_the_list_is_opened_and_scrubbed(opened):
    page = opened()
    expect(page.locator(".session-list tbody tr")).to_have_count(5)
    page.get_by_role("link", name="plain", exact=True).click()
    page.wait_for_selector(CHART)
    expect(page.locator("h1")).to_have_text("plain")
    expect(page.locator(".told-table").filter(has_text="What was amiss")).to_contain_text("no modality has valid data")
    expect(page.locator(".told-table").filter(has_text="Live against re-analysis")).to_contain_text("8 abstain in one")
    slider = page.get_by_role("slider", name="Moment of the session")
    slider.focus()
    slider.fill("32")
    expect(page.locator(".shares h2")).to_have_text("At 0:00:08")
    expect(page.locator(".shares .bar-row >> nth=1")).to_contain_text("9.5 %")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("33")
    slider.fill("42")
    expect(page.locator(".shares")).to_contain_text("No estimate: no modality has valid data.")
    page.get_by_role("button", name="All sessions").click()
    expect(page.locator(".session-list tbody tr")).to_have_count(5)


def test_a_session_opens_at_its_first_estimate(opened):
    page = opened("?session=marked")
    page.wait_for_selector(CHART)
    expect(page.locator(".shares h2")).to_have_text("At 0:00:01")
    expect(page.locator(".shares")).not_to_contain_text("No estimate")


def test_abstentions_are_hatched_gaps_and_trials_are_marked(opened):
    page = opened("?session=plain")
    page.wait_for_selector(CHART)
    chart = "document.querySelector('.course-plot')"
    gap = page.evaluate(f"JSON.parse(JSON.stringify({chart}.data[10]))")
    assert gap["fillpattern"]["shape"] == "/"
    assert max(gap["y"]) == 1
    trials = page.evaluate(
        f"{chart}.layout.shapes.filter(shape => shape.type === 'rect').map(s => (s.x1 - s.x0) / 1000)"
    )
    assert trials == [4]
    assert "joy" in page.evaluate(f"{chart}.layout.annotations.map(a => a.text)")


def test_a_single_estimate_is_drawn_for_as_long_as_it_stands(opened):
    page = opened("?session=strange")
    page.wait_for_selector(CHART)
    x, y = page.evaluate("(({ x, y }) => [[...x], [...y]])(document.querySelector('.course-plot').data[9])")
    drawn = [since(at) for at, share in zip(x, y, strict=True) if share > 0]
    assert (drawn[0], drawn[-1]) == pytest.approx((10.0, 10.25), abs=0.003)
    x, y = page.evaluate("(({ x, y }) => [[...x], [...y]])(document.querySelector('.course-plot').data[10])")
    assert since(x[-1]) == pytest.approx(20.0, abs=0.003)
    assert y[-1] == 1


def test_no_share_is_told_where_there_is_no_estimate(opened):
    page = opened("?session=plain")
    page.wait_for_selector(CHART)
    box = page.locator(".course-plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 44 / 80, box["y"] + 0.99 * box["height"])
    expect(page.locator(".course-plot .hoverlayer text")).to_have_text("no estimate")


def test_a_trial_that_was_begun_anew_ends_there(opened):
    page = opened("?session=strange")
    page.wait_for_selector(CHART)
    trials = page.evaluate(
        "document.querySelector('.course-plot').layout.shapes.filter(shape => shape.type === 'rect')"
        ".map(({ x0, x1 }) => (x1 - x0) / 1000)"
    )
    assert trials == [4, 4, 3]


def test_what_began_after_midnight_is_not_said_to_have_at_24(opened):
    page = opened()
    expect(page.locator(".session-list tr").filter(has_text="strange")).to_contain_text("00:05")
    page.get_by_role("link", name="strange", exact=True).click()
    page.wait_for_selector(CHART)
    expect(page.locator(".whose .model")).to_contain_text("00:05 · 0:00:20 long")


@pytest.mark.parametrize("moment", [12, 79])
@pytest.mark.parametrize(("part", "height", "within"), [(0, 0.01, 0.0), (1, 0.94, 0.5)], ids=["mixture", "departure"])
def test_a_click_chooses_the_moment_that_was_pointed_at(opened, moment, part, height, within):
    """The mixture has its points where moments begin, below its upper edge; a row's line in the middle of moments."""
    page = opened("?session=plain")
    page.wait_for_selector(CHART)
    box = page.locator(".course-plot .nsewdrag").nth(part).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * (moment + within) / 80, box["y"] + box["height"] * height)
    expect(page.get_by_role("slider", name="Moment of the session")).to_have_value(str(moment))


def test_beyond_a_day_the_axis_says_on_which(opened):
    page = opened("?session=long")
    page.wait_for_selector(CHART)
    ticks = page.locator(".course-plot .xtick text").all_text_contents()
    assert (ticks[0], ticks[-1]) == ("day 1, 0:00:00", "day 2, 0:00:00")


def test_zoom_and_back(opened):
    page = opened("?session=plain")
    page.wait_for_selector(CHART)
    width = (
        "(() => { const [a, b] = document.querySelector('.course-plot')._fullLayout.xaxis.range"
        ".map(x => Date.parse(`${x}Z`)); return (b - a) / 1000 })()"
    )
    page.get_by_role("button", name="Zoom in at the moment").click()
    page.wait_for_function(f"{width} < 11")
    page.get_by_role("button", name="Whole session").click()
    page.wait_for_function(f"{width} > 19")


def test_text_from_outside_is_shown_as_text(opened):
    page = opened("?session=marked")
    page.wait_for_selector(CHART)
    expect(page.locator(".notices")).to_contain_text(f"Composite {MARKUP}")
    expect(page.locator(".told-table").filter(has_text="What happened")).to_contain_text(MARKUP)
    assert page.evaluate(NO_SCRIPT_RAN)


def test_a_blind_session_shows_no_estimate_and_offers_no_report(opened):
    page = opened("?session=blind")
    page.wait_for_selector(CHART)
    expect(page.locator(".notices")).to_contain_text("This session is blind")
    expect(page.locator(".bar-row")).to_have_count(0)
    expect(page.get_by_role("button", name="Report")).to_have_count(0)


@pytest.mark.parametrize(
    "name", ["..%2Fplain", "..", "%2Fetc", "nobody", "%3Cimg%20src%3Dx%20onerror%3D'window.hit%3D1'%3E"]
)
def test_a_name_that_leads_nowhere_is_refused_in_words(opened, name):
    page = opened(f"?session={name}")
    expect(page.get_by_text("is no session's name").or_(page.get_by_text("holds no recorded session"))).to_be_visible()
    assert page.evaluate("window.hit === undefined")


def test_an_export_says_where_it_went(opened, recordings):
    page = opened("?session=plain")
    page.wait_for_selector(CHART)
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_text("files in")).to_be_visible(timeout=60_000)
    (made,) = (recordings / "plain" / "export").iterdir()
    assert (made / "estimates.parquet").exists()


def test_the_report_is_had_from_the_page_and_opens_without_a_network(opened, browser, tmp_path):
    page = opened("?session=plain")
    page.wait_for_selector(CHART)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    download.value.save_as(tmp_path / "plain.html")
    _look_at(browser, tmp_path / "plain.html", "plain")


def test_markup_in_a_report_does_nothing(browser, recordings, tmp_path):
    helo_json("report", recordings / "marked", "-o", tmp_path / "r.html")
    _look_at(browser, tmp_path / "r.html", "marked")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_nothing_is_wider_than_the_page(opened, theme, width, height):
    page = opened("?session=plain", width=width, height=height, theme=theme)
    page.wait_for_selector(CHART)
    for part in (".notices", ".course-plot", ".scrub", ".bars", ".told-table >> nth=-1"):
        box = page.locator(part).first.bounding_box()
        assert box is not None, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width, part
    colour = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert (sum(map(int, colour.strip("rgb()").split(",")[:3])) < 380) == (theme == "dark")


def since(at: float) -> float:
    """Return the seconds of a session from what its chart's axis has."""
    return at / 1000 - datetime(2000, 1, 1, tzinfo=UTC).timestamp()


def _look_at(browser, file: Path, name: str) -> None:
    """Open a report with the network cut, and check that it draws, asks for nothing and runs nothing of the text."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked, faults = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-drawn='1']")
    expect(page.locator("h1")).to_have_text(name)
    assert page.evaluate("document.querySelector('.course-plot').data.length") > 30
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [file.as_uri()]
    assert faults == []
    assert page.evaluate(NO_SCRIPT_RAN)
    context.close()
