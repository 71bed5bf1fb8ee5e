"""Gromov-Wasserstein plans, fused with a cost between the sets on request: Frank-Wolfe over assignments.

A plan couples two sets of n tokens: ``plan[i, j]`` is the mass that goes from physiological token i to behavioural
token j; its marginals are uniform, 1/n. With these, the extreme plans are the permutations over n (Birkhoff), so that
the linear problem of each step is an assignment, which is solved exactly, and in less time than as a transport problem.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

Double = NDArray[np.float64]

#: A plan is found when a step lowers its cost by less than this, relative to the cost; 2 to 12 steps on 36 tokens.
_TOLERANCE = 1e-7
_MOST_STEPS = 200


def gromov_plan(left: Tensor, right: Tensor, cross: Tensor | None = None, alpha: float = 0.5) -> Tensor:
    """Return each sample's plan of least cost, as far as Frank-Wolfe with an exact line search finds it.

    Minimises `gromov_cost`, with the start and the steps of Vayer et al. (ICML 2019, algorithms 1 and 2): from the
    independent plan, along the assignment that is best for the gradient. It is a local minimum, nearly always a
    permutation. Each sample is computed for itself, in double precision on the CPU, and stops for itself: its plan is
    the same bits whatever its batch mates, and whatever the type of the costs. The plan is a constant to the gradient.

    Parameters
    ----------
    left, right : Tensor
        Intra-domain costs ``(n, n_tokens, n_tokens)``, symmetric.
    cross : Tensor, optional
        Costs between the two sets ``(n, n_tokens, n_tokens)``: fused Gromov-Wasserstein.
    alpha : float
        Weight of the Gromov-Wasserstein part where there are cross costs; theirs is ``1 - alpha``.

    Returns
    -------
    Tensor
        ``(n, n_tokens, n_tokens)``, of `left`'s type and device.

    Raises
    ------
    ValueError
        Shapes differ, or a cost is not finite.
    """
    others = [right] if cross is None else [right, cross]
    if left.ndim != 3 or left.shape[1] != left.shape[2] or any(costs.shape != left.shape for costs in others):
        raise ValueError("costs have to be (n, n_tokens, n_tokens), all of one shape")
    within, linear = (1.0, None) if cross is None else (alpha, (1 - alpha) * _double(cross))
    plans = _frank_wolfe(_symmetric(_double(left)), _symmetric(_double(right)), linear, within)
    return torch.as_tensor(plans, dtype=left.dtype, device=left.device)


def gromov_cost(left: Tensor, right: Tensor, plan: Tensor, cross: Tensor | None = None, alpha: float = 0.5) -> Tensor:
    """Return the cost of plans ``(n,)``; differentiable in the costs, with the plan as a constant.

    ``sum_ijkl (left[i, k] - right[j, l])^2 plan[i, j] plan[k, l]`` (Peyré et al., ICML 2016); with cross costs
    ``alpha`` times that plus ``(1 - alpha) sum_ij cross[i, j] plan[i, j]``. At a minimum the plan's own gradient
    vanishes on the polytope (envelope theorem), so that this is the gradient of the distance itself.
    """
    plan = plan.detach().to(left.dtype)
    rows, columns = plan.sum(2), plan.sum(1)
    spread = torch.einsum("bik,bi,bk->b", left**2, rows, rows) + torch.einsum(
        "bjl,bj,bl->b", right**2, columns, columns
    )
    within = spread - 2 * ((left @ plan @ right.transpose(1, 2)) * plan).sum((1, 2))
    return within if cross is None else alpha * within + (1 - alpha) * (cross * plan).sum((1, 2))


def _frank_wolfe(left: Double, right: Double, linear: Double | None, within: float) -> Double:
    """Minimise ``<linear, P> - 2 within <left P right, P>``; what else the cost has is the same for all plans."""
    n_rows, n_tokens, _ = left.shape
    plan = np.full(left.shape, 1 / n_tokens**2)
    product = left @ plan @ right
    constant = within * ((left**2).sum((1, 2)) + (right**2).sum((1, 2))) / n_tokens**2
    cost = constant - 2 * within * _dot(product, plan) + (0 if linear is None else _dot(linear, plan))
    going = np.arange(n_rows)
    for _ in range(_MOST_STEPS):
        if not len(going):
            break
        tilt = 0.0 if linear is None else linear[going]
        gradient = tilt - 4 * within * product[going]
        columns = np.stack([linear_sum_assignment(one)[1] for one in gradient])[:, :, None]
        # left Q right / n for a permutation Q is a product with the permuted rows of right.
        direction = -plan[going]
        np.put_along_axis(direction, columns, np.take_along_axis(direction, columns, 2) + 1 / n_tokens, 2)
        moved = left[going] @ np.take_along_axis(right[going], columns, 1) / n_tokens - product[going]
        slope, bend = _dot(gradient, direction), -2 * within * _dot(moved, direction)
        length = _line_search(slope, bend)
        plan[going] += length[:, None, None] * direction
        product[going] += length[:, None, None] * moved
        gain = -length * (slope + length * bend)
        cost[going] -= gain
        going = going[gain > _TOLERANCE * np.abs(cost[going])]
    return plan


def _line_search(slope: Double, bend: Double) -> Double:
    """Return where ``slope t + bend t^2`` is least for t in 0..1; the slope is not above 0 but for rounding."""
    inside = np.divide(-slope, 2 * bend, out=np.ones_like(slope), where=bend > 0).clip(0, 1)
    return np.where(bend > 0, inside, (slope + bend < 0).astype(float))


def _dot(a: Double, b: Double) -> Double:
    return np.asarray((a * b).sum((1, 2)))


def _double(costs: Tensor) -> Double:
    return np.asarray(costs.detach().cpu().double().numpy())


def _symmetric(costs: Double) -> Double:
    """Return costs without the rounding that sets ``[i, k]`` apart from ``[k, i]``."""
    return (costs + costs.transpose(0, 2, 1)) / 2
