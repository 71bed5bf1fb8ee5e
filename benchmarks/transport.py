"""Transport plans: what each solver's plan costs, how far its marginals are off, and how long it takes, beside POT's.

Tokens are drawn: ``random`` ones have no structure, ``alike`` ones have few directions and noise, as in a network.
Gromov-Wasserstein costs are given beside that of the independent plan; the plans themselves are compared in double
precision. Times are the best of three, on one core or on ``--device``.

Run: python -m benchmarks.transport
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial

import ot
import torch
from torch import Tensor

from model.network.gromov import gromov_cost, gromov_plan
from model.network.sinkhorn import proximal_plan, sinkhorn_plan
from model.network.transport import cross_cost, intra_cost

_BEST_OF = 3


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=36)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--slow", action="store_true", help="POT's batch solver to its end, too: seconds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    shape = (options.pairs, options.tokens, options.width)
    found = {kind: _compare(_tokens(kind, *shape, options.device), slow=options.slow) for kind in ("random", "alike")}
    print(json.dumps({**vars(options), **found}, indent=1))


def _tokens(kind: str, n_pairs: int, n_tokens: int, width: int, device: str) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    sides = torch.randn(2, n_pairs, n_tokens, width, generator=generator)
    if kind == "alike":
        weights = torch.randn(2, n_pairs, n_tokens, 6, generator=generator)
        sides = 0.3 * sides + weights @ torch.randn(2, n_pairs, 6, width, generator=generator)
    return sides[0].to(device), sides[1].to(device)


def _compare(tokens: tuple[Tensor, Tensor], *, slow: bool) -> dict[str, dict[str, float]]:
    left, right, cross = intra_cost(tokens[0]), intra_cost(tokens[1]), cross_cost(*tokens)
    solvers: dict[str, Callable[[], Tensor]] = {
        "independent": lambda: torch.full_like(left, 1 / left.shape[1] ** 2),
        "released": lambda: proximal_plan(left, right),
        "gromov": lambda: gromov_plan(left, right),
        "POT conjugate gradient": lambda: _pot_loop(left, right),
        "POT batch, 5 x 20": lambda: ot.solve_gromov_batch(left, right, max_iter=5, max_iter_inner=20).plan,
        "fused": lambda: gromov_plan(left, right, cross),
        "POT fused": lambda: _pot_loop(left, right, cross),
        "sinkhorn": lambda: sinkhorn_plan(cross),
    }
    if slow:
        solvers["POT batch"] = lambda: ot.solve_gromov_batch(left, right).plan
    cost = partial(gromov_cost, left.double(), right.double())
    found = {}
    for name, solve in solvers.items():
        seconds, plan = _timed(solve)
        found[name] = {
            "ms": 1e3 * seconds,
            "gromov_cost": float(cost(plan).mean()),
            "fused_cost": float(cost(plan, cross.double()).mean()),
            "marginals_off": float(max((plan.sum(axis) - 1 / plan.shape[1]).abs().max() for axis in (1, 2))),
        }
    return found


def _pot_loop(left: Tensor, right: Tensor, cross: Tensor | None = None) -> Tensor:
    """Return POT's plans, pair by pair; numpy on the CPU, which is its fastest way, else its tensors on the device."""
    pairs = [left, right] if cross is None else [cross, left, right]
    solve = ot.gromov.gromov_wasserstein if cross is None else ot.gromov.fused_gromov_wasserstein
    if left.device.type != "cpu":
        return torch.stack([solve(*pair, symmetric=True) for pair in zip(*pairs, strict=True)])
    arrays = [side.double().numpy() for side in pairs]
    return torch.stack([torch.as_tensor(solve(*pair, symmetric=True)) for pair in zip(*arrays, strict=True)]).float()


def _timed(solve: Callable[[], Tensor]) -> tuple[float, Tensor]:
    """Return the best of the times (s), and the plan."""
    seconds = []
    for _ in range(_BEST_OF):
        _wait()
        started = time.perf_counter()
        plan = solve()
        _wait()
        seconds.append(time.perf_counter() - started)
    return min(seconds), plan


def _wait() -> None:
    """Let a GPU finish what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
