import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.learning.evaluate import evaluate, folds, split_validation, subject_scores
from model.learning.intervals import conformal_widths, quantile
from model.learning.methods import METHODS, mean_label, nearest_neighbours
from model.learning.options import TrainOptions
from model.learning.scores import SCORES, scores
from model.learning.train import estimate, hide_modalities, shrunk, train_network
from model.network.settings import NetworkSettings

TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2, dropout=0.1, drop_key=0.1),
    epochs=8,
    batch=16,
    windows_per_epoch=400,
)


@pytest.fixture(scope="module")
def parts(make_windows):
    windows = make_windows(n_subjects=6, n_windows=100)
    return windows.of(["S0", "S1", "S2", "S3"]), windows.of(["S4"]), windows.of(["S5"])


@pytest.fixture(scope="module")
def trained(parts):
    return train_network(parts[0], parts[1], TINY)


def test_training_follows_the_labels_of_new_participants(parts, trained):
    learned = scores(parts[2].labels, estimate(trained.network, parts[2]))["kl"].mean()
    constant = scores(parts[2].labels, mean_label(*parts, TINY))["kl"].mean()
    assert learned < 0.8 * constant


def test_the_same_seed_gives_the_same_weights(parts, trained):
    again = train_network(parts[0], parts[1], TINY)
    np.testing.assert_array_equal(estimate(again.network, parts[2]), estimate(trained.network, parts[2]))
    other = train_network(parts[0], parts[1], msgspec.structs.replace(TINY, seed=1))
    assert not np.array_equal(estimate(other.network, parts[2]), estimate(trained.network, parts[2]))


def test_the_kept_weights_are_those_of_the_best_epoch(parts):
    seen = []
    trained = train_network(parts[0], parts[1], TINY, lambda _epoch, kl: seen.append(kl))
    kl = scores(parts[1].labels, estimate(trained.network, parts[1]))["kl"].mean()
    assert kl == pytest.approx(min(seen), abs=2e-5)
    assert seen[trained.epochs - 1] == pytest.approx(min(seen), abs=2e-5)


def test_shrinking_a_network_shrinks_its_departure_from_the_prior(parts):
    trained = train_network(parts[0], parts[1], TINY)
    before, prior = estimate(trained.network, parts[2]), parts[0].mean_label()
    trained.network.shrink(0.5)
    np.testing.assert_allclose(estimate(trained.network, parts[2]), shrunk(before, prior, 0.5), atol=1e-5)
    np.testing.assert_allclose(shrunk(before, prior, 0.0), np.tile(prior, (len(before), 1)), atol=1e-6)


def test_training_ends_when_validation_does_not_get_better(parts):
    nonsense = msgspec.structs.replace(TINY, learning_rate=0.0, epochs=50, patience=2)
    seen = []
    trained = train_network(parts[0], parts[1], nonsense, lambda epoch, _kl: seen.append(epoch))
    assert seen == [1, 2]
    assert trained.epochs == 0


def test_a_participant_cannot_be_in_training_and_validation(parts):
    with pytest.raises(ValueError, match="S0, S1, S2, S3 is in training and in validation"):
        train_network(parts[0], parts[0], TINY)


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_hiding_modalities_adds_none_and_leaves_one(seed, probability):
    rng = np.random.default_rng(seed)
    present = rng.random((50, 4)) < 0.7
    kept = hide_modalities(present, probability, rng)
    assert not (kept & ~present).any()
    np.testing.assert_array_equal(kept.any(1), present.any(1))


def test_hiding_with_probability_zero_hides_nothing():
    present = np.ones((20, 4), np.bool_)
    np.testing.assert_array_equal(hide_modalities(present, 0.0, np.random.default_rng(0)), present)


@given(st.integers(3, 12), st.integers(2, 12), st.integers(0, 99))
def test_folds_test_every_participant_once_and_split_none(n_subjects, n_folds, seed):
    subjects = [f"S{i}" for i in range(n_subjects)]
    n_folds = min(n_folds, n_subjects)
    plan = list(folds(subjects, n_folds, seed)) if n_subjects - -(-n_subjects // n_folds) >= 2 else []
    if plan:
        assert sorted(subject for fold in plan for subject in fold.test) == sorted(subjects)
    for fold in plan:
        everyone = fold.training + fold.validation + fold.test
        assert sorted(everyone) == sorted(subjects)
        assert fold.training
        assert fold.validation


def test_validation_needs_two_participants():
    assert [len(part) for part in split_validation(["a", "b"], 0)] == [1, 1]
    with pytest.raises(ValueError, match="at least two"):
        split_validation(["a"], 0)


def test_the_mean_label_weighs_every_trial_the_same(make_windows):
    windows = make_windows(n_subjects=1, n_windows=20)
    kept = windows.take(np.r_[0:10, 10:12])
    expected = (kept.labels[:10].mean(0) + kept.labels[10:].mean(0)) / 2
    np.testing.assert_allclose(mean_label(kept, kept, kept, TINY)[0], expected, atol=1e-6)


def test_nearest_neighbours_find_a_window_among_its_equals(make_windows):
    windows = make_windows(n_subjects=4, n_windows=20)
    repeated = windows.take(np.repeat(np.arange(80), 10))
    np.testing.assert_allclose(nearest_neighbours(repeated, windows, windows, TINY), windows.labels, atol=1e-5)


def test_nearest_neighbours_do_not_look_at_what_is_missing(parts):
    training, validation, test = parts
    hidden = test.take(np.arange(len(test)))
    hidden.present[:, 3] = False
    expected = nearest_neighbours(training, validation, hidden, TINY)
    hidden.features["Face"][:] = np.nan
    np.testing.assert_array_equal(nearest_neighbours(training, validation, hidden, TINY), expected)


def test_an_evaluation_scores_every_method_a_window_and_a_trial(make_windows):
    windows = make_windows(n_subjects=5, n_windows=40)
    steps = []
    plan = list(folds(windows.subjects, 2, 0))
    found = evaluate(windows, ["mean-label", "knn", "helo"], plan, TINY, steps.append)
    assert list(found) == ["mean-label", "knn", "helo"]
    assert len(steps) == 6
    for method in found.values():
        for part in method:
            assert tuple(part) == SCORES
            assert all(spread.low <= spread.mean <= spread.high for spread in part.values())
    assert all(spread == (0, 0, 0) for spread in found["mean-label"].difference_to_mean_label.values())
    assert found["knn"].difference_to_mean_label["kl"].high < 0


def test_a_participants_trial_is_scored_by_the_mean_of_its_estimates(make_windows):
    windows = make_windows(n_subjects=2, n_windows=20)
    estimates = np.random.default_rng(0).dirichlet(np.ones(10), len(windows)).astype(np.float32)
    found = subject_scores(windows, estimates, by_trial=True)["chebyshev"]
    for row, subject in enumerate(windows.subjects):
        means = []
        for trial in ("t0", "t1"):
            chosen = (windows.subject == subject) & (windows.trial == trial)
            means.append(np.abs(windows.labels[chosen].mean(0) - estimates[chosen].mean(0)).max())
        assert found[row] == pytest.approx(np.mean(means), rel=1e-5)


def test_intervals_cover_nine_in_ten_labels(parts, trained):
    widths = conformal_widths(trained.network, parts[1])
    covered = np.abs(parts[1].labels - estimate(trained.network, parts[1])) <= np.asarray(widths["EEG+GSR+PPG+Face"])
    assert (covered.mean(0) >= 0.9).all()
    assert (covered.mean(0) < 0.95).all()


def test_the_conformal_quantile_is_the_rank_that_the_theorem_asks_for():
    residuals = np.arange(1, 20)[:, None] / 100
    assert quantile(residuals) == pytest.approx([0.18])
    assert quantile(residuals[:5]) == pytest.approx([1.0])


@pytest.mark.parametrize("name", [name for name in METHODS if name.startswith("helo/") or name == "released"])
def test_the_release_and_every_ablation_can_be_trained(parts, name):
    short = msgspec.structs.replace(TINY, epochs=1, windows_per_epoch=64)
    estimates = METHODS[name](*parts, short)
    np.testing.assert_allclose(estimates.sum(1), 1, atol=1e-5)
