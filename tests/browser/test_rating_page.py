"""The participant's page, by keyboard and by touch, on a session that the test writes and a control that obeys."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.access import ADDRESS_VARIABLE, PASSWORD_VARIABLE
from pipeline.modalities import EMOTIONS
from pipeline.records import Event
from pipeline.session.config import Trials
from pipeline.session.ratings import RATING, Plan, TrialRating, rating_in
from pipeline.session.scale import Scale
from pipeline.session.scale_file import load_scale
from pipeline.states import SessionInfo
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import connect
from pipeline.store.ring import BlockingReader
from pipeline.streams.clock import local_clock
from pipeline.workers.control import Control, obeying
from tests.browser.test_accessible import faults
from tests.browser.written import HOP_S, WrittenSession
from tests.command import wait_for
from tests.workers import choosing_of

PANAS = load_scale("panas-short", Path())
SAM = load_scale("sam", Path())
GROUP = ".rating [role=radiogroup]"
MARKUP = "<b>bold</b><img src=x onerror='window.hit=1'>"


class Rated(WrittenSession):
    """A session whose trials are rated; it is recorded from the beginning."""

    def ask(self, scale: Scale, *participants: str) -> None:
        """Say what the session is, and obey what is asked of it."""
        everybody = {code: {"eeg": "EEG", "marks": "Markers"} for code in participants or ("P001",)}
        plan = Plan(scale=scale, trials=Trials(start="start *", end="end *")).model_dump_json()
        info = SessionInfo(self.session, everybody, HOP_S, "open", ("A notice.",), local_clock(), rating=plan)
        self.board.put_session(info)

    def trial(self, name: str, participant: str = "P001") -> float:
        """Mark a trial, a short one; return when it began."""
        onset = local_clock()
        for time, what in ((onset, "start"), (local_clock(), "end")):
            self.board.append_event(Event(time, "marker", f"{what} {name}", f"{participant}/marks"))
        return onset

    def ratings(self) -> list[tuple[float, TrialRating]]:
        """Return what was rated, with its times."""
        reader = BlockingReader(self.connection, {keys.events(self.session): ids.START}, Event)
        events = [entry.record for entry in reader.read(0)]
        reader.close()
        return [(event.time, rating_in(event.text)) for event in events if event.kind == RATING]


@pytest.fixture
def rated(browser: Browser, tmp_path: Path, unique: str) -> Iterator[Rated]:
    with Rated(tmp_path, unique) as session:
        connection = connect(session.server.url)
        board = Board(connection, unique)
        choosing = choosing_of(board, unique, tmp_path)
        with obeying(connection, unique, board, Control(board, "recording", list, choosing)):
            yield session
        board.close()
        connection.close()


@pytest.fixture
def tablet(browser: Browser) -> Iterator[Callable[[int], Page]]:
    """Return a function that opens the page on a screen that is touched."""
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)

    def open_page(port: int) -> Page:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"http://localhost:{port}/rating")
        page.wait_for_selector(".rating")
        return page

    yield open_page
    context.close()


def items(page: Page) -> list[str]:
    """Return the items in the order in which the page shows them."""
    return page.locator(".rating .item .text").all_inner_texts()


def test_a_trial_is_rated_by_keyboard_alone(rated, view):
    rated.ask(PANAS)
    page = view(rated.port, "rating", ready=".rating")
    expect(page.get_by_text("Please wait.")).to_be_visible()
    before = local_clock()
    onset = rated.trial("film-1")
    expect(page.locator(GROUP)).to_have_count(10)
    assert page.locator("input:checked").count() == 0
    order = [item.text for item in PANAS.asked(rated.session, "P001", onset)]
    assert items(page) == order
    done = page.get_by_role("button", name="Done")
    for number in range(10):
        expect(done).to_be_disabled()
        page.keyboard.press("Tab")
        page.keyboard.press(str(number % 5 + 1))
    page.keyboard.press("ArrowLeft")  # the last item: 4 in the place of 5
    expect(page.get_by_role("radio", checked=True)).to_have_count(10)
    page.keyboard.press("Tab")
    expect(done).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you.")).to_be_visible()
    ((time, rating),) = rated.ratings()
    assert before < time < local_clock()
    assert (rating.participant, rating.trial, rating.onset) == ("P001", "film-1", onset)
    assert [item.name.lower() for item in rating.items] == order
    assert [item.value for item in rating.items] == [1, 2, 3, 4, 5, 1, 2, 3, 4, 4]
    assert [item.changes for item in rating.items] == [1] * 9 + [2]
    reactions = [item.reaction_s for item in rating.items]
    assert reactions == sorted(reactions)
    assert 0 < reactions[0] <= reactions[-1] < local_clock() - before


def test_trials_are_rated_by_touch_one_after_the_other(rated, tablet):
    rated.ask(PANAS)
    page = tablet(rated.port)
    onsets = [rated.trial("film-1")]
    expect(page.locator(GROUP)).to_have_count(10)
    for button in page.locator(".rating .answer, .rating .done").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    order = items(page)
    expect(page.locator(".rating .late")).to_be_hidden()
    onsets.append(rated.trial("film-2"))  # it waits its turn
    expect(page.locator(".rating .late")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d – \d\d:\d\d:\d\d · 1 / 2$"))
    for group in page.locator(GROUP).all()[:9]:
        group.locator(".answer", has_text="2").tap()
    page.reload()
    expect(page.locator(GROUP)).to_have_count(10)
    assert items(page) == order
    assert page.locator("input:checked").count() == 9
    expect(page.get_by_role("button", name="Done")).to_be_disabled()
    page.locator(GROUP).last.locator(".answer", has_text="2").tap()
    page.get_by_role("button", name="Done").tap()
    page.wait_for_function(
        "before => { const now = [...document.querySelectorAll('.rating .item .text')].map(item => item.innerText);"
        "return now.length === 10 && now.join() !== before }",
        arg=",".join(order),
    )
    expect(page.locator(".rating .late")).to_be_hidden()
    rate_by_touch(page, 4)
    expect(page.get_by_text("Thank you.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    ratings = [rating for _, rating in rated.ratings()]
    assert [rating.onset for rating in ratings] == onsets
    assert [{item.value for item in rating.items} for rating in ratings] == [{2}, {4}]


def rate_by_touch(page: Page, value: int) -> None:
    """Give every item the same answer."""
    for group in page.locator(GROUP).all():
        group.locator(".answer", has_text=str(value)).tap()
    page.get_by_role("button", name="Done").tap()


def test_what_was_rated_while_the_dashboard_was_down_is_stored_once_when_it_is_back(rated, tablet):
    rated.ask(SAM)
    onset = rated.trial("film-1")
    page = tablet(rated.port)
    expect(page.locator(GROUP)).to_have_count(3)
    rated.stop_dashboard()
    rate_by_touch(page, 7)
    expect(page.get_by_text("One moment, please.")).to_be_visible()
    assert not rated.ratings()
    rated.start_dashboard()
    expect(page.get_by_text("Thank you.")).to_be_visible(timeout=60_000)  # Streamlit tries again ever more rarely
    wait_for(rated.ratings)
    ((_, rating),) = rated.ratings()
    assert (rating.onset, [item.value for item in rating.items]) == (onset, [7, 7, 7])


def test_the_end_of_the_session_is_said_in_the_words_of_the_scale_and_nothing_covers_it(rated, view):
    rated.ask(SAM)
    page = view(rated.port, "rating", ready=".rating")
    expect(page.get_by_text("Please wait.")).to_be_visible()
    rated.stop_dashboard()
    expect(page.get_by_text("This is the end. Thank you.")).to_be_visible()
    page.wait_for_selector("[data-testid=stDialog]", state="attached")
    assert page.locator("[data-testid=stDialog]").is_hidden()
    rated.start_dashboard()
    expect(page.get_by_text("Please wait.")).to_be_visible(timeout=60_000)  # Streamlit tries again ever more rarely
    page.wait_for_selector("[data-testid=stDialog]", state="detached")


def test_questions_stay_while_the_server_may_come_back_and_end_with_the_session(rated, view):
    rated.ask(SAM)
    rated.trial("film-1")
    page = view(rated.port, "rating", ready=GROUP)
    rated.stop_dashboard()
    page.wait_for_selector("body.helo-lost", state="attached")
    assert page.locator(GROUP).count() == 3
    expect(page.get_by_text("This is the end. Thank you.")).to_be_visible(timeout=60_000)
    assert page.locator(GROUP).count() == 0
    rated.start_dashboard()
    expect(page.locator(GROUP)).to_have_count(3, timeout=60_000)


def test_nothing_of_the_session_is_on_it_and_markup_is_text(rated, view):
    item = {"name": "a", "text": MARKUP, "anchors": {1: MARKUP}}
    scale = Scale.model_validate(
        {"title": "t", "language": "de", "question": MARKUP, "least": 1, "most": 2, "items": [item],
         "words": {"done": "Fertig"}}
    )  # fmt: skip
    rated.ask(scale)
    rated.stream(name="an EEG")
    rated.model()
    rated.estimates(range(40))
    rated.board.append_event(Event(local_clock(), "note", "coughs", "operator"))
    rated.trial(MARKUP)
    page = view(rated.port, "rating", ready=GROUP)
    lines = [line.strip() for line in page.locator("body").inner_text().splitlines() if line.strip()]
    assert sorted(lines) == sorted([MARKUP] * 3 + ["1", "2", "Fertig"])
    assert page.locator(".rating").get_attribute("lang") == "de"
    assert page.evaluate("window.hit") is None
    assert page.get_by_role("link").count() == 0
    assert page.title() == "helo live"
    assert "plotly" not in page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name).join()")
    assert not any(emotion in page.content() for emotion in EMOTIONS)
    page = view(rated.port)
    expect(page.get_by_role("link", name="What the model used")).to_be_visible()
    assert page.get_by_role("link", name="Rating").count() == 0


def test_the_address_says_whose_page_it_is_also_behind_the_password(rated, view, monkeypatch):
    password = "of a tablet in the room"
    monkeypatch.setenv(ADDRESS_VARIABLE, "0.0.0.0")
    monkeypatch.setenv(PASSWORD_VARIABLE, password)
    rated.stop_dashboard()
    rated.start_dashboard()
    rated.ask(SAM, "P001", "P002")
    rated.trial("film-1", "P002")
    for participant, expected in (
        ("", "Add ?participant=CODE to the address of this page; there are P001, P002."),
        ("?participant=P001", "Please wait."),
        ("?participant=P002", SAM.question),
    ):
        page = view(rated.port, f"rating{participant}", ready="input[type=password]")
        page.locator("input[type=password]").fill(password)
        page.keyboard.press("Enter")
        expect(page.get_by_text(expected)).to_be_visible()
        assert page.url.endswith(f"/rating{participant}")
        assert page.get_by_role("link").count() == 0


def test_ten_items_are_in_sight_at_once(rated, view):
    rated.ask(PANAS)
    rated.trial("film-1")
    for theme, (width, height) in itertools.product(("light", "dark"), ((1440, 900), (1024, 768))):
        page = view(rated.port, "rating", width=width, height=height, theme=theme, ready=GROUP)
        for part in (".rating h1", ".rating .done"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= height
        for anchor in page.locator(".rating .anchor").all():
            assert anchor.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert not faults(page)
        dark = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        assert (sum(map(int, dark.strip("rgb()").split(",")[:3])) < 380) == (theme == "dark")
