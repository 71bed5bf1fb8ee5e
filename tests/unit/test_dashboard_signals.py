"""What the page of signals is sent: made by the real processors of simulated samples."""

import base64
import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from dashboard.signals import says
from dashboard.signals.choice import Choice
from dashboard.signals.compose import SentSignals, compose
from dashboard.signals.montages import LONGITUDINAL
from dashboard.signals.traces import COLUMNS, Signal
from dashboard.signals.watched import Watched
from dashboard.situation import Situation
from pipeline.modalities import EEG_CHANNELS
from pipeline.records import Estimate, ModalityUse
from pipeline.signals.participant import ParticipantProcessor
from pipeline.states import ModelInfo, SessionInfo, StreamHealth
from tests.signals_samples import RATES, START, samples, stream_info, stream_settings
from tests.watched import EPOCH, chunks, watched_of

replace_fields = msgspec.structs.replace
HALF = np.full(2, 0.5, np.float32)
PLAIN = tuple(name.lower() for name in EEG_CHANNELS)


def situation(modality: str, now: float) -> Situation:
    stream = modality.lower()
    health = StreamHealth(f"P001/{stream}", "receiving", RATES[modality], RATES[modality], 9, 0, 0, now, 0.0, now)
    return Situation(
        now=now,
        participant="P001",
        session=SessionInfo("demo", {"P001": {stream: modality}}, 0.25, "open", (), 1.0),
        model=ModelInfo(("Alert", "Upset"), HALF, "abc", "A model.", demonstration=True, device="cpu"),
        streams={stream: health},
    )


def floats(packed: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed), "<f4")


@pytest.mark.parametrize(
    ("dead", "expected"),
    [
        ([9], {"Cz": "flat"}),
        ([0, 17], {"Fp1": "flat", "O2": "flat"}),
        (range(18), dict.fromkeys(EEG_CHANNELS, "flat")),
        ([], {}),
    ],
)
def test_a_window_says_which_channels_are_bad_and_why(dead: list[int], expected: dict[str, str]):
    data = samples("EEG", 6)
    data[:, list(dead)] = 3.0
    newest = watched_of("EEG", data).windows["EEG"][-1]
    assert newest.bad == expected


@pytest.mark.parametrize(("noisy", "names"), [([3], ["F3"]), ([0, 17], ["Fp1", "O2"])])
def test_a_window_says_which_channels_have_mains_noise(noisy: list[int], names: list[str]):
    data = samples("EEG", 6)
    mains = 150 * np.sin(2 * np.pi * 50 * np.arange(len(data)) / RATES["EEG"])
    data[:, noisy] += mains[:, np.newaxis].astype(np.float32)
    newest = watched_of("EEG", data).windows["EEG"][-1]
    assert newest.bad == dict.fromkeys(names, "50 Hz noise")


def test_what_comes_is_new_columns_only_and_small():
    data = samples("EEG", 12)
    all_chunks = chunks("EEG", data)
    known = watched_of("EEG", data[: 16 * 94])
    now, choice = situation("EEG", START + 12), Choice()
    first, sent = compose(now, known, choice, EPOCH, None)
    packed = first["signals"]["eeg"]["columns"]
    assert packed["whole"]
    assert len(floats(packed["low"])) == pytest.approx(COLUMNS * 18 * 1.1, rel=0.02)  # a second more than is seen
    for chunk in all_chunks[94:]:
        known.signals["eeg"].process(chunk)
    second, sent = compose(now, known, choice, EPOCH, sent)
    packed = second["signals"]["eeg"]["columns"]
    assert not packed["whole"]
    new = len(floats(packed["low"])) // 18
    assert new == pytest.approx(len(data[16 * 94 :]) / 128 * COLUMNS / 10, abs=1)
    assert "scalp" in first["signals"]["eeg"]
    assert "scalp" not in second["signals"]["eeg"]
    assert len(json.dumps(second["signals"], allow_nan=False)) < 16_000
    third, _ = compose(now, known, Choice(span=30), EPOCH, sent)
    assert third["signals"]["eeg"]["columns"]["whole"]


def test_a_page_that_was_away_for_so_long_that_columns_are_gone_is_sent_all_there_are():
    data = samples("EEG", 40)
    known, now = watched_of("EEG", data[: 16 * 40]), situation("EEG", START + 40)
    _, sent = compose(now, known, Choice(), EPOCH, None)
    for chunk in chunks("EEG", data)[40:]:
        known.signals["eeg"].process(chunk)
    update, _ = compose(now, known, Choice(), EPOCH, sent)
    assert update["signals"]["eeg"]["columns"]["whole"]


def test_the_envelope_that_is_sent_is_that_of_the_samples_on_the_time_axis_of_the_processing():
    data = samples("EEG", 4)
    known = watched_of("EEG", data)
    update, _ = compose(situation("EEG", START + 4), known, Choice(filtered=False), EPOCH, SentSignals())
    packed = update["signals"]["eeg"]["columns"]
    at = np.frombuffer(base64.b64decode(packed["at"]), "<i4") + packed["start"]
    low = floats(packed["low"]).reshape(-1, 18)
    column = np.floor((START + np.arange(len(data)) / 128) / (packed["width"] / 1000)).astype(int)
    for place in (0, len(at) // 2, -1):
        assert low[place] == pytest.approx(data[column == at[place]].min(axis=0), abs=1e-4)


def test_a_segments_end_breaks_the_traces():
    known = watched_of("EEG", samples("EEG", 8), skip=range(512, 640))
    update, _ = compose(situation("EEG", START + 8), known, Choice(), EPOCH, None)
    assert len(update["signals"]["eeg"]["columns"]["breaks"]) == 1


def test_raw_counts_are_shown_in_the_unit_in_which_they_are_processed():
    settings = stream_settings("GSR", calibration={"scale": 0.01, "offset": 1.0}, unit="uS", delay_ms=500)
    info = stream_info("GSR", units=("counts",))
    taken = ParticipantProcessor({"gsr": (info, settings)}, hop_s=0.25).taken("gsr")
    signal = Signal(info, taken)
    for chunk in chunks("GSR", np.full((40, 1), 400, np.float32), size=4):
        signal.process(chunk)
    assert signal.newest == pytest.approx([5.0])
    assert signal.unit == "uS"
    assert signal.time == pytest.approx(START + 39 / 4 - 0.5)


def test_the_heart_rate_is_that_of_the_newest_window_and_noise_has_none():
    assert says.pulse(watched_of("PPG", samples("PPG", 12)).windows["PPG"], "live") == {"measured": True, "bpm": 72}
    noise = np.random.default_rng(0).normal(size=(64 * 12, 1)).astype(np.float32)
    (*_, newest) = watched_of("PPG", noise).windows["PPG"]
    assert says.pulse([newest], "live") == {"measured": True, "bpm": None}
    unmeasured = replace_fields(newest, features=np.full_like(newest.features, np.nan))  # in a pause, say
    assert says.pulse([unmeasured], "live") == {"measured": False, "bpm": None}


def test_the_head_map_is_the_mean_entropy_and_marks_what_is_bad():
    data = samples("EEG", 8)
    data[:, 9] = 3.0
    known = watched_of("EEG", data)
    taken, windows = known.signals["eeg"].taken, known.windows["EEG"]
    heads = says.heads(windows, taken, taken.scalp, "live")
    assert heads["bands"] == ["1-4 Hz", "4-8 Hz", "8-14 Hz", "14-31 Hz", "31-45 Hz"]
    recent = [window.features[0] for window in windows if window.end > windows[-1].end - 5]
    assert np.array(heads["power"]) == pytest.approx(np.mean(recent, axis=0).T, abs=1e-3)
    assert heads["states"][EEG_CHANNELS.index("Cz")] == "flat"
    assert sum(map(bool, heads["states"])) == 1
    later = says.heads((), taken, taken.scalp, "live")
    assert later["power"] is None
    assert set(later["states"]) == {says.UNMEASURED}


def told_at(modality: str, known: Watched, now: float, **changes: object) -> dict[str, object]:
    """Return what a page is told of a stream whose windows end at a time of their own."""
    update, _ = compose(replace(situation(modality, now), **changes), known, Choice(), EPOCH, None)
    return update["signals"][modality.lower()]


def test_what_windows_say_is_not_said_of_now_once_no_further_ones_come():
    eeg = samples("EEG", 6)
    eeg[:, 9] = 3.0
    all_known = {
        "EEG": watched_of("EEG", eeg), "GSR": watched_of("GSR", samples("GSR", 12)),
        "PPG": watched_of("PPG", samples("PPG", 12)),
    }  # fmt: skip
    ends = {modality: known.windows[modality][-1].end for modality, known in all_known.items()}
    on = {modality: told_at(modality, known, ends[modality] + 3.2) for modality, known in all_known.items()}
    old = {modality: told_at(modality, known, ends[modality] + 3.3) for modality, known in all_known.items()}
    assert [told["quality"] is None for told in on.values()] == [False] * 3
    assert [(told["quality"], told["reasons"]) for told in old.values()] == [(None, [])] * 3
    assert (on["PPG"]["pulse"], old["PPG"]["pulse"]) == ({"measured": True, "bpm": 72}, None)
    assert (on["GSR"]["skin"]["now_known"], old["GSR"]["skin"]["now_known"]) == (True, False)
    assert old["GSR"]["skin"]["tonic"] == on["GSR"]["skin"]["tonic"]  # each at its own time
    assert [sum(bool(trace["bad"]) for trace in told["EEG"]["traces"]) for told in (on, old)] == [1, 0]
    assert (on["EEG"]["heads"]["power"] is None, old["EEG"]["heads"]["power"]) == (False, None)
    assert set(old["EEG"]["heads"]["states"]) == {says.UNMEASURED}


def test_windows_that_come_seldom_are_not_old_before_the_next_is_due():
    known = watched_of("PPG", samples("PPG", 12))
    end = known.windows["PPG"][-1].end
    session = SessionInfo("demo", {"P001": {"ppg": "PPG"}}, 10.0, "open", (), 1.0)
    assert told_at("PPG", known, end + 12.9, session=session)["pulse"]["bpm"] == 72
    assert told_at("PPG", known, end + 13.1, session=session)["pulse"] is None


def test_a_stream_is_said_to_be_unknown_to_the_model_only_once_an_estimate_tells():
    taken = watched_of("GSR", samples("GSR", 4)).signals["gsr"]
    waiting = Watched({"gsr": Signal(taken.info, None)}, {})
    uses = {"EEG": ModalityUse(1.0, 1.0, 1.0, True, (), 1, 0, 9)}
    newest = Estimate(0, START, HALF, HALF, HALF, HALF, uses, False, "", {}, "abc")
    assert not told_at("GSR", waiting, START + 4)["unused"]
    assert told_at("GSR", waiting, START + 4, newest=newest)["unused"]
    assert not told_at("GSR", Watched({"gsr": taken}, {}), START + 4, newest=newest)["unused"]
    known = replace_fields(newest, modalities={"GSR": uses["EEG"]})
    assert not told_at("GSR", waiting, START + 4, newest=known)["unused"]


def test_features_are_not_said_to_lack_anything_before_the_model_is_known():
    known = watched_of("GSR", samples("GSR", 4))
    assert "skin" not in told_at("GSR", known, START + 4, model=None)


def test_eeg_that_is_not_taken_up_comes_in_its_own_unit():
    info = stream_info("EEG", units=("V",) * 18)
    assert told_at("EEG", Watched({"eeg": Signal(info, None)}, {}), START)["unit"] == "V"


def test_a_face_that_is_not_there_is_said_in_words():
    data = samples("Face", 2)
    data[-1, 0], data[-1, 1:] = 1, 0.25
    seen, _ = compose(situation("Face", START + 2), watched_of("Face", data), Choice(), EPOCH, None)
    assert seen["signals"]["face"]["face"]["shapes"]["jawOpen"] == 0.25
    data[-1, 0], data[-1, 1:] = 0, np.nan
    gone, _ = compose(situation("Face", START + 2), watched_of("Face", data), Choice(), EPOCH, None)
    assert gone["signals"]["face"]["face"] == {"message": "no face"}
    old, _ = compose(situation("Face", START + 9), watched_of("Face", data), Choice(), EPOCH, None)
    assert old["signals"]["face"]["face"]["message"].startswith("no face: nothing new for 7.")


def test_a_browser_that_asks_for_nonsense_gets_what_is_usual():
    assert Choice.of(None) == Choice.of({"span": 7, "montage": [1], "filtered": "x"}) == Choice()
    assert Choice.of({"span": 30, "montage": LONGITUDINAL, "filtered": False}) == Choice(30, LONGITUDINAL, False)
    data = samples("EEG", 2)
    update, _ = compose(situation("EEG", START + 2), watched_of("EEG", data), Choice(montage="<b>"), EPOCH, None)
    assert [trace["label"] for trace in update["signals"]["eeg"]["traces"]] == list(EEG_CHANNELS)
