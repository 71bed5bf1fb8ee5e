"""Training many small networks at once: as one network with a dimension more, by `torch.func`.

Small matrices leave a core idle between them; a hundred networks of width 16 take a tenth of the time of one after the
other. Without transport, whose solver knows no such dimension.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from model.data.dataset import LabelledWindows
from model.learning.fit import set_normalisation, set_prior
from model.learning.options import TrainOptions
from model.learning.train import hide_modalities
from model.network.build import build_network
from model.network.helo import HeLo
from model.network.labels import alignment_loss

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Student:
    """One network: what it learns from, what it estimates, and its seed."""

    training: Rows
    test: Rows
    seed: int


class ManyNetworks:
    """Networks that learn side by side, each from rows of its own of the same windows.

    Parameters
    ----------
    windows : LabelledWindows
        All windows; every modality is there in each.
    students : sequence of Student
        The networks.
    options : TrainOptions
        Of all of them; each has its own seed for its weights.
    steps : int
        Steps of an epoch.
    """

    def __init__(
        self, windows: LabelledWindows, students: Sequence[Student], options: TrainOptions, steps: int
    ) -> None:
        torch.set_num_threads(1)
        settings = msgspec.structs.replace(options.network, transport="none")
        self._windows, self._students, self._options, self._steps = windows, students, options, steps
        networks = [_network(windows.take(one.training), settings, one.seed) for one in students]
        self._network: nn.Module = networks[0]
        self._weights, self._fixed = stack_module_state(networks)
        self._optimiser = torch.optim.AdamW(
            list(self._weights.values()), options.learning_rate, weight_decay=options.weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.ExponentialLR(self._optimiser, options.decay)
        self._features = {name: torch.from_numpy(array) for name, array in windows.features.items()}
        self._labels = torch.from_numpy(windows.labels)
        self._chances = [windows.take(one.training).trial_weights() for one in students]
        self._rng = np.random.default_rng(options.seed)

    def epoch(self) -> None:
        """Train each network for one epoch."""
        self._network.train()
        n_drawn = self._steps * self._options.batch
        order = np.stack(
            [
                self._rng.choice(one.training, n_drawn, p=chance)
                for one, chance in zip(self._students, self._chances, strict=True)
            ]
        )
        for batch in np.split(order, self._steps, axis=1):
            self._step(torch.from_numpy(batch))
        self._schedule.step()

    def estimates(self) -> list[NDArray[np.float32]]:
        """Return the log shares of each network's test windows ``(n_test, n_emotions)``."""
        self._network.eval()
        found = []
        with torch.no_grad():
            for number, one in enumerate(self._students):
                own = {name: value[number] for name, value in (*self._weights.items(), *self._fixed.items())}
                given = {name: value[one.test] for name, value in self._features.items()}
                present = torch.ones(len(one.test), len(given), dtype=torch.bool)
                found.append(functional_call(self._network, own, (given, present)).log_shares.numpy())
        return found

    def _step(self, rows: Tensor) -> None:
        shown = hide_modalities(
            np.ones((rows.numel(), len(self._features)), np.bool_), self._options.modality_dropout, self._rng
        )
        given = {name: value[rows] for name, value in self._features.items()}
        each = vmap(self._loss, randomness="different")
        loss = each(
            self._weights, self._fixed, given, torch.from_numpy(shown).unflatten(0, rows.shape), self._labels[rows]
        )
        self._optimiser.zero_grad()
        loss.sum().backward()
        _clip(list(self._weights.values()))
        self._optimiser.step()

    def _loss(
        self, weights: Mapping[str, Tensor], fixed: Mapping[str, Tensor], given: Mapping[str, Tensor], *rest: Tensor
    ) -> Tensor:
        present, labels = rest
        output = functional_call(self._network, {**weights, **fixed}, (given, present))
        alignment = self._options.network.alignment * alignment_loss(output.correlation, labels)
        return functional.kl_div(output.log_shares, labels, reduction="batchmean") + alignment


def _network(training: LabelledWindows, settings: object, seed: int) -> HeLo:
    torch.manual_seed(seed)
    network = build_network(settings, training.shapes, len(training.emotions))
    set_normalisation(network, training)
    set_prior(network, training)
    return network


@torch.no_grad()
def _clip(weights: Sequence[Tensor]) -> None:
    """Cut each network's gradient to a length of 1, as the training of one network does."""
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    length = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0).sqrt()
    factor = (1 / (length + 1e-6)).clamp(max=1)
    for gradient in gradients:
        gradient.mul_(factor.view(-1, *[1] * (gradient.ndim - 1)))
