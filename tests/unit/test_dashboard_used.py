"""What the page is sent that shows what the model used."""

import json
from collections import deque

import numpy as np

from dashboard.history import USES_KEPT_S, add_use
from dashboard.situation import Situation
from dashboard.used import compose
from dashboard.words import USED
from pipeline.records import Estimate, ModalityUse
from pipeline.states import Explained, ModelInfo, SessionInfo

EPOCH = 1.7e9
HALF = np.full(2, 0.5, np.float32)
LIVE = Situation(
    now=100.0,
    participant="P001",
    session=SessionInfo("demo", {"P001": {"eeg": "EEG"}}, 0.25, "open", (), 1.0),
    model=ModelInfo(("Alert", "Upset"), HALF, "abc", "A model.", demonstration=True, device="cpu"),
)


def estimate(time: float, **uses: tuple[float, float | None]) -> Estimate:
    taken = {
        name: ModalityUse(weight, 1.0, 1.0, distance is not None, (), 1, 0, 9, distance)
        for name, (weight, distance) in uses.items()
    }
    return Estimate(0, time, HALF, HALF, HALF, HALF, taken, False, "", {}, "abc")


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


def test_plan_and_correlation_are_sent_once_they_are_known():
    made = Explained(7, 1.75, np.eye(2, dtype=np.float32) / 2, 0.25, np.eye(2, dtype=np.float32))
    assert compose(LIVE, [], None, EPOCH)["made"] is None
    assert compose(LIVE, [], made, EPOCH)["made"] == {
        "plan": [[0.5, 0], [0, 0.5]],
        "carried": 0.25,
        "correlation": [[1, 0], [0, 1]],
    }
    without = Explained(7, 1.75, None, 0.0, np.eye(2, dtype=np.float32))
    assert compose(LIVE, [], without, EPOCH)["made"]["plan"] is None


def test_each_panel_comes_with_the_sentence_that_says_how_to_read_it():
    update = compose(LIVE, [], None, EPOCH)
    assert update["setup"]["words"]["used"] == USED
    json.dumps(update, allow_nan=False)
