"""Joining the modalities of a tick, and what the model is given of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.estimating import Estimating, Helpers, Join, estimate_of, estimates_of
from model.header import model_path
from model.predictor import Predictor
from pipeline.records import Estimate, FeatureWindow
from pipeline.signals.family import FEATURES


def window(tick: int, modality: str, features: np.ndarray | None = None) -> FeatureWindow:
    if features is None:
        features = np.zeros((2, *FEATURES[modality].shape), np.float32)
    return FeatureWindow(tick, tick / 4, modality, features, 1.0, 1.0)


def test_a_tick_is_complete_when_every_modality_has_sent_it():
    join = Join(("EEG", "GSR"), 0)
    assert join.add(window(0, "EEG")) is None
    assert join.add(window(1, "EEG")) is None
    complete = join.add(window(0, "GSR"))
    assert {name: w.tick for name, w in complete.items()} == {"EEG": 0, "GSR": 0}
    assert {w.tick for w in join.add(window(1, "GSR")).values()} == {1}
    assert join.waiting == {}


def test_what_was_estimated_before_a_restart_is_left_alone():
    join = Join(("EEG",), 5)
    assert join.add(window(4, "EEG")) is None
    assert join.add(window(5, "EEG")) is not None
    assert join.add(window(5, "EEG")) is None


def test_a_tick_that_lacks_a_window_for_ever_does_not_hold_up_the_next():
    """The store of one modality begins later than that of the other: after it came back empty, say."""
    join = Join(("EEG", "GSR"), 0)
    for tick in (10, 11):
        assert join.add(window(tick, "EEG")) is None
    for tick in range(5, 10):
        assert join.add(window(tick, "GSR")) is None
    complete = join.add(window(10, "GSR"))
    assert {name: w.tick for name, w in complete.items()} == {"EEG": 10, "GSR": 10}
    assert set(join.waiting) == {11}


@given(order=st.permutations([(name, tick) for name in ("EEG", "GSR", "PPG") for tick in range(4)]))
def test_in_whatever_order_modalities_come_ticks_rise_and_are_whole(order):
    """Within a modality windows come in the order of their ticks."""
    sent = dict.fromkeys(("EEG", "GSR", "PPG"), 0)
    join = Join(tuple(sent), 0)
    ticks = []
    for name, _ in order:
        complete = join.add(window(sent[name], name))
        sent[name] += 1
        if complete is not None:
            assert set(complete) == set(sent)
            ticks.append({w.tick for w in complete.values()})
    assert ticks == [{0}, {1}, {2}, {3}]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(model_path("shipped"), "cpu")


def typical(predictor: Predictor, tick: int = 0, spread: float = 0.0, seed: int = 0) -> dict[str, FeatureWindow]:
    """Return windows such as the model was trained on."""
    rng = np.random.default_rng(seed)
    return {
        name: window(tick, name, (row[0] + spread * rng.normal(size=row[0].shape)).astype(np.float32))
        for name, row in predictor.typical().items()
    }


def test_a_modality_that_is_absent_or_not_finite_is_masked(predictor):
    names = list(predictor.header.modalities)
    whole = typical(predictor)
    holed = {**whole, "EEG": window(0, "EEG", np.full((2, *FEATURES["EEG"].shape), np.nan, np.float32))}
    without = {name: w for name, w in whole.items() if name != "EEG"}
    prediction, present = estimates_of(predictor, [whole, holed, without, {}])
    eeg = names.index("EEG")
    assert present.all(axis=1).tolist() == [True, False, False, False]
    assert present.sum(axis=1).tolist() == [len(names), len(names) - 1, len(names) - 1, 0]
    assert not present[1:, eeg].any()
    np.testing.assert_array_equal(prediction.distribution[1], prediction.distribution[2])
    assert prediction.abstained.tolist() == [False, False, False, True]


def test_a_modality_that_the_model_does_not_take_changes_nothing(predictor):
    whole = typical(predictor)
    more = {**whole, "Temperature": window(0, "Temperature")}
    prediction, _ = estimates_of(predictor, [whole, more])
    np.testing.assert_array_equal(prediction.distribution[0], prediction.distribution[1])


def test_an_estimate_says_how_far_each_modality_that_was_used_is_from_the_training_data(predictor):
    tick = {**typical(predictor, spread=0.1), "EEG": window(0, "EEG", np.full((2, *FEATURES["EEG"].shape), np.nan))}
    prediction, present = estimates_of(predictor, [tick])
    uses = estimate_of(predictor, tick, prediction, present, 0, {}).modalities
    assert uses["EEG"].distance is None
    for column, name in enumerate(predictor.header.modalities):
        if name != "EEG":
            assert uses[name].distance == prediction.distance[0, column] > 0


def test_many_ticks_come_out_the_same_on_all_cores(predictor):
    ready = [typical(predictor, number, spread=0.02, seed=number) for number in range(150)]
    done: list[int] = []

    def estimate(spread_from: int) -> list[Estimate]:
        with Helpers(model_path("shipped")) as helpers:
            estimating = Estimating(predictor, helpers, len(ready), spread_from=spread_from)
            for one in ready:
                estimating.add(one)
            return estimating.finish(done.append)

    here, spread = estimate(1000), estimate(70)
    assert sum(done) == 2 * len(ready)
    assert [estimate.tick for estimate in spread] == list(range(150))
    assert not any(estimate.abstained for estimate in here)
    for one, other in zip(here, spread, strict=True):
        assert one.distribution.tobytes() == other.distribution.tobytes()
        assert [use.weight for use in one.modalities.values()] == [use.weight for use in other.modalities.values()]
