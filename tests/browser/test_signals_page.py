"""What the page of signals shows of sensors with faults: real windows of samples that the test plants."""

import math
import re

import numpy as np
import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from dashboard.bundle import bundle
from pipeline.modalities import EEG_CHANNELS
from pipeline.signals.offline import Recorded
from pipeline.signals.participant import ParticipantProcessor
from pipeline.states import StreamHealth
from pipeline.store import ids, keys
from pipeline.store.writer import StreamWriter
from pipeline.streams.clock import local_clock
from tests.browser.test_accessible import faults
from tests.browser.written import WrittenSession
from tests.signals_samples import cut, recording

MARKUP = "<b>bold</b><img src=x onerror='window.hit=1'>"
#: How long a recording is, and how much of it is past when it is stored: nothing is old while a test looks (s).
LENGTH_S, PAST_S = 30.0, 5.0
#: What is missing of the EEG, from its beginning on (s).
GAP_S = (9.0, 11.0)
#: How many pixels of a trace's colour there are between two moments (ms).
INKED = """([since, until]) => {
    const canvas = document.querySelector('.eeg canvas');
    const [from, to, left] = ['from', 'to', 'left'].map(name => Number(canvas.dataset[name]));
    const x = time => Math.round(left + (time - from) / (to - from) * (canvas.width - left));
    const { data } = canvas.getContext('2d').getImageData(x(since), 0, x(until) - x(since), canvas.height - 20);
    let dark = 0;
    for (let k = 0; k < data.length; k += 4) dark += data[k + 3] > 150 && data[k] + data[k + 1] + data[k + 2] < 300;
    return dark;
}"""


class Sensors:
    """Stores one participant's streams as readers and preprocess do."""

    def __init__(self, written: WrittenSession, uses: dict[str, str]) -> None:
        self._written = written
        written.begin(uses=uses)
        written.model()
        self.start = local_clock() - PAST_S

    def add(self, stream: Recorded, *, taken: bool = True, until: float = math.inf) -> None:
        """Store one stream: its samples, and what the real processor makes of them, of so much of the time (s)."""
        session, name, modality = self._written.session, stream.info.stream, stream.info.use
        raw = StreamWriter(self._written.connection, keys.raw(session, "P001", name), retention_s=600)
        features = StreamWriter(self._written.connection, keys.features(session, "P001", modality), retention_s=600)
        processor = ParticipantProcessor({name: (stream.info, stream.settings)}, hop_s=0.25)
        self._written.board.put_stream("P001", stream.info)
        if taken:
            self._written.board.put_taken("P001", processor.taken(name))
        for chunk in cut(stream, [16] * 1000):
            raw.append(ids.raw_id(chunk.segment, chunk.first), chunk)
            for window in processor.process(name, chunk) if taken else ():
                if window.end <= until:
                    features.append(ids.tick_id(window.tick), window)
        for writer in (raw, features):
            writer.close()
        self.say(stream, "receiving", ahead_s=LENGTH_S)

    def say(self, stream: Recorded, state: str, *, ahead_s: float = 0.0) -> None:
        """Say how a stream is doing, as it will be in a while."""
        sfreq, now = stream.info.sfreq, local_clock() + ahead_s
        self._written.board.put_stream_health(
            StreamHealth(f"P001/{stream.info.stream}", state, sfreq, sfreq, 9, 0, 0, now, 0.0, now)
        )


def drawn(page: Page) -> None:
    page.wait_for_function("Number(document.querySelector('.eeg canvas')?.dataset.newest) > 0")


@pytest.fixture
def faulty(written: WrittenSession) -> tuple[Sensors, Recorded]:
    """An EEG whose Cz is dead, with a gap."""
    sensors = Sensors(written, {"eeg": "EEG", "temp": "Temperature", "motion": "Motion"})
    made = recording("EEG", LENGTH_S, start=sensors.start)
    made.data[:, EEG_CHANNELS.index("Cz")] = 7.0
    since_s = made.times - sensors.start
    kept = (since_s < GAP_S[0]) | (since_s >= GAP_S[1])
    rows = int((since_s < GAP_S[0]).sum())
    eeg = made._replace(times=made.times[kept], data=made.data[kept], breaks=(rows,))
    sensors.add(eeg)
    return sensors, eeg


def test_a_dead_channel_is_marked_with_its_reason_and_on_the_head(faulty, written, view):
    page = view(written.port, "signals")
    drawn(page)
    bad = page.locator(".eeg .label.bad")
    expect(bad).to_have_count(1)
    expect(bad).to_contain_text("Cz")
    expect(bad).to_contain_text("✕ flat")
    expect(page.locator(".heads .said")).to_contain_text("Cz flat")
    assert faults(page) == []
    page.get_by_role("button", name="Bipolar").click()
    marked = page.locator(".eeg .label.bad b")
    expect(marked).to_have_text(["Fz–Cz"])
    expect(bad).to_contain_text("✕ Cz flat")


def test_a_gap_stays_empty(faulty, written, view):
    sensors, _ = faulty
    page = view(written.port, "signals")
    page.get_by_role("button", name="30 s").click()
    page.wait_for_function(
        "(({from, to, newest}) => Math.round(to - from) === 30000 && newest > 0)"
        "(document.querySelector('.eeg canvas').dataset)"
    )
    epoch = page.evaluate("Date.now()") / 1000 - local_clock()
    moments = [(sensors.start + second + epoch) * 1000 for second in (7.0, 8.8, 9.3, 10.7, 11.2, 13.0)]
    page.wait_for_function(f"moments => ({INKED})(moments) > 500", arg=moments[4:])  # after the gap
    assert page.evaluate(INKED, moments[2:4]) == 0
    assert page.evaluate(INKED, moments[:2]) > 500


def test_names_from_outside_are_text(faulty, written, view):
    sensors, _ = faulty
    motion = recording("Motion", LENGTH_S, start=sensors.start)
    sensors.add(motion._replace(info=replace(motion.info, name=MARKUP, ch_names=(MARKUP, "y", "z"))))
    page = view(written.port, "signals")
    expect(page.locator(".motion .legend span")).to_have_text([MARKUP, "y", "z"])
    assert page.evaluate("window.hit") is None
    assert page.locator(".helo img").count() == 0


def test_a_stream_that_stopped_is_said_and_one_that_is_only_recorded_is_drawn_as_it_came(faulty, written, view):
    sensors, eeg = faulty
    temperature = recording("Temperature", LENGTH_S, start=sensors.start)
    sensors.add(temperature._replace(info=replace(temperature.info, stream="temp")), taken=False)
    written.estimates(range(4))  # which tells that the model knows EEG alone
    sensors.say(eeg, "lost")
    page = view(written.port, "signals")
    expect(page.locator(".eeg .said.silent")).to_contain_text("EEG delivers no samples for")
    expect(page.locator(".temperature .said")).to_contain_text("Recorded only: the model does not know it.")
    page.wait_for_function("Number(document.querySelector('.temperature canvas')?.dataset.newest) > 0")
    expect(page.locator(".temperature .caption").first).to_contain_text("As it came.")


def test_what_was_measured_long_ago_is_not_said_of_now(written, view):
    sensors = Sensors(written, {"eeg": "EEG", "gsr": "GSR", "ppg": "PPG"})
    until = sensors.start + 0.5
    for modality in ("EEG", "GSR", "PPG"):
        made = recording(modality, LENGTH_S, start=sensors.start - 10)
        if modality == "EEG":
            made.data[:, EEG_CHANNELS.index("Cz")] = 7.0
        sensors.add(made, until=until)
    page = view(written.port, "signals")
    drawn(page)
    for place in ("eeg", "gsr", "ppg"):
        expect(page.locator(f".{place} .said")).to_contain_text("Quality not measured now.")
    expect(page.locator(".gsr .said")).to_contain_text("Tonic level not measured now.")
    expect(page.locator(".ppg .value")).to_have_text(re.compile(r"^-?\d+\.\d\d a\.u\.$"))
    expect(page.locator(".eeg .label.bad")).to_have_count(0)


def test_no_responses_are_told_where_an_electrode_has_left_the_skin(written, view):
    sensors = Sensors(written, {"gsr": "GSR"})
    made = recording("GSR", LENGTH_S, start=sensors.start)
    made.data[-len(made.data) // 30 :] = 0.0  # the last second
    sensors.add(made)
    said = view(written.port, "signals").locator(".gsr .said")
    expect(said).to_contain_text("lost contact")
    expect(said).to_contain_text(re.compile(r"Tonic \d.* µS; no responses counted while, or just after, something"))


def test_a_stream_is_shown_in_its_own_unit_and_no_number_where_there_is_none(written, view):
    sensors = Sensors(written, {"eeg": "EEG", "temp": "Temperature"})
    made = recording("EEG", LENGTH_S, start=sensors.start)
    volts = made._replace(info=replace(made.info, units=("V",) * 18), data=made.data * np.float32(1e-6))
    sensors.add(volts, taken=False)
    cold = recording("Temperature", LENGTH_S, start=sensors.start)
    cold.data[:] = np.nan
    sensors.add(cold._replace(info=replace(cold.info, stream="temp")))
    page = view(written.port, "signals")
    drawn(page)
    expect(page.locator(".eeg .said")).to_have_text(
        re.compile(r"^18 traces; from one to the next \(a division\) 0\.0+[125] V\. Quality not measured now\.$")
    )
    expect(page.get_by_role("group", name="Scale of a division").get_by_role("button")).to_have_text(["Auto"])
    page.wait_for_function("Number(document.querySelector('.temperature canvas')?.dataset.newest) > 0")
    expect(page.locator(".temperature .value")).to_have_text("–")
    written.estimates(range(4), modalities={})
    expect(page.locator(".eeg .said")).to_contain_text("Recorded only: the model does not know it.")


def test_columns_are_added_to_those_before_and_the_whole_stands_in_the_place_of_all(written, view):
    page = view(written.port, "signals")
    counts, rows = page.evaluate(
        """async (text) => {
            const { Columns } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
            const some = { at: 'AAAAAA==', low: 'AACAPw==', high: 'AAAAQA==', width: 10, zero: 0, breaks: [] };
            const columns = new Columns();
            const counts = [[true, 5], [false, 6], [true, 7], [false, 8]].map(
                ([whole, start]) => (columns.take({ ...some, whole, start }), columns.rows.length));
            return [counts, columns.rows.map(({ time, low, high }) => [time, low[0], high[0]])];
        }""",
        bundle("columns"),
    )
    assert counts == [1, 2, 1, 2]
    assert rows == [[70, 1, 2], [80, 1, 2]]
