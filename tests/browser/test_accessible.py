"""What axe-core finds on the pages: nothing serious, in light and dark."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: Of four impacts, the two that shut somebody out.
GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Return what shuts somebody out, with the first element that does."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in GRAVE]


def in_both_themes(page: Page) -> list[str]:
    """Return what shuts somebody out in light, or in dark."""
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{theme}'")
        found += [f"{theme}: {fault}" for fault in faults(page)]
    return found


#: Address of each page, and what it is known by.
PAGES = {
    "": ".helo .status",
    "used": ".helo",
    "signals": ".helo .eeg canvas",
    "control": ".helo .readonly",
    "sessions": ".helo, [data-testid=stText]",
}


def test_nothing_shuts_anybody_out(written, view):
    written.live(range(60))
    found = {path: in_both_themes(view(written.port, path, ready=ready)) for path, ready in PAGES.items()}
    assert found == {path: [] for path in PAGES}
