"""Optimal transport between the tokens of the physiological and of the behavioural representation.

A plan couples two sets of n tokens: ``plan[i, j]`` is the mass that goes from physiological token i to behavioural
token j; its marginals are uniform, 1/n. It is a constant to the gradient.
"""

import numpy as np
import ot
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

#: Tolerance of the conjugate gradient, relative to the cost; it ends after 3 to 6 iterations.
_TOLERANCE = 1e-7
#: The released solver: outer linearisations, proximal steps in each, and their step size.
_OUTER, _INNER, _BETA = 5, 20, 0.1


def intra_cost(tokens: Tensor, *, over_batch: bool = False) -> Tensor:
    """Return the cosine distance between tokens of one set, less a threshold, cut at zero.

    ``C = relu((1 - cos) - tau)`` with ``tau = min + 0.1 (max - min)``.

    Parameters
    ----------
    tokens : Tensor
        ``(n, n_tokens, width)``.
    over_batch : bool
        Take minimum and maximum over the whole batch, as the authors' program does (D6); otherwise per sample, so that
        a sample's cost does not depend on its batch mates.

    Returns
    -------
    Tensor
        ``(n, n_tokens, n_tokens)``.
    """
    unit = functional.normalize(tokens, dim=-1)
    distance = 1 - unit @ unit.transpose(1, 2)
    axes = (0, 1, 2) if over_batch else (1, 2)
    low, high = distance.amin(axes, keepdim=True), distance.amax(axes, keepdim=True)
    return functional.relu(distance - (low + 0.1 * (high - low)))


def gromov_plan(left: Tensor, right: Tensor) -> Tensor:
    """Return the Gromov-Wasserstein plan of each sample, by POT's conjugate gradient, started at the independent plan.

    Minimises ``sum_ijkl (left[i, k] - right[j, l])^2 plan[i, j] plan[k, l]`` (Peyré et al., ICML 2016; solver: Vayer
    et al., ICML 2019), sample by sample in double precision: a sample's plan does not depend on its batch mates.

    Parameters
    ----------
    left, right : Tensor
        Intra-domain costs, each ``(n, n_tokens, n_tokens)``.

    Returns
    -------
    Tensor
        ``(n, n_tokens, n_tokens)``, of `left`'s type and device.
    """
    pairs = zip(_double(left), _double(right), strict=True)
    plans = np.stack([_solve(a, b) for a, b in pairs]) if len(left) else np.zeros(left.shape)
    return torch.as_tensor(plans, dtype=left.dtype, device=left.device)


def gromov_cost(left: Tensor, right: Tensor, plan: Tensor) -> Tensor:
    """Return the Gromov-Wasserstein cost ``(n,)`` of plans with uniform marginals."""
    plan = plan.to(left.dtype)
    rows, columns = plan.sum(2), plan.sum(1)
    spread_left = torch.einsum("bik,bi,bk->b", left**2, rows, rows)
    spread_right = torch.einsum("bjl,bj,bl->b", right**2, columns, columns)
    return spread_left + spread_right - 2 * ((left @ plan @ right.transpose(1, 2)) * plan).sum((1, 2))


def proximal_plan(left: Tensor, right: Tensor) -> Tensor:
    """Return the released program's plan: 5 linearisations of 20 proximal-point steps (IPOT; Xie et al., UAI 2019).

    It stays next to the independent plan (D10); kept for comparison. Shapes as in `gromov_plan`.
    """
    with torch.no_grad():
        n_tokens = left.shape[-1]
        mass = 1 / n_tokens
        plan = left.new_full(left.shape, mass**2)
        spread = mass * ((left**2).sum(2)[:, :, None] + (right**2).sum(2)[:, None, :])
        for _ in range(_OUTER):
            kernel = torch.exp(-(spread - 2 * left @ plan @ right.transpose(1, 2)) / _BETA)
            coupling = torch.ones_like(plan)
            columns = left.new_full((len(left), 1, n_tokens), mass)
            for _ in range(_INNER):
                step = kernel * coupling
                rows = mass / (step * columns).sum(2, keepdim=True)
                columns = mass / (step * rows).sum(1, keepdim=True)
                coupling = rows * step * columns
            plan = coupling
        return plan


def sinkhorn_plan(left_tokens: Tensor, right_tokens: Tensor) -> Tensor:
    """Return the entropic plan of each sample for the cosine distance between the two token sets.

    Parameters
    ----------
    left_tokens, right_tokens : Tensor
        ``(n, n_tokens, width)`` each.

    Returns
    -------
    Tensor
        ``(n, n_tokens, n_tokens)``.
    """
    with torch.no_grad():
        cost = 1 - functional.normalize(left_tokens, dim=-1) @ functional.normalize(right_tokens, dim=-1).transpose(
            1, 2
        )
        mass = 1 / cost.shape[-1]
        logits = -cost / _BETA
        for _ in range(50):
            logits = logits - logits.logsumexp(1, keepdim=True) + np.log(mass)
            logits = logits - logits.logsumexp(2, keepdim=True) + np.log(mass)
        return logits.exp()


def barycentric_map(plan: Tensor, tokens: Tensor) -> Tensor:
    """Carry physiological tokens to the behavioural ones: each gets the mean of what the plan sends to it.

    ``Phi'_j = n sum_i plan[i, j] Phi_i``. The released program multiplies ``plan Phi`` instead, whose rows sum to 1/n
    and whose columns index the other set (D5).

    Parameters
    ----------
    plan : Tensor
        ``(n, n_tokens, n_tokens)``.
    tokens : Tensor
        Physiological tokens ``(n, n_tokens, width)``.

    Returns
    -------
    Tensor
        ``(n, n_tokens, width)``, one a behavioural token, of the same scale as `tokens`.
    """
    return plan.shape[-1] * plan.transpose(1, 2) @ tokens


def _double(costs: Tensor) -> NDArray[np.float64]:
    return np.asarray(costs.detach().cpu().double().numpy())


def _solve(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(ot.gromov.gromov_wasserstein(left, right, symmetric=True, tol_rel=_TOLERANCE))
