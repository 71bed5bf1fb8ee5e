"""A real browser, and real dashboards for it to look at."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.chromium import chromium, running
from tests.browser.written import WrittenSession
from tests.unmeasured import unmeasured  # noqa: F401 - of all tests here

# What is waited for comes within a fraction of a second; a machine may be busy.
expect.set_options(timeout=30_000)
#: What a page says that could not be made, in the server or in the browser.
FAULTS = "[data-testid=stException], .helo-fault"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a running Chromium; skip where there is none."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install it, or set HELO_CHROMIUM to its path")
    with running(path) as started:
        yield started


@pytest.fixture
def view(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a dashboard as a new viewer, and waits for what its page is known by.

    In the end no page may have raised anything, nor say that it cannot draw.
    """
    pages: list[Page] = []
    raised: list[str] = []

    def open_page(
        port: int,
        path: str = "",
        *,
        width: int = 1440,
        height: int = 900,
        theme: str = "light",
        ready: str = ".helo .status",
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
        page = context.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: raised.append(f"{page.url}: {error}"))
        page.set_default_timeout(60_000)
        page.goto(f"http://localhost:{port}/{path}")
        page.wait_for_selector(ready)
        return page

    yield open_page
    for page in pages:
        raised += page.locator(FAULTS).all_inner_texts()
        page.context.close()
    assert raised == []


@pytest.fixture
def written(browser: Browser, tmp_path: Path, unique: str) -> Iterator[WrittenSession]:
    """Return a store of its own for a session that the test writes, and its dashboard; skip where nobody can look."""
    with WrittenSession(tmp_path, unique) as session:
        yield session
