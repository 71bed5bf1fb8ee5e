"""Entropic plans between the tokens of two sets: Sinkhorn's, and the released program's proximal point."""

import math
from typing import Any

import torch
from torch import Tensor

#: Weight of the entropy in Sinkhorn's plan; the cosine distance lies in 0..2.
_ENTROPY = 0.1
#: Sinkhorn ends when no column's mass is off by more than this, relative to the mass.
_TOLERANCE = 1e-4
_MOST_STEPS = 1000
#: The released solver: outer linearisations, proximal steps in each, and their step size.
_OUTER, _INNER, _BETA = 5, 20, 0.1


def sinkhorn_plan(cost: Tensor) -> Tensor:
    """Return the plan of each sample that minimises ``<cost, P> - entropy H(P)`` with uniform marginals.

    Sinkhorn's iteration in the log domain (Cuturi, NeurIPS 2013; Peyré and Cuturi, Computational Optimal Transport,
    2019, remark 4.23), in float32 at least. A sample that has converged is left as it is while its batch mates go on.
    Its gradient is that of the limit, by the implicit function theorem, whatever number of steps led there.

    Parameters
    ----------
    cost : Tensor
        Costs between the two sets ``(n, n_tokens, n_tokens)``.

    Returns
    -------
    Tensor
        ``(n, n_tokens, n_tokens)``.
    """
    plan: Tensor = _Sinkhorn.apply(cost)
    return plan


class _Sinkhorn(torch.autograd.Function):
    """Sinkhorn's plan as a function of the cost."""

    @staticmethod
    def forward(ctx: Any, cost: Tensor) -> Tensor:
        """Iterate until every sample has converged."""
        mass = 1 / cost.shape[-1]
        logits = -cost.to(torch.promote_types(cost.dtype, torch.float32)) / _ENTROPY
        going = torch.ones(len(cost), 1, 1, dtype=torch.bool, device=cost.device)
        for _ in range(_MOST_STEPS):
            columns = logits - logits.logsumexp(1, keepdim=True) + math.log(mass)
            rows = columns - columns.logsumexp(2, keepdim=True) + math.log(mass)
            logits = torch.where(going, rows, logits)
            error = (logits.logsumexp(1, keepdim=True) - math.log(mass)).abs().amax(2, keepdim=True)
            going = going & (error > _TOLERANCE)
            if not going.any():
                break
        plan = logits.exp()
        ctx.save_for_backward(plan)
        return plan.to(cost.dtype)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        """Differentiate the optimality conditions: ``dP = P (df_i + dg_j - dC) / entropy`` keeps the marginals."""
        (plan,) = ctx.saved_tensors
        pulled = plan * upstream.to(plan.dtype)
        n_tokens = plan.shape[-1]
        mass = torch.eye(n_tokens, dtype=plan.dtype, device=plan.device) / n_tokens
        # Row and column potentials are fixed up to a constant that one takes from the other: that direction is filled.
        sign = torch.ones(2 * n_tokens, dtype=plan.dtype, device=plan.device)
        sign[n_tokens:] = -1
        matrix = torch.cat(
            [
                torch.cat([mass.expand_as(plan), plan], 2),
                torch.cat([plan.transpose(1, 2), mass.expand_as(plan)], 2),
            ],
            1,
        ) + sign[:, None] * sign / (2 * n_tokens**2)
        potentials = torch.linalg.solve(matrix, torch.cat([pulled.sum(2), pulled.sum(1)], 1))
        rows, columns = potentials[:, :n_tokens, None], potentials[:, None, n_tokens:]
        gradient: Tensor = (plan * (rows + columns) - pulled) / _ENTROPY
        return gradient.to(upstream.dtype)


def proximal_plan(left: Tensor, right: Tensor) -> Tensor:
    """Return the released program's Gromov-Wasserstein plan: 5 linearisations of 20 proximal-point steps.

    IPOT (Xie et al., UAI 2019). It stays next to the independent plan (D10); kept for comparison.

    Parameters
    ----------
    left, right : Tensor
        Intra-domain costs ``(n, n_tokens, n_tokens)``.

    Returns
    -------
    Tensor
        ``(n, n_tokens, n_tokens)``; a constant to the gradient.
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
