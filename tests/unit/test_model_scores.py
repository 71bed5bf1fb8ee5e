import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.learning.scores import SCORES, bootstrap, scores

distributions = hnp.arrays(np.float64, (3, 5), elements=st.floats(0.01, 1)).map(lambda a: a / a.sum(1, keepdims=True))


def _by_hand(d, p):
    """The six scores of one pair, written as loops."""
    n = range(len(d))
    dot, dd, pp = sum(d[i] * p[i] for i in n), sum(d[i] ** 2 for i in n), sum(p[i] ** 2 for i in n)
    return {
        "chebyshev": max(abs(d[i] - p[i]) for i in n),
        "clark": math.sqrt(sum((d[i] - p[i]) ** 2 / (d[i] + p[i]) ** 2 for i in n)),
        "canberra": sum(abs(d[i] - p[i]) / (d[i] + p[i]) for i in n),
        "kl": sum(d[i] * (math.log(d[i]) - math.log(p[i])) for i in n),
        "cosine": dot / math.sqrt(dd * pp),
        "intersection": sum(min(d[i], p[i]) for i in n),
    }


@given(distributions, distributions)
def test_scores_equal_independently_written_loops(labels, estimates):
    found = scores(labels, estimates)
    assert tuple(found) == SCORES
    for row in range(len(labels)):
        for name, expected in _by_hand(labels[row].tolist(), estimates[row].tolist()).items():
            assert math.isclose(found[name][row], expected, rel_tol=1e-9, abs_tol=1e-12)


def test_scores_equal_those_of_python_ldl(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    metrics = pytest.importorskip("pyldl.metrics")
    names = {"kl": "kl_divergence"}
    rng = np.random.default_rng(0)
    labels, estimates = rng.dirichlet(np.ones(10), (2, 200))
    labels[:50, :3] = 0  # a rating of 0 has no share
    labels /= labels.sum(1, keepdims=True)
    estimates[25:75, 2:4] = 0
    estimates /= estimates.sum(1, keepdims=True)
    for score, found in scores(labels, estimates).items():
        expected = getattr(metrics, names.get(score, score))(labels, estimates, reduction=None)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=score)


def test_scores_of_a_perfect_estimate():
    labels = np.full((2, 4), 0.25)
    found = scores(labels, labels)
    for name in ("chebyshev", "clark", "canberra", "kl"):
        np.testing.assert_allclose(found[name], 0, atol=1e-12)
    for name in ("cosine", "intersection"):
        np.testing.assert_allclose(found[name], 1)


def test_a_share_of_zero_gives_a_finite_divergence():
    assert np.isfinite(scores(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))["kl"]).all()


def test_bootstrap_interval_holds_the_mean_and_shrinks_to_it_when_all_agree():
    spread = bootstrap(np.array([1.0, 2.0, 3.0, 4.0]))
    assert spread.low < spread.mean == 2.5 < spread.high
    assert bootstrap(np.full(4, 7.0)) == (7.0, 7.0, 7.0)


def test_bootstrap_is_the_same_for_the_same_seed():
    values = np.arange(9.0)
    assert bootstrap(values, seed=3) == bootstrap(values, seed=3)
