"""Who sees badly, or uses no mouse: axe-core finds nothing serious, and the keyboard alone reaches every control."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.written import WrittenSession
from tests.past import past_session

#: Of four impacts, the two that shut somebody out.
GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Return what shuts somebody out, with the first element that does, and why."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html']} {one['nodes'][0]['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
    ]


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
    "sessions": ".helo tbody tr",
    "sessions?session=past": ".course-plot .main-svg >> nth=0",
}
#: Number everything that can be operated, and return how much that is. Of radio buttons the keyboard reaches one.
NUMBER = """() => {
    const able = [...document.querySelectorAll('a[href], button, input, select, textarea')]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0);
    able.forEach((one, number) => { one.dataset.number = number; });
    return able.map((one) => one.outerHTML.slice(0, 200));
}"""
#: The number of what has the focus, and whether that shows; around a choice of Streamlit's its box shows it.
FOCUS = """() => {
    const at = document.activeElement;
    const shows = at.matches('[role=combobox]') || getComputedStyle(at).outlineStyle !== 'none';
    return [at.dataset.number ?? null, shows || getComputedStyle(at).boxShadow !== 'none'];
}"""

#: The colours of the banner's words and of their ground at a level, as they are painted (red, green, blue, 0 to 255).
PAINTED = """level => {
    const banner = document.querySelector('.helo .status').cloneNode(true);
    banner.dataset.level = level;
    document.querySelector('.helo .status').after(banner);
    const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    const { color, backgroundColor } = getComputedStyle(banner);
    const painted = [color, backgroundColor].map((fillStyle) => {
        Object.assign(pen, { fillStyle }).fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    });
    banner.remove();
    return painted;
}"""


@pytest.fixture
def everything(written: WrittenSession, tmp_path: Path) -> WrittenSession:
    """A session that runs, and one that was recorded."""
    written.live(range(60), alarms=True)
    past_session(tmp_path / "past")
    return written


def test_nothing_shuts_anybody_out_and_the_keyboard_alone_reaches_every_control(everything, view):
    found = {}
    for path, ready in PAGES.items():
        page = view(everything.port, path, ready=ready)
        found[path] = [*unreached(page), *in_both_themes(page)]
    assert found == {path: [] for path in PAGES}


def luminance(colour: list[int]) -> float:
    """Return the relative luminance of a colour: WCAG 2.2."""
    parts = (part / 255 for part in colour)
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_banner_can_be_read_at_every_level(everything, view, theme):
    page = view(everything.port, theme=theme)
    contrast = {}
    for level in ("green", "amber", "red", "waiting"):
        dark, light = sorted(map(luminance, page.evaluate(PAINTED, level)))
        contrast[level] = (light + 0.05) / (dark + 0.05)
    assert {level: ratio for level, ratio in contrast.items() if ratio < 4.5} == {}  # WCAG 2.2, 1.4.3


def unreached(page: Page) -> list[str]:
    """Return what can be operated but not reached by Tab, or does not show that it has the focus."""
    controls = page.evaluate(NUMBER)
    assert controls
    reached = set()
    for _ in range(len(controls) + 10):
        page.keyboard.press("Tab")
        number, shows = page.evaluate(FOCUS)
        if number is not None and shows:
            reached.add(int(number))
    return [html for number, html in enumerate(controls) if number not in reached]
