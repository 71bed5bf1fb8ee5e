"""A model of a participant's own, made on the sessions page beside a run, by its operator alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dashboard.launch import OPERATOR_VARIABLE
from model.data.simulated import Task, participant_windows
from model.header import read_header
from pipeline.session.models import offered
from pipeline.states import Chosen
from tests.browser.test_accessible import in_both_themes
from tests.browser.written import WrittenSession
from tests.past import past_session
from tests.rated import write_rated

KEY = "the-key-of-this-run"
SOON_MS = 120_000


@pytest.fixture
def beside(browser, tmp_path, unique, monkeypatch) -> Iterator[WrittenSession]:
    """Show a rated session and one without ratings beside a run in set-up."""
    rated = past_session(tmp_path / "rated")
    write_rated(rated, rated / "ratings.csv", participant_windows(Task("P001", 91, 5, 1.0)))
    past_session(tmp_path / "unrated")
    monkeypatch.setenv(OPERATOR_VARIABLE, KEY)
    with WrittenSession(tmp_path, unique) as session:
        session.live(range(8))
        session.board.put_chosen(Chosen("shipped", "auto", "abc", "shipped", str(tmp_path / "models")))
        yield session


def test_only_the_operator_writes_and_what_helps_can_be_chosen(beside, view, tmp_path):
    port = beside.port
    for path in ("sessions?session=rated", "sessions?session=rated&key=a-guess"):
        page = view(port, path, ready=".helo h1")
        expect(page.get_by_role("button", name="Report")).to_be_visible(timeout=SOON_MS)
        assert page.get_by_role("button", name="Export").count() == 0
        assert page.get_by_role("button", name="Personalize").count() == 0
    page.goto(f"http://localhost:{port}/sessions?session=unrated&key={KEY}")
    expect(page.get_by_role("button", name="Personalize")).to_be_disabled(timeout=SOON_MS)
    page.goto(f"http://localhost:{port}/sessions?session=rated")  # the tab still has the key
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_enabled(timeout=SOON_MS)
    assert in_both_themes(page) == []
    page.get_by_role("button", name="Personalize").click()
    expect(page.get_by_text("is the model of P001")).to_be_visible(timeout=SOON_MS)
    (made,) = (tmp_path / "models").iterdir()
    expect(page.get_by_text(f"model: {made}")).to_be_visible(timeout=SOON_MS)
    assert made.name.startswith("P001-rated-")
    assert read_header(made).personalized.participant == "P001"
    assert offered(beside.board.chosen())[made.name] == str(made)
