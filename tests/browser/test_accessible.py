"""What axe-core finds on the pages: nothing serious."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: Of four impacts, the two that shut somebody out.
GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Return what shuts somebody out, with the first element that does."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in GRAVE]


#: Address of each page, and what it is known by.
PAGES = {
    "": ".helo .status",
    "used": ".helo",
    "signals": ".helo .eeg canvas",
    "control": ".helo .readonly",
    "sessions": ".helo, [data-testid=stText]",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_shuts_anybody_out(written, view, theme):
    written.live(range(60))
    found = {path: faults(view(written.port, path, theme=theme, ready=ready)) for path, ready in PAGES.items()}
    assert found == {path: [] for path in PAGES}
