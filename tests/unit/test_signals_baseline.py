"""Features relative to the participant's own past."""

import numpy as np
import pytest

from pipeline.signals.baseline import LIMIT, TRUST_S, Baseline
from pipeline.signals.family import FEATURES, FeatureSpec

SPEC = FeatureSpec((3,), ("a", "b", "c"), 1.0, (0.1, 0.1, 2.0))


def test_it_is_the_departure_from_all_earlier_windows() -> None:
    values = np.random.default_rng(0).normal(size=(50, 3)) * [1, 0.01, 1] + 7
    baseline = Baseline(SPEC, hop_s=0.5)
    for index, value in enumerate(values):
        found = baseline.process(value)
        if index == 0:
            assert not found.any()
            continue
        past = values[:index]
        deviation = np.maximum(past.std(axis=0), SPEC.floors)
        trust = 0.5 * index / (0.5 * index + TRUST_S)
        assert np.allclose(found, np.clip((value - past.mean(axis=0)) / deviation, -LIMIT, LIMIT) * trust)


def test_the_values_are_clipped() -> None:
    baseline = Baseline(SPEC, hop_s=1000.0)
    baseline.process(np.zeros(3))
    found = baseline.process(np.full(3, 1e6))
    assert found == pytest.approx(LIMIT * 1000 / 1030)


def test_a_window_that_says_nothing_is_not_remembered() -> None:
    baseline = Baseline(SPEC, hop_s=1.0)
    baseline.process(np.ones(3))
    baseline.process(np.full(3, 99.0), learn=False)
    assert baseline.state.count == 1
    assert np.array_equal(baseline.state.mean, np.ones(3))


def test_every_feature_has_a_name_and_a_floor() -> None:
    for modality, spec in FEATURES.items():
        assert len(spec.names) == len(spec.floors) == np.prod(spec.shape), modality
        assert len(set(spec.names)) == len(spec.names)
        assert min(spec.floors) > 0
