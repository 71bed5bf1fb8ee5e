"""The live page of the real demo: simulated sensors, LSL, the whole pipeline, a browser."""

import io
import os
import re
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.ports import free_port
from dashboard.signals.words import SIGNALS
from dashboard.theme import emotion_colours
from dashboard.words import DEMONSTRATION, GREEN, MOVEMENT, NO_DECISION, SHARES, USED
from pipeline.modalities import EEG_CHANNELS, EMOTIONS
from tests.browser.written import answers
from tests.command import SEED, started, status, wait_for

CHART = ".helo .plot .main-svg >> nth=0"
SHOTS = 40
NEWEST = "document.querySelector('.helo .plot')?.data?.[0]?.x.at(-1)"
COUNT = "document.querySelector('.helo .plot').data[0].x.length"


@pytest.fixture(scope="module")
def demo(browser, tmp_path_factory) -> Iterator[int]:
    """Run the demo; return the port of its dashboard. Asks for the browser first: no demo where nobody can look."""
    port = free_port()
    recordings = tmp_path_factory.mktemp("recordings")
    with started("demo", "--seed", SEED, "--recordings", recordings, "--json", env={"HELO_PORT": str(port)}) as run:
        wait_for(lambda: run.poll() is not None or answers(port), within_s=90)
        assert run.poll() is None
        yield port


def painted(page) -> float:
    """Return the share of the chart's pixels that have an emotion's colour."""
    image = Image.open(io.BytesIO(page.locator(".helo .plot").screenshot())).convert("RGB")
    pixels = np.asarray(image, dtype=int).reshape(-1, 3)
    colours = [[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in emotion_colours(EMOTIONS)]
    nearest = np.min([np.abs(pixels - colour).max(axis=1) for colour in colours], axis=0)
    return float((nearest < 12).mean())


def test_the_chart_moves_and_is_never_blank(demo, view):
    page = view(demo)
    page.wait_for_selector(CHART)
    page.wait_for_function(f"{COUNT} >= 40")
    shares, newest = [], [page.evaluate(NEWEST)]
    for shot in range(SHOTS):
        if shot % 2:  # the other ones whenever they come: in the middle of an update, too
            page.wait_for_function(f"{NEWEST} > {newest[-1]}")
        newest.append(page.evaluate(NEWEST))
        shares.append(painted(page))
    assert newest == sorted(newest)
    assert len(set(newest)) > SHOTS / 2
    assert min(shares) > 0.5 * shares[0] > 0.0  # a session that is young still fills the chart


def test_the_sentences_that_must_be_there_are_there(demo, view):
    page = view(demo)
    page.wait_for_selector(CHART)
    for sentence in (DEMONSTRATION, SHARES, MOVEMENT, GREEN, NO_DECISION):
        expect(page.get_by_text(sentence)).to_be_visible()


def test_the_simulated_state_stands_beside_the_estimate(demo, view):
    page = view(demo)
    page.wait_for_selector(CHART)
    page.wait_for_function("document.querySelector('.helo .plot').data.length === 21")
    page.wait_for_function("document.querySelector('.helo .plot').data[20].x.length >= 40")
    expect(page.locator(".bars .truth >> nth=0")).to_be_visible()


def test_the_sensors_and_the_age_are_told_in_words(demo, view):
    page = view(demo)
    page.wait_for_selector(CHART)
    for sensor, rate in (("EEG", "of 300 Hz"), ("EDA", "of 32 Hz"), ("PPG", "of 64 Hz"), ("Face", "of 30 Hz")):
        row = page.locator(".health tbody tr").filter(has=page.get_by_text(sensor, exact=True))
        expect(row).to_contain_text(rate)
        expect(row).to_contain_text("delivers")
    expect(page.locator("[data-stage=total] .number >> nth=1")).to_contain_text("ms")


def test_what_the_model_used_is_shown_with_how_to_read_it(demo, view):
    page = view(demo, "used")
    for sentence in USED.values():
        expect(page.get_by_text(sentence)).to_be_visible()
    page.wait_for_function("document.querySelectorAll('.helo .js-plotly-plot').length === 2")
    weights = page.evaluate(
        "(({ data }) => data.filter(({ x }) => String(x?.at(-1)) === String(data.at(-1).x?.at(-1)))"
        ".map(({ y }) => Array.from(y)))(document.querySelector('.weights .plot'))"
    )
    page.wait_for_selector(".plan rect", state="attached")
    said = page.locator(".plan title").all_text_contents()
    plan = [float(one.rpartition(": ")[2].removesuffix(" %")) / 100 for one in said]
    assert np.sum([trace[-1] for trace in weights]) == pytest.approx(1, abs=0.01)
    assert np.sum(plan) == pytest.approx(1, abs=0.02)
    page.wait_for_selector(".correlation rect", state="attached")
    written = page.locator(".correlation .number").all_text_contents()
    correlation = np.reshape([float(one.replace("−", "-") or "nan") for one in written], (len(EMOTIONS), len(EMOTIONS)))
    others = correlation[~np.eye(len(EMOTIONS), dtype=bool)]
    assert np.isnan(np.diag(correlation)).all()
    assert np.all(np.abs(others) < 1)
    assert np.any(others != 0)
    assert correlation == pytest.approx(correlation.T, abs=0.011, nan_ok=True)


EEG = "document.querySelector('.eeg canvas')"
#: Share of a canvas that is drawn upon.
INK = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let k = 3; k < data.length; k += 4) drawn += data[k] > 0;
    return drawn / (data.length / 4);
}"""


def test_every_signal_has_its_panel_with_how_to_read_it(demo, view):
    page = view(demo, "signals")
    for place, sentence in (
        ("eeg", SIGNALS["filtered"]), ("heads", SIGNALS["heads"]), ("gsr", SIGNALS["GSR"]), ("ppg", SIGNALS["PPG"]),
        ("face", SIGNALS["Face"]),
    ):  # fmt: skip
        expect(page.locator(f".helo .{place}").get_by_text(sentence)).to_be_visible()
    expect(page.locator(".eeg .label b")).to_have_text(list(EEG_CHANNELS))
    expect(page.locator(".gsr .value")).to_contain_text("µS")
    expect(page.locator(".gsr .said")).to_contain_text("Tonic ")
    expect(page.locator(".ppg .value")).to_have_text(re.compile("beats/min|no clear pulse"))
    expect(page.locator(".face")).to_have_attribute("data-face", re.compile("seen|no face"))
    expect(page.locator(".head figcaption")).to_have_text(
        ["1-4 Hz", "4-8 Hz", "8-14 Hz", "14-31 Hz", "31-45 Hz", "Quality"]
    )
    page.wait_for_function("document.querySelectorAll('.head canvas').length === 6")
    assert min(page.locator(".head canvas").nth(k).evaluate(INK) for k in range(5)) > 0.4


def test_the_signals_move_and_are_never_blank(demo, view):
    page = view(demo, "signals")
    page.wait_for_function(f"Number({EEG}?.dataset.newest) > 0")
    canvas = page.locator(".eeg canvas")
    newest, inks = [page.evaluate(f"Number({EEG}.dataset.newest)")], []
    for _ in range(10):
        page.wait_for_function(f"Number({EEG}.dataset.newest) > {newest[-1]}")
        newest.append(page.evaluate(f"Number({EEG}.dataset.newest)"))
        inks.append(canvas.evaluate(INK))
    assert newest == sorted(set(newest))
    assert min(inks) > 0.6 * inks[0] > 0


def test_the_keyboard_alone_chooses_how_signals_are_seen(demo, view):
    page = view(demo, "signals")
    page.wait_for_function(f"Number({EEG}?.dataset.newest) > 0")
    reached = set()
    page.locator(".helo .controls button").first.focus()
    for _ in range(14):
        reached.add(page.evaluate("document.activeElement.textContent"))
        page.keyboard.press("Tab")
    assert reached >= {"As recorded", "Average", "Bipolar", "1–40 Hz", "Raw", "Auto", "500 µV", "5 s", "30 s"}
    page.get_by_role("button", name="Bipolar").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".eeg .label b").first).to_have_text("Fp1–F7")
    page.get_by_role("button", name="Raw", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(SIGNALS["raw"])).to_be_visible()
    page.get_by_role("button", name="30 s").focus()
    page.keyboard.press("Space")
    page.wait_for_function(f"Math.round({EEG}.dataset.to - {EEG}.dataset.from) === 30000")
    page.get_by_role("button", name="200 µV").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".eeg .said")).to_contain_text("200 µV")


def test_the_way_from_page_to_page_is_at_the_top(demo, view):
    page = view(demo)
    page.get_by_role("link", name="What the model used").click()
    expect(page.locator(".helo .distances")).to_be_visible()
    page.get_by_role("link", name="Live").click()
    page.wait_for_function("document.querySelector('.helo .mixture .plot')?.data?.[0].x.length >= 40")


def test_a_dashboard_that_was_killed_comes_back_for_its_viewers_and_the_session_goes_on(demo, view):
    page = view(demo)
    page.wait_for_selector(CHART)
    before = {process["kind"]: process["pid"] for process in status()["processes"] if process["kind"] != "reader"}
    os.kill(before.pop("dashboard"), signal.SIGKILL)
    stopped = page.evaluate(NEWEST)
    page.wait_for_function(f"{NEWEST} > {stopped} + 2000")
    times = page.evaluate("[...document.querySelector('.helo .plot').data[0].x.slice(-20)]")
    assert np.diff(times).max() < 2 * 250  # what was estimated meanwhile is there
    after = {process["kind"]: process["pid"] for process in status()["processes"]}
    assert before.items() <= after.items()


def test_infer_killed_is_said_and_the_chart_goes_on_by_itself(demo, view):
    page = view(demo)
    page.wait_for_selector(CHART)
    (infer,) = (process for process in status()["processes"] if process["kind"] == "infer")
    os.kill(infer["pid"], signal.SIGKILL)
    said = "The infer process stopped; it is being restarted. The chart goes on when it is back."
    expect(page.locator(".status")).to_contain_text(said)
    stopped = page.evaluate(NEWEST)
    page.wait_for_function(f"{NEWEST} > {stopped} + 2000")
    expect(page.locator(".status")).not_to_contain_text(said)
