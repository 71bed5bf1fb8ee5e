import numpy as np
import ot
import pytest
import torch

from model.network.transport import (
    barycentric_map,
    gromov_cost,
    gromov_plan,
    intra_cost,
    proximal_plan,
    sinkhorn_plan,
)


@pytest.fixture
def tokens():
    generator = torch.Generator().manual_seed(3)
    return tuple(torch.randn(4, 36, 128, generator=generator) for _ in range(2))


@pytest.fixture
def costs(tokens):
    return tuple(intra_cost(side) for side in tokens)


def _independent(costs):
    return torch.full_like(costs[0], 1 / costs[0].shape[1] ** 2)


def test_plans_have_uniform_marginals(tokens, costs):
    for plan in (gromov_plan(*costs), proximal_plan(*costs), sinkhorn_plan(*tokens)):
        assert (plan >= 0).all()
        for axis in (1, 2):
            torch.testing.assert_close(plan.sum(axis), torch.full((4, 36), 1 / 36), atol=1e-5, rtol=0)


def test_gromov_cost_equals_the_sum_over_all_pairs_and_the_librarys(costs):
    plan = gromov_plan(*costs).double()
    left, right = (side.double() for side in costs)
    differences = (left[:, :, :, None, None] - right[:, None, None, :, :]) ** 2
    by_sum = torch.einsum("bikjl,bij,bkl->b", differences, plan, plan)
    torch.testing.assert_close(gromov_cost(left, right, plan), by_sum)
    for row in range(4):
        uniform = np.full(36, 1 / 36)
        a, b, p = left[row].numpy(), right[row].numpy(), plan[row].numpy()
        assert ot.gromov.gwloss(*ot.gromov.init_matrix(a, b, uniform, uniform), p) == pytest.approx(float(by_sum[row]))


def test_the_solver_transports_and_the_released_one_hardly_does(costs):
    independent = gromov_cost(*costs, _independent(costs))
    released = gromov_cost(*costs, proximal_plan(*costs))
    reached = gromov_cost(*costs, gromov_plan(*costs))
    assert (reached < 0.5 * independent).all()
    assert (released > 0.9 * independent).all()


def test_a_samples_plan_does_not_depend_on_its_batch_mates(costs):
    together = gromov_plan(*costs)
    for row in range(4):
        alone = gromov_plan(costs[0][row : row + 1], costs[1][row : row + 1])
        assert torch.equal(alone[0], together[row])


def test_the_plan_is_a_constant_to_the_gradient(tokens):
    left = tokens[0].clone().requires_grad_()
    assert not gromov_plan(intra_cost(left), intra_cost(tokens[1])).requires_grad


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


def test_permuting_tokens_permutes_the_plan(costs):
    order = torch.randperm(36, generator=torch.Generator().manual_seed(1))
    left, right = costs
    permuted = gromov_plan(left[:, order][:, :, order], right)
    torch.testing.assert_close(permuted, gromov_plan(left, right)[:, order], atol=1e-6, rtol=0)
