"""When an alarm sounds, and when it is over."""

import numpy as np
import pytest

from pipeline.records import Estimate, ModalityUse
from pipeline.session.alarm_rules import AbstainedRule, EmotionRule, LatencyRule, LostRule, QualityRule
from pipeline.states import Alarm, StreamHealth
from pipeline.workers.judging import advance, of_estimate, of_stream

EMOTIONS = ("Alert", "Upset")


def estimate(share: float = 0.5, *, abstained: bool = False, quality: float = 1.0, latency: float = 0.1) -> Estimate:
    shares = np.array([share, 1 - share], np.float32)
    use = ModalityUse(1.0, 1.0, quality, True, (), 1, 0, 9)
    reason = "GSR: flat" if abstained else ""
    return Estimate(0, 0.0, shares, shares, shares, shares, {"GSR": use}, abstained, reason, {"latency": latency}, "h")


def health(state: str, stream: str = "P001/eeg") -> StreamHealth:
    return StreamHealth(stream, state, 300.0, 300.0, 9, 0, 0, 1.0, 0.0, 1.0)


def judged(rule, steps) -> list[tuple[float, str, str]]:
    """Return time, kind and text of what happens when the rule meets estimates, one at each of these times."""
    held: dict[str, Alarm] = {}
    told = []
    for time, one in steps:
        held, changes = advance(held, of_estimate([rule], "P001", one, EMOTIONS), time)
        told += [(change.time, change.kind, change.text) for change in changes]
    return told


HIGH = EmotionRule(when="emotion", emotion="Alert", above=0.6, for_s=1)


def test_an_alarm_sounds_once_when_it_has_been_so_for_long_enough_and_says_when_it_is_over():
    shares = [0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.5, 0.5]
    assert judged(HIGH, [(0.5 * step, estimate(share)) for step, share in enumerate(shares)]) == [
        (1.0, "alarm", "Alert is above 60 % for 1 s."),
        (3.0, "alarm over", "Alert is above 60 % for 1 s. Over after 3.0 s."),
    ]


def test_what_is_interrupted_begins_anew():
    shares = [0.7, 0.7, 0.5, 0.7, 0.7]
    assert judged(HIGH, [(0.5 * step, estimate(share)) for step, share in enumerate(shares)]) == []


def test_an_abstained_estimate_has_no_share():
    assert judged(HIGH, [(float(time), estimate(0.7, abstained=True)) for time in range(5)]) == []


@pytest.mark.parametrize(
    ("rule", "bad", "text"),
    [
        (
            QualityRule(when="quality", modality="GSR", below=0.4, for_s=2),
            estimate(quality=0.3),
            "The quality of GSR is below 0.4 for 2 s.",
        ),
        (
            AbstainedRule(when="abstained", for_s=2),
            estimate(abstained=True),
            "The model abstains for 2 s (GSR: flat).",
        ),
        (
            LatencyRule(when="latency", above_s=0.5, for_s=2),
            estimate(latency=0.6),
            "Estimates come later than 0.5 s for 2 s.",
        ),
    ],
)
def test_each_rule_has_its_sentence(rule, bad, text):
    assert judged(rule, [(0.0, bad), (1.0, bad)]) == []
    assert judged(rule, [(0.0, bad), (1.0, bad), (2.0, bad)]) == [(2.0, "alarm", text)]
    assert judged(rule, [(0.0, bad), (2.0, estimate())]) == []


def test_a_stream_that_is_lost_is_named_and_others_are_left_alone():
    rules = [LostRule(when="lost", stream="eeg")]
    held, changes = advance({}, of_stream(rules, health("lost")), 5.0)
    assert [change.text for change in changes] == ["Stream eeg is lost."]
    assert list(of_stream(rules, health("lost", "P001/gsr"))) == []
    _, changes = advance(held, of_stream(rules, health("receiving")), 7.5)
    assert [(change.kind, change.text) for change in changes] == [
        ("alarm over", "Stream eeg is lost. Over after 2.5 s."),
    ]


def test_a_rule_without_a_stream_watches_each_for_itself():
    rules = [LostRule(when="lost")]
    held, _ = advance({}, of_stream(rules, health("lost")), 5.0)
    held, changes = advance(held, of_stream(rules, health("lost", "P001/gsr")), 6.0)
    assert [change.text for change in changes] == ["Stream gsr is lost."]
    assert len(held) == 2


def test_participants_are_judged_apart():
    held, _ = advance({}, of_estimate([HIGH], "P001", estimate(0.7), EMOTIONS), 0.0)
    _, changes = advance(held, of_estimate([HIGH], "P002", estimate(0.7), EMOTIONS), 2.0)
    assert changes == []
