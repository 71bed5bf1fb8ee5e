"""What the page is sent that shows what the model used."""

import json
from collections import deque
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from dashboard.history import USES_KEPT_S, add_use
from dashboard.situation import Situation
from dashboard.used import compose
from dashboard.words import ALWAYS, ASKED, USED, WITHOUT_PLAN
from pipeline.records import Estimate, ModalityUse
from pipeline.states import Explained, ModelInfo, SessionInfo

EPOCH = 1.7e9
replace_record = msgspec.structs.replace
HALF = np.full(2, 0.5, np.float32)
LIVE = Situation(
    now=100.0,
    participant="P001",
    session=SessionInfo("demo", {"P001": {"eeg": "EEG"}}, 0.25, "open", (), 1.0),
    model=ModelInfo(("Alert", "Upset"), HALF, "abc", "A model.", demonstration=True, device="cpu"),
)


def estimate(
    time: float, *, abstained: bool = False, latency: float = 0.0, **uses: tuple[float, float | None]
) -> Estimate:
    taken = {
        name: ModalityUse(weight, 1.0, 1.0, distance is not None, (), 1, 0, 9, distance)
        for name, (weight, distance) in uses.items()
    }
    return Estimate(
        0, time, HALF, HALF, HALF, HALF, taken, abstained, "GSR: flat" if abstained else "", {"arrival": latency}, "abc"
    )


def test_weights_and_distances_come_one_a_second():
    uses = deque()
    for step in range(9):
        add_use(uses, estimate(0.25 * step, EEG=(0.75, 0.5), GSR=(0.25, None)), epoch=EPOCH)
    over = compose(LIVE, list(uses), None, EPOCH)["over"]
    assert over["times"] == [EPOCH * 1000, EPOCH * 1000 + 1000, EPOCH * 1000 + 2000]
    assert [modality["name"] for modality in over["modalities"]] == ["EEG", "EDA"]
    assert over["weights"] == [[0.75] * 3, [0.25] * 3]
    assert over["distances"] == [[0.5] * 3, [None] * 3]


def test_a_modality_that_comes_later_has_no_past():
    uses = deque()
    add_use(uses, estimate(0, EEG=(1.0, 0.5)), epoch=EPOCH)
    add_use(uses, estimate(1, EEG=(0.5, 0.5), PPG=(0.5, 0.25)), epoch=EPOCH)
    over = compose(LIVE, list(uses), None, EPOCH)["over"]
    assert over["weights"] == [[1.0, 0.5], [0.0, 0.5]]
    assert over["distances"] == [[0.5, 0.5], [None, 0.25]]


def test_what_is_too_old_is_dropped():
    uses = deque()
    for second in range(round(2 * USES_KEPT_S)):
        add_use(uses, estimate(second), epoch=EPOCH)
    assert uses[-1].time_ms - uses[0].time_ms == USES_KEPT_S * 1000


def test_nothing_is_used_where_the_model_abstained():
    uses = deque()
    add_use(uses, estimate(0, EEG=(1.0, 0.5)), epoch=EPOCH)
    add_use(uses, estimate(1, abstained=True, EEG=(0.0, 1.5), GSR=(0.0, None)), epoch=EPOCH)
    over = compose(LIVE, list(uses), None, EPOCH)["over"]
    assert over["weights"] == [[1.0, None], [0.0, None]]
    assert over["distances"] == [[0.5, 1.5], [None, None]]


@pytest.mark.parametrize(("hop_s", "missing"), [(0.25, True), (5.0, False)])
def test_missing_time_is_a_hole(hop_s: float, missing: bool):
    uses = deque()
    for second in (0, 5):
        add_use(uses, estimate(second, EEG=(1.0, 0.5)), epoch=EPOCH)
    session = replace_record(LIVE.session, hop_s=hop_s)
    over = compose(replace(LIVE, session=session), list(uses), None, EPOCH)["over"]
    assert over["weights"] == [[1.0, None, 1.0] if missing else [1.0, 1.0]]
    assert over["distances"] == [[0.5, None, 0.5] if missing else [0.5, 0.5]]


def explained(age: float = 0.75, **changes: object) -> Explained:
    made = Explained(7, LIVE.now - age, np.eye(2, dtype=np.float32) / 2, 0.25, np.eye(2, dtype=np.float32), "abc")
    return replace_record(made, **changes)


def test_plan_and_correlation_are_sent_once_they_are_known():
    before = compose(LIVE, [], None, EPOCH)["made"]
    assert (before["plan"], before["correlation"], before["without"]) == (None, None, ASKED)
    made = compose(LIVE, [], explained(), EPOCH)["made"]
    assert (made["plan"], made["carried"], made["without"]) == ([[0.5, 0], [0, 0.5]], 0.25, "")
    assert made["correlation"] == [[1, 0], [0, 1]]
    without = compose(LIVE, [], explained(plan=None), EPOCH)["made"]
    assert (without["plan"], without["without"]) == (None, WITHOUT_PLAN)


@pytest.mark.parametrize(
    ("age", "hop_s", "latency", "shown"),
    [
        (3.2, 0.25, 0.0, True),
        (3.3, 0.25, 0.0, False),
        (12.0, 10.0, 0.0, True),
        (13.1, 10.0, 0.0, False),
        (8.0, 0.25, 5.0, True),
    ],
)
def test_a_plan_that_is_not_of_the_newest_estimate_is_not_shown(age, hop_s, latency, shown):
    session = replace_record(LIVE.session, hop_s=hop_s)
    newest = estimate(LIVE.now - latency, latency=latency)
    made = compose(replace(LIVE, session=session, newest=newest), [], explained(age), EPOCH)["made"]
    assert (made["plan"] is not None) == shown
    assert made["correlation"] is not None  # the same for every estimate
    if not shown:
        assert made["without"] == f"{ASKED} The last answer is of {age - latency:.{0 if age > 10 else 1}f} s ago."


def test_there_is_no_plan_while_the_model_abstains():
    newest = estimate(LIVE.now - 0.25, abstained=True)
    made = compose(replace(LIVE, newest=newest), [], explained(), EPOCH)["made"]
    assert (made["plan"], made["carried"]) == (None, None)
    assert made["without"] == "The model abstains: EDA: flat."


def test_what_another_model_answered_is_not_this_one_s():
    made = compose(LIVE, [], explained(model_hash="of the one before"), EPOCH)["made"]
    assert (made["plan"], made["correlation"], made["without"]) == (None, None, ASKED)


def test_a_blind_session_sends_neither_plan_nor_weights():
    blind = replace(LIVE, session=replace_record(LIVE.session, display="blind"))
    uses = deque()
    add_use(uses, estimate(99, EEG=(0.75, 0.5)), epoch=EPOCH)
    update = compose(blind, list(uses), explained(), EPOCH)
    assert update["over"]["weights"] is None
    assert update["over"]["distances"] == [[0.5]]
    made = update["made"]
    assert (made["plan"], made["carried"], made["without"]) == (None, None, ALWAYS["blind"])


def test_each_panel_comes_with_the_sentence_that_says_how_to_read_it():
    update = compose(LIVE, [], None, EPOCH)
    assert update["setup"]["words"]["used"] == USED
    json.dumps(update, allow_nan=False)
