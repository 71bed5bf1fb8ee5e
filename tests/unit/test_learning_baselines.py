import warnings

import numpy as np
import pytest

from model.data.dataset import LabelledWindows
from model.learning.baselines import condition, mean_label, nearest_neighbours, ridge
from model.learning.inputs import balanced, vectors
from model.learning.ldl import ALGORITHMS, label_distribution
from model.learning.options import TrainOptions
from model.learning.scores import scores

OPTIONS = TrainOptions()


@pytest.fixture(scope="module")
def parts(make_windows) -> tuple[LabelledWindows, LabelledWindows]:
    windows = make_windows(n_subjects=5, n_windows=100)
    return windows.of(["S0", "S1", "S2", "S3"]), windows.of(["S4"])


def _kl(windows, estimates):
    return scores(windows.labels, estimates)["kl"].mean()


def test_the_mean_label_weighs_every_trial_the_same(make_windows):
    windows = make_windows(n_subjects=1, n_windows=20)
    kept = windows.take(np.r_[0:10, 10:12])
    expected = (kept.labels[:10].mean(0) + kept.labels[10:].mean(0)) / 2
    np.testing.assert_allclose(mean_label(kept, kept, OPTIONS)[""][0], expected, atol=1e-6)


def test_every_trial_gets_as_many_rows(make_windows):
    windows = make_windows(n_subjects=2, n_windows=30)
    uneven = windows.take(np.r_[0:10, 10:14, 20:60])
    chosen = balanced(uneven)
    assert set(np.unique(chosen.groups(), return_counts=True)[1]) == {10}
    assert set(chosen.groups()) == set(windows.groups())


def test_vectors_do_not_look_at_what_is_missing(parts):
    training, test = parts
    hidden = test.take(np.arange(len(test)))
    hidden.present[:, 3] = False
    expected = vectors(training, hidden, "both").test
    hidden.features["Face"][:] = np.nan
    np.testing.assert_array_equal(vectors(training, hidden, "both").test, expected)
    assert vectors(training, hidden, "relative").sizes == (90, 12, 10, 60)


def test_nearest_neighbours_find_a_window_among_its_equals(make_windows):
    windows = make_windows(n_subjects=4, n_windows=20)
    repeated = windows.take(np.repeat(np.arange(80), 10))
    np.testing.assert_allclose(
        nearest_neighbours(repeated, windows, OPTIONS)["10 neighbours"], windows.labels, atol=1e-5
    )


@pytest.mark.parametrize("method", [nearest_neighbours, ridge])
def test_a_baseline_learns_what_holds_for_all_people(parts, method):
    training, test = parts
    constant = _kl(test, mean_label(training, test, OPTIONS)[""])
    made = method(training, test, OPTIONS)
    assert min(_kl(test, estimates) for estimates in made.values()) < 0.8 * constant
    for estimates in made.values():
        np.testing.assert_allclose(estimates.sum(1), 1, atol=1e-5)


def test_ridge_with_a_great_penalty_is_next_to_the_mean_log_ratio(parts):
    training, test = parts
    made = ridge(training, test, OPTIONS)
    logs = np.log(training.labels)
    middle = np.exp((logs - logs.mean(1, keepdims=True)).mean(0))
    distance = [np.abs(estimates - middle / middle.sum()).mean() for estimates in made.values()]
    assert distance == sorted(distance, reverse=True)
    assert distance[-1] < 0.01


def test_the_condition_classifier_mixes_the_conditions_mean_labels(make_windows):
    windows = make_windows(n_subjects=4, n_windows=40)
    of_condition = {"a": 0.0, "b": 9.0}
    names = np.where(np.arange(len(windows)) % 40 < 20, "a", "b")
    for name, shift in of_condition.items():
        windows.features["GSR"][names == name] += shift
    windows = LabelledWindows(**{**vars(windows), "trial": names})
    training, test = windows.of(["S0", "S1", "S2"]), windows.of(["S3"])
    found = condition(training, test, OPTIONS)["covariance shrunken by 0.1"]
    for name in of_condition:
        mean = balanced(training).labels[balanced(training).conditions() == name].mean(0)
        np.testing.assert_allclose(found[test.trial == name].mean(0), mean, atol=0.01)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_baseline_of_python_ldl_gives_distributions_and_the_same_ones_again(make_windows, name):
    pytest.importorskip("pyldl")
    windows = make_windows(n_subjects=3, n_windows=20, modalities=("Temperature",))
    training, test = windows.of(["S0", "S1"]), windows.of(["S2"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries while they are loaded
        found, again = (label_distribution(name, training, test, OPTIONS)[""] for _ in range(2))
    assert found.shape == (20, 10)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    assert (found > 0).all()
    np.testing.assert_array_equal(found, again)
