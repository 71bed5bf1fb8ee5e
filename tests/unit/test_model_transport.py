"""Transport between token sets: costs, plans and what becomes of tokens. POT is the reference."""

import numpy as np
import ot
import pytest
import torch

from model.network.gromov import gromov_cost, gromov_plan
from model.network.sinkhorn import proximal_plan, sinkhorn_plan
from model.network.transport import barycentric_map, cross_cost, intra_cost

N = 36


def _tokens(kind, n=8, seed=3):
    """Return two sets: ``random``, without structure, or ``alike``, few directions and noise, as in a network."""
    generator = torch.Generator().manual_seed(seed)
    sides = torch.randn(2, n, N, 128, generator=generator)
    if kind == "alike":
        directions = torch.randn(2, n, N, 6, generator=generator) @ torch.randn(2, n, 6, 128, generator=generator)
        sides = 0.3 * sides + directions
    return tuple(sides)


@pytest.fixture(params=["random", "alike"])
def tokens(request):
    return _tokens(request.param)


@pytest.fixture
def costs(tokens):
    return tuple(intra_cost(side) for side in tokens)


def _independent(costs):
    return torch.full_like(costs[0], 1 / N**2)


def _rows(*batches):
    return zip(*(batch.double().numpy() for batch in batches), strict=True)


def _uniform():
    return np.full(N, 1 / N)


def test_plans_have_uniform_marginals(tokens, costs):
    cross = cross_cost(*tokens)
    for plan in (gromov_plan(*costs), gromov_plan(*costs, cross), sinkhorn_plan(cross)):
        assert (plan >= 0).all()
        for axis in (1, 2):
            torch.testing.assert_close(plan.sum(axis), torch.full((8, N), 1 / N), atol=1e-5, rtol=0)


def test_the_released_plan_ends_before_its_rows_have_their_mass(costs):
    plan = proximal_plan(*costs)
    torch.testing.assert_close(plan.sum(1), torch.full((8, N), 1 / N), atol=1e-5, rtol=0)
    torch.testing.assert_close(plan.sum(2), torch.full((8, N), 1 / N), atol=0, rtol=0.1)


def test_gromov_cost_equals_the_sum_over_all_pairs_and_the_librarys(costs):
    plan = gromov_plan(*costs).double()
    left, right = (side.double() for side in costs)
    by_sum = [
        torch.einsum("ikjl,ij,kl->", (a[:, :, None, None] - b[None, None]) ** 2, p, p)
        for a, b, p in zip(left, right, plan, strict=True)
    ]
    torch.testing.assert_close(gromov_cost(left, right, plan), torch.stack(by_sum))
    for found, (a, b, p) in zip(by_sum, _rows(left, right, plan), strict=True):
        assert ot.gromov.gwloss(*ot.gromov.init_matrix(a, b, _uniform(), _uniform()), p) == pytest.approx(float(found))


def test_the_solver_reaches_the_cost_of_the_librarys_conjugate_gradient(costs):
    reached = gromov_cost(*(side.double() for side in costs), gromov_plan(*costs))
    for found, (a, b) in zip(reached, _rows(*costs), strict=True):
        expected = ot.gromov.gromov_wasserstein2(a, b, symmetric=True, tol_rel=1e-7)
        assert float(found) <= 1.001 * expected


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.9])
def test_the_fused_solver_reaches_the_cost_of_the_librarys_conjugate_gradient(tokens, costs, alpha):
    cross = cross_cost(*tokens)
    plan = gromov_plan(*costs, cross, alpha)
    reached = gromov_cost(*(side.double() for side in costs), plan, cross.double(), alpha)
    for found, (a, b, m) in zip(reached, _rows(*costs, cross), strict=True):
        expected = ot.gromov.fused_gromov_wasserstein2(m, a, b, symmetric=True, alpha=alpha, tol_rel=1e-7)
        assert float(found) <= 1.05 * float(expected)


def test_the_solver_transports_and_the_released_one_hardly_does():
    costs = tuple(intra_cost(side) for side in _tokens("random"))
    independent = gromov_cost(*costs, _independent(costs))
    assert (gromov_cost(*costs, gromov_plan(*costs)) < 0.5 * independent).all()
    assert (gromov_cost(*costs, proximal_plan(*costs)) > 0.9 * independent).all()


def test_a_set_is_carried_onto_its_own_shuffled_copy():
    """Distances alone say which token is which."""
    left = intra_cost(_tokens("alike")[0])
    order = torch.randperm(N, generator=torch.Generator().manual_seed(5))
    plan = gromov_plan(left, left[:, order][:, :, order])
    expected = torch.zeros(N, N)
    expected[order, torch.arange(N)] = 1 / N
    assert (gromov_cost(left, left[:, order][:, :, order], plan) < 1e-6).float().mean() >= 0.5
    assert any(torch.allclose(one, expected, atol=1e-6) for one in plan)


def test_alpha_weighs_the_distances_within_against_those_between(tokens, costs):
    cross = cross_cost(*tokens)
    torch.testing.assert_close(gromov_plan(*costs, cross, 1.0), gromov_plan(*costs))
    linear = gromov_plan(*costs, cross, 0.0)
    for found, (m,) in zip((linear * cross).sum((1, 2)), _rows(cross), strict=True):
        assert float(found) == pytest.approx(ot.emd2([], [], m), rel=1e-5)


def test_a_samples_plan_is_the_same_bits_whatever_its_batch_mates(tokens, costs):
    """One of them needs more steps than the others: samples stop for themselves."""
    cross = cross_cost(*tokens)
    solvers = {
        "gromov": (gromov_plan, costs),
        "fused": (gromov_plan, (*costs, cross)),
        "sinkhorn": (sinkhorn_plan, (torch.cat([40 * cross[:1], cross[1:]]),)),
        "proximal": (proximal_plan, costs),
    }
    for name, (solver, given) in solvers.items():
        together = solver(*given)
        for row in range(8):
            assert torch.equal(solver(*(part[row : row + 1] for part in given))[0], together[row]), (name, row)


def test_permuting_tokens_permutes_the_plan(tokens, costs):
    one, other = (torch.randperm(N, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    left, right = costs[0][:, one][:, :, one], costs[1][:, other][:, :, other]
    cross = cross_cost(*tokens)
    shuffled = cross[:, one][:, :, other]
    pairs = [
        (gromov_plan(left, right), gromov_plan(*costs)),
        (gromov_plan(left, right, shuffled), gromov_plan(*costs, cross)),
        (sinkhorn_plan(shuffled), sinkhorn_plan(cross)),
    ]
    for permuted, plan in pairs:
        torch.testing.assert_close(permuted, plan[:, one][:, :, other], atol=1e-6, rtol=0)


def test_half_precision_costs_give_plans_as_good(tokens, costs):
    """The rounding of the tokens is seen, but none is added, and no plan breaks."""
    exact = gromov_cost(*costs, gromov_plan(*costs))
    rounded = tuple(intra_cost(side.bfloat16()) for side in tokens)
    plan = gromov_plan(*rounded)
    assert plan.dtype == torch.float32
    torch.testing.assert_close(plan.sum(1), torch.full((8, N), 1 / N), atol=1e-4, rtol=0)
    torch.testing.assert_close(gromov_cost(*costs, plan).mean(), exact.mean(), rtol=0.05, atol=0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(gromov_plan(*(intra_cost(side) for side in tokens)), gromov_plan(*costs))
        torch.testing.assert_close(sinkhorn_plan(cross_cost(*tokens)), sinkhorn_plan(cross_cost(*tokens)))


def test_peaked_costs_still_give_sinkhorn_its_marginals():
    cross = 100 * cross_cost(*_tokens("alike", n=2))
    plan = sinkhorn_plan(cross)
    for axis in (1, 2):
        torch.testing.assert_close(plan.sum(axis), torch.full((2, N), 1 / N), atol=1e-4, rtol=0)


def test_sinkhorn_agrees_with_the_library(tokens):
    cross = cross_cost(*tokens)
    for plan, (m,) in zip(sinkhorn_plan(cross), _rows(cross), strict=True):
        expected = ot.sinkhorn([], [], m, reg=0.1, stopThr=1e-10)
        np.testing.assert_allclose(plan.numpy(), expected, atol=1e-6)


def test_sinkhorns_gradient_is_that_of_the_limit():
    cost = torch.rand(2, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    goal = torch.rand(2, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def toward(c):
        return (sinkhorn_plan(c) * goal).sum()

    analytic = torch.autograd.functional.jacobian(toward, cost)
    for index in ((0, 0, 0), (0, 3, 1), (1, 4, 4)):
        step = torch.zeros_like(cost)
        step[index] = 1e-2
        # The iteration stops 1e-4 off the limit, so that a smaller step would measure that.
        numeric = (toward(cost + step) - toward(cost - step)) / 2e-2
        assert float(analytic[index]) == pytest.approx(float(numeric), rel=0.02, abs=2e-3)


def test_the_gromov_plan_is_a_constant_to_the_gradient_and_its_cost_is_not(tokens):
    left = tokens[0].clone().requires_grad_()
    within = intra_cost(left), intra_cost(tokens[1])
    plan = gromov_plan(*within)
    assert not plan.requires_grad
    gromov_cost(*within, plan).sum().backward()
    assert torch.isfinite(left.grad).all()
    assert left.grad.abs().max() > 0


def test_intra_cost_is_per_sample_unless_asked(tokens):
    side = tokens[0].clone()
    before = intra_cost(side)[0]
    before_batch = intra_cost(side, over_batch=True)[0]
    side[1, 0] = -side[1, 1]
    assert torch.equal(intra_cost(side)[0], before)
    assert not torch.equal(intra_cost(side, over_batch=True)[0], before_batch)


def test_intra_cost_is_symmetric_and_not_negative(costs):
    for cost in costs:
        assert (cost >= 0).all()
        torch.testing.assert_close(cost, cost.transpose(1, 2))


def test_barycentric_map_moves_whole_tokens_under_a_permutation():
    tokens = torch.randn(1, 6, 4)
    order = torch.randperm(6)
    plan = torch.zeros(1, 6, 6)
    plan[0, order, torch.arange(6)] = 1 / 6
    torch.testing.assert_close(barycentric_map(plan, tokens)[0], tokens[0, order])


def test_barycentric_map_keeps_the_scale_of_tokens(tokens, costs):
    constant = torch.full_like(tokens[0], 2.5)
    torch.testing.assert_close(barycentric_map(gromov_plan(*costs), constant), constant, atol=1e-4, rtol=0)


@pytest.mark.parametrize("change", [
    lambda a, b, m: (a[:, :5], b, m), lambda a, b, m: (a, b[:4], m), lambda a, b, m: (a, b, m[:, :, :7]),
])  # fmt: skip
def test_costs_of_different_shapes_are_refused(change):
    tokens = _tokens("random")
    with pytest.raises(ValueError, match="all of one shape"):
        gromov_plan(*change(intra_cost(tokens[0]), intra_cost(tokens[1]), cross_cost(*tokens)))


def test_costs_that_are_not_finite_are_refused():
    left, right = (intra_cost(side) for side in _tokens("random"))
    left[2, 3, 3] = float("nan")
    with pytest.raises(ValueError, match="invalid"):
        gromov_plan(left, right)
