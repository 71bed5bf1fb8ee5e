"""The control page of a real run: what the operator asks for happens, and a note has the time of its key press."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from time import time as wall_clock

import pytest
from playwright.sync_api import Page, expect

from benchmarks.ports import free_port
from dashboard.launch import OPERATOR_VARIABLE
from model.header import model_hash, model_path
from pipeline.session.config import Match
from pipeline.session.runtime import running
from pipeline.store.board import Board
from pipeline.store.connection import connect
from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from tests.browser.operated import Running
from tests.browser.test_accessible import faults
from tests.browser.written import answers
from tests.checkpoints import owned_by, rewrite
from tests.command import SEED, helo, helo_json, started, wait_for

#: What a note's time may be off (s).
NEAR_S = 0.05
#: What takes seconds by its nature.
SOON_MS = 60_000
MARKUP = "<b>bold</b><img src=x onerror='window.hit=1'>"
MARKUP_NAME = "<b>bold<img src=x onerror='window.hit=1'>"
#: Models beside the session, and whose they are.
OWN = {"own.safetensors": "P001", f"{MARKUP_NAME}.safetensors": "P009"}
WORD = ".steer .word"
#: The page knows the host's clock well enough.
COMPARED = "Number(/to (\\d+) ms/.exec(document.querySelector('.noting .hint')?.textContent ?? '')?.[1] ?? 1e9) < 40"
NAMES = [
    "Record", "Pause", "Go on", "Stop", "1coughs", "2moves", "3talks", "4looks away", "In words", "Seconds ago", "Note",
    "Model", "Runs on", "Use this model",
]  # fmt: skip
#: What the focus is on, and how it shows.
FOCUS = """(() => {
    const at = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    return [(at.closest("label")?.firstChild ?? at).textContent, outlineStyle, outlineWidth];
})()"""
BUTTONS = ".steer .buttons[role=group] > button"


@pytest.fixture(scope="module")
def run(browser, tmp_path_factory) -> Iterator[Running]:
    """Run the demo in set-up. Asks for the browser first: no demo where nobody can look."""
    port, recordings = free_port(), tmp_path_factory.mktemp("lab") / "recordings"
    models = recordings.parent / "models"
    models.mkdir()
    for name, participant in OWN.items():
        rewrite(Path(shutil.copy(model_path("shipped"), models / name)), change_header=owned_by(participant))
    demo = ("demo", "--seed", SEED, "--setup", "--recordings", recordings, "--json")
    with started(*demo, env={"HELO_PORT": str(port)}) as process:
        wait_for(lambda: process.poll() is not None or answers(port), within_s=90)
        (session,) = running()
        connection = connect(session.store)
        board = Board(connection, session.session)
        with Inlet(find(Match(source_id=f"helo-{session.session}-notes"), 60)) as inlet:
            yield Running(process, port, session.control_page, recordings / session.session, connection, board, inlet)


@pytest.fixture(scope="module")
def page(browser, run) -> Iterator[Page]:
    """Open the operator's page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(SOON_MS)
    page.goto(run.address)
    page.wait_for_function(COMPARED)
    yield page
    context.close()


def near(time: float, before: float, after: float) -> bool:
    return before - NEAR_S <= time <= after + NEAR_S


def press(page: Page, key: str) -> tuple[float, float]:
    """Press a key; return between which moments that was."""
    before = local_clock()
    page.keyboard.press(key)
    return before, local_clock()


@pytest.mark.parametrize("path", ["control", "control?key=a-guess"])
def test_without_the_key_the_page_shows_the_state_and_acts_for_nobody(run, view, path):
    page = view(run.port, path)
    expect(page.locator(".readonly")).to_be_visible()
    expect(page.locator(WORD)).to_have_text("Set-up")
    expect(page.locator(BUTTONS).first).to_be_hidden()
    expect(page.locator(".noting")).to_be_hidden()
    page.keyboard.press("1")  # the first note that any test below receives is its own


def test_the_address_is_printed_again_by_status(run):
    assert run.address in helo("status").stdout


def test_a_model_of_somebody_else_is_refused_and_the_one_before_goes_on(run, page):
    expect(page.locator(".choosing .now")).to_have_text("shipped on cpu")
    page.get_by_label("Model").select_option(f"{MARKUP_NAME}.safetensors")
    page.get_by_role("button", name="Use this model").click()
    sentence = f"Refused to choose the model: {MARKUP_NAME}.safetensors: is personalized for P009, but the session has"
    expect(page.locator(".choosing .answer")).to_contain_text(sentence, timeout=SOON_MS)
    assert page.evaluate("document.querySelector('.choosing b, .choosing img')") is None
    assert run.board.model().model_hash == model_hash(model_path("shipped"))
    refused = helo("control", "model", run.folder / "none.safetensors")
    assert (refused.returncode, "no such model file" in refused.stdout) == (1, True)


def test_the_model_is_chosen_by_keyboard_and_whoever_is_restarted_takes_it(run, page):
    own = model_hash(run.folder.parents[1] / "models" / "own.safetensors")
    before = run.process_id("infer")
    page.get_by_label("Model").focus()
    page.keyboard.type("own")
    page.get_by_role("button", name="Use this model").focus()
    page.keyboard.press("Enter")
    taken = "The model is now own.safetensors on cpu."
    expect(page.locator(".choosing .answer")).to_contain_text(taken, timeout=SOON_MS)
    wait_for(lambda: run.board.model().model_hash == own)
    expect(page.locator(".choosing .now")).to_have_text("own.safetensors on cpu")
    after = run.process_id("infer")
    assert after != before
    os.kill(after, signal.SIGKILL)
    wait_for(lambda: run.process_id("infer") not in {before, after} and run.estimated_by() == own)


def test_the_keyboard_alone_reaches_every_control_and_shows_where_it_is(run, page):
    expect(page.locator(".keys button")).to_have_count(4)
    controls = f"{BUTTONS}, .noting :is(button, input), .choosing :is(button, select)"
    expect(page.locator(controls)).to_have_count(len(NAMES))
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name, outline, width = page.evaluate(FOCUS)
        if name in NAMES:
            assert (outline, width) == ("solid", "3px"), name
            reached.append(name)
        if len(reached) == len(NAMES):
            break
    assert sorted(reached) == sorted(NAMES)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_shuts_the_operator_out(page, theme):
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{theme}'")
    assert faults(page) == []


def test_red_refuses_to_record_until_a_reason_is_given(run, page):
    simulator = run.process_id("simulator")
    os.kill(simulator, signal.SIGSTOP)
    try:
        wait_for(lambda: run.stream_states() == {"lost"})
        page.get_by_role("button", name="Record", exact=True).click()
        expect(page.locator(".steer .answer")).to_contain_text("Refused to record: P001/eeg delivers no samples")
        assert run.state == "set-up"
        page.get_by_label("Reason to record nevertheless").fill("the cap comes later")
        page.get_by_role("button", name="Record despite this").click()
        expect(page.locator(WORD)).to_have_text("Recording")
    finally:
        os.kill(simulator, signal.SIGCONT)
    (begun,) = wait_for(lambda: run.events("record"))
    assert begun["text"].startswith("The recording begins although P001/eeg delivers no samples")
    assert begun["text"].endswith(": the cap comes later, asked by the control page.")
    wait_for(lambda: run.stream_states() == {"receiving"})


def test_a_note_by_hot_key_has_the_time_of_the_key_press_everywhere(run, page):
    pressed = press(page, "1")
    time, text = run.marker()
    assert text == "coughs"
    assert near(time, *pressed)
    expect(page.locator(".noting .answer")).to_contain_text("“coughs” at ")
    expect(page.locator(".noting .answer")).to_contain_text("Noted.")
    (noted,) = wait_for(lambda: run.events("note"))
    assert (noted["time"], noted["text"], noted["source"]) == (time, "coughs", "the control page")
    page.get_by_role("link", name="Live").click()
    at = 1000 * (time + wall_clock() - local_clock())
    shapes = "document.querySelector('.helo .mixture .plot')?.layout?.shapes ?? []"
    zone = "60000 * new Date().getTimezoneOffset()"  # the chart shows the viewer's clock
    page.wait_for_function(f"({shapes}).some(one => Math.abs(one.x0 + {zone} - {at}) < {1000 * NEAR_S})")
    expect(page.locator(".happened")).to_contain_text("coughs")
    page.get_by_role("link", name="Control").click()
    expect(page.locator(BUTTONS).first).to_be_visible()  # the tab still has the key


def test_a_note_in_words_may_be_of_some_seconds_ago_and_markup_in_it_does_nothing(run, page):
    wait_for(lambda: local_clock() > run.begun + 4)  # what happened before the recording would not be in it
    page.get_by_label("Seconds ago").fill("3")
    page.get_by_label("In words").fill(MARKUP)
    before, after = press(page, "Enter")
    time, text = run.marker()
    assert text == MARKUP
    assert near(time, before - 3, after - 3)
    expect(page.locator(".happened")).to_contain_text(MARKUP)
    assert page.evaluate("window.hit") is None
    expect(page.get_by_label("Seconds ago")).to_have_value("0")
    page.get_by_label("In words").press("2")  # somebody writes: no hot key
    page.get_by_role("button", name="moves").click()
    assert run.marker()[1] == "moves"


def test_a_key_pressed_while_the_server_hangs_is_noted_once_at_its_time(run, page):
    dashboard = run.process_id("dashboard")
    os.kill(dashboard, signal.SIGSTOP)
    try:
        pressed = press(page, "3")
        expect(page.locator(".status")).to_contain_text("The dashboard's server has not answered", timeout=SOON_MS)
    finally:
        os.kill(dashboard, signal.SIGCONT)
    time, text = run.marker()
    assert text == "talks"
    assert near(time, *pressed)
    expect(page.locator(".noting .answer")).to_contain_text("Noted.")
    press(page, "4")
    assert run.marker()[1] == "looks away"
    noted = ["coughs", MARKUP, "moves", "talks", "looks away"]
    wait_for(lambda: [event["text"] for event in run.events("note")] == noted)


def test_pause_and_go_on_by_keyboard(run, page):
    for button, word, then in (("Pause", "Paused", "paused"), ("Go on", "Recording", "recording")):
        page.get_by_role("button", name=button).focus()
        page.keyboard.press("Enter")
        expect(page.locator(WORD)).to_have_text(word)
        expect(page.locator(".steer .since")).to_contain_text("since ")
        assert run.state == then
        expect(page.get_by_role("button", name=button)).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1440, 900)])
def test_nothing_is_wider_than_the_page(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    for part in (".steer", ".noting", ".health table", ".happened", ".say", ".keys"):
        box = page.locator(part).first.bounding_box()
        assert box is not None, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width, part


def test_a_dashboard_that_was_killed_comes_back_and_its_operator_with_it(run, page):
    os.kill(run.process_id("dashboard"), signal.SIGKILL)
    press(page, "2")
    assert run.marker()[1] == "moves"


def test_stop_asks_first_and_the_key_is_left_nowhere(run, page):
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert run.state == "recording"
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="End the session").click()
    output, _ = run.process.communicate(timeout=60)
    assert run.process.returncode == 0
    expect(page.locator(".status")).to_contain_text("The session has ended", timeout=SOON_MS)
    expect(page.locator(".steer .word")).to_have_text("Ended")
    assert {
        button.get_attribute("aria-disabled") for button in page.locator(".steer .panel-body > .buttons button").all()
    } == {"true"}
    assert OPERATOR_VARIABLE not in os.environ
    key = run.address.partition("?key=")[2]
    assert len(key) > 20
    assert key not in output
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    assert {"log.txt", "events.jsonl", "raw.xdf"} <= {path.name for path in files}
    assert [path for path in files if key.encode() in path.read_bytes()] == []


def test_the_recording_names_the_model_that_was_chosen_and_can_be_verified(run):
    assert run.process.returncode == 0, "the test before ends the session"
    own = run.folder.parents[1] / "models" / "own.safetensors"
    provenance = json.loads((run.folder / "provenance.json").read_text())
    assert provenance["model"]["sha256"] == model_hash(own)
    (chosen,) = run.events("model")
    assert chosen["text"] == "The model is now own.safetensors on cpu, asked by the control page."
    assert run.events("refused") == []  # of the set-up
    found = helo_json("verify", run.folder)
    assert found["different"] == 0
    assert found["compared"] > 40
