import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.learning.plan import make_plan, split_plan
from pipeline.errors import BadInput


@pytest.fixture(scope="module")
def windows(make_windows):
    return make_windows(n_subjects=7, n_windows=60)


@given(st.integers(3, 9), st.integers(0, 99))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_loso_tests_every_participant_once_and_splits_none(windows, n_folds, seed):
    plan = make_plan(windows, "loso", n_folds, seed)
    assert len(plan.tested) == min(n_folds, 7)
    tested = np.concatenate([plan.left_out((part,)) for part in plan.tested])
    assert sorted(tested) == list(range(len(windows)))
    for part in plan.tested:
        training, test = (set(windows.subject[rows]) for rows in (plan.training((part,)), plan.left_out((part,))))
        assert training.isdisjoint(test)
        assert training | test == set(windows.subjects)


def test_a_fit_for_choosing_sees_neither_of_two_parts(windows):
    plan = make_plan(windows, "loso", None, 0)
    assert len(list(plan.pairs())) == 7 * 6 / 2
    for pair in plan.pairs():
        training, out = set(windows.subject[plan.training(pair)]), set(windows.subject[plan.left_out(pair)])
        assert len(training) == 5
        assert len(out) == 2
        assert training.isdisjoint(out)


def test_trial_keeps_to_one_participant_and_splits_no_trial(windows):
    plan = make_plan(windows, "trial", 3, 0)
    assert not plan.leaky
    for part in plan.tested:
        training, test = plan.training((part,)), plan.left_out((part,))
        assert len(set(windows.subject[np.r_[training, test]])) == 1
        assert set(windows.trial[training]).isdisjoint(windows.trial[test])
    tested = np.concatenate([plan.left_out((part,)) for part in plan.tested])
    assert sorted(tested) == list(range(len(windows)))


def test_released_splits_trials_and_says_that_it_leaks(windows):
    plan = make_plan(windows, "released", None, 0)
    assert plan.leaky
    part = plan.tested[0]
    training, test = plan.training((part,)), plan.left_out((part,))
    assert set(windows.groups()[test]) <= set(windows.groups()[training])


def test_participants_may_be_named_for_both_sides(windows):
    chosen = windows.of(["S0", "S1", "S4", "S5"])
    plan = split_plan(chosen, ["S0", "S1", "S4"], ["S5"])
    assert set(chosen.subject[plan.left_out(plan.tested)]) == {"S5"}
    assert set(chosen.subject[plan.training(plan.tested)]) == {"S0", "S1", "S4"}
    assert len(list(plan.pairs())) == 3


def test_a_participant_who_is_named_twice_counts_once(windows):
    chosen = windows.of(["S0", "S1", "S5"])
    plan = split_plan(chosen, ["S0", "S1", "S0"], ["S5", "S5"])
    once = split_plan(chosen, ["S0", "S1"], ["S5"])
    np.testing.assert_array_equal(plan.part, once.part)
    assert plan.tested == once.tested


@pytest.mark.parametrize(("train_on", "test_on", "expected"), [
    (["S0", "S9"], ["S1"], "S9 is not there; there are S0"),
    (["S0", "S1"], ["S1"], "S1 is named by both"),
    (["S0"], ["S1"], "two participants or more to learn from"),
    (["S0", "S0"], ["S1"], "two participants or more to learn from"),
])  # fmt: skip
def test_sides_that_cannot_be_are_refused(windows, train_on, test_on, expected):
    with pytest.raises(BadInput, match=expected):
        split_plan(windows, train_on, test_on)


def test_too_little_to_leave_out_is_refused(make_windows):
    two = make_windows(n_subjects=2, n_windows=20)
    with pytest.raises(BadInput, match="there are 2 participants in all to leave out; three are needed"):
        make_plan(two, "loso", None, 0)
    with pytest.raises(BadInput, match="there are 2 trials of S0"):
        make_plan(two, "trial", None, 0)
