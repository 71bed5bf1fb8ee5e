"""What transport is made of beside its solvers: costs within and between the two token sets, and the map of a plan."""

import torch
from torch import Tensor
from torch.nn import functional


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
        ``(n, n_tokens, n_tokens)``, float32 at least.
    """
    distance = cross_cost(tokens, tokens)
    axes = (0, 1, 2) if over_batch else (1, 2)
    low, high = distance.amin(axes, keepdim=True), distance.amax(axes, keepdim=True)
    return functional.relu(distance - (low + 0.1 * (high - low)))


def cross_cost(left: Tensor, right: Tensor) -> Tensor:
    """Return the cosine distance ``1 - cos`` between the tokens of two sets.

    Parameters
    ----------
    left, right : Tensor
        ``(n, n_tokens, width)`` each. In half precision two near tokens would be told apart by rounding alone, so
        this is computed in float32 at least, under autocast too.

    Returns
    -------
    Tensor
        ``(n, n_left, n_right)``.
    """
    with torch.autocast(left.device.type, enabled=False):
        one, other = (
            functional.normalize(side.to(torch.promote_types(side.dtype, torch.float32)), dim=-1)
            for side in (left, right)
        )
        return 1 - one @ other.transpose(1, 2)


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
        ``(n, n_tokens, width)``, one a behavioural token, of the same scale and type as `tokens`.
    """
    return plan.shape[-1] * plan.to(tokens.dtype).transpose(1, 2) @ tokens
