"""Training: Kullback-Leibler divergence plus alignment, modality dropout, early stopping on other participants."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.data.dataset import Bool, Float, LabelledWindows
from model.learning.fit import set_normalisation, set_prior
from model.learning.options import TrainOptions
from model.learning.scores import scores
from model.learning.unfinished import Epoch, Progress, content_key, copy_weights, keep, restore
from model.network.build import build_network
from model.network.helo import HeLo, Output
from model.network.labels import alignment_loss
from model.network.released import ReleasedHeLo
from model.network.settings import NetworkSettings
from pipeline.errors import BadInput

_GRADIENT_NORM = 1.0
_INFERENCE_BATCH = 256
#: An epoch is better only if it lowers the validation KL by more than this (nats): rounding is no progress.
_LEAST_GAIN = 1e-5
#: Factors of the departure from the prior that are tried after each epoch.
_SHRINKAGES = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Trained:
    """A network, at the epoch that estimated the validation participants best."""

    network: HeLo | ReleasedHeLo
    epochs: int
    """That epoch; 0 is the untrained network."""
    shrinkage: float
    """Factor of the estimates' departure from the prior that was best on the validation participants."""
    validation_kl: float
    """Mean over the validation participants, each weighing the same (nats)."""
    history: tuple[Epoch, ...] = ()
    """All epochs, the ones after the best included."""


class Run:
    """A training under way: a fresh network and all that its next epoch depends on.

    Parameters
    ----------
    training : LabelledWindows
        What is learned from.
    options : TrainOptions
        Network, seed and optimisation.

    Attributes
    ----------
    network : HeLo or ReleasedHeLo
        As it is after `epoch` epochs.
    epoch : int
        Epochs done.
    """

    def __init__(self, training: LabelledWindows, options: TrainOptions) -> None:
        # One thread: these matrices are too small to share, and the same bits come out on any number of cores.
        torch.set_num_threads(1)
        torch.manual_seed(options.seed)
        self.epoch = 0
        self._training, self._options = training, options
        self.rng = np.random.default_rng(options.seed)
        self.network = build_network(options.network, training.shapes, len(training.emotions)).to(options.device)
        set_normalisation(self.network, training)
        set_prior(self.network, training)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), options.learning_rate, weight_decay=options.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.optimiser, options.decay)

    def step(self) -> float:
        """Train for one epoch; return its mean loss (nats)."""
        loss = _run_epoch(self.network, self._training, self.optimiser, self._options, self.rng)
        self.schedule.step()
        self.epoch += 1
        return loss


def train_network(
    training: LabelledWindows,
    validation: LabelledWindows,
    options: TrainOptions,
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None,
    unfinished: Path | None = None,
) -> Trained:
    """Train a network.

    Parameters
    ----------
    training, validation : LabelledWindows
        Of different participants; the validation participants decide when to stop.
    options : TrainOptions
        Network, seed and optimisation.
    on_epoch : callable
        Called after each epoch.
    unfinished : Path, optional
        Where the training is kept after each epoch. One that is there, of the same data and options, is gone on with,
        to the same weights; it is removed at the end.

    Raises
    ------
    BadInput
        The data have no finite estimate: no epoch could be better than that.
    ValueError
        A participant is in both parts.
    """
    shared = set(training.subjects) & set(validation.subjects)
    if shared:
        raise ValueError(f"{', '.join(sorted(shared))} is in training and in validation")
    run = Run(training, options)
    best = Trained(run.network, 0, 1.0, _validation_kl(validation, estimate(run.network, validation)))
    state = Progress(best.epochs, best.shrinkage, best.validation_kl, (), copy_weights(run.network))
    key = content_key(training, validation, options) if unfinished else ""
    if unfinished is not None:
        state = restore(unfinished, key, run) or state
    if not math.isfinite(state.best_kl):
        raise BadInput(
            f"--data: the validation KL is {state.best_kl} before training has begun, so a feature or a label is no "
            "finite number; correct the data"
        )
    while run.epoch < options.epochs and run.epoch - state.best_epoch < options.patience:
        loss = run.step()
        found = _validate(run.network, run.epoch, validation)
        epoch = Epoch(run.epoch, loss, found.validation_kl)
        state = replace(state, history=(*state.history, epoch))
        if found.validation_kl < state.best_kl - _LEAST_GAIN:
            state = Progress(run.epoch, found.shrinkage, found.validation_kl, state.history, copy_weights(run.network))
        if unfinished is not None:
            keep(unfinished, key, run, state)
        on_epoch(epoch)
    run.network.load_state_dict(state.best_weights)
    if isinstance(run.network, HeLo):
        run.network.shrink(state.best_shrinkage)
    run.network.eval()
    if unfinished is not None:
        unfinished.unlink(missing_ok=True)
    return Trained(run.network, state.best_epoch, state.best_shrinkage, state.best_kl, state.history)


def estimate(network: HeLo | ReleasedHeLo, windows: LabelledWindows, present: Bool | None = None) -> Float:
    """Return a network's distributions for windows ``(n_windows, n_emotions)``.

    Parameters
    ----------
    network : HeLo or ReleasedHeLo
        Is set to evaluation.
    windows : LabelledWindows
        Its labels are not looked at.
    present : ndarray, optional
        Instead of the windows' own, ``(n_windows, n_modalities)``.
    """
    network.eval()
    present = windows.present if present is None else present
    parts = []
    with torch.inference_mode():
        for start in range(0, len(windows), _INFERENCE_BATCH):
            rows = np.arange(start, min(start + _INFERENCE_BATCH, len(windows)))
            parts.append(_forward(network, windows, rows, present[rows]).log_shares.exp())
    return np.asarray(torch.cat(parts).cpu().numpy())


def hide_modalities(present: Bool, probability: float, rng: np.random.Generator) -> Bool:
    """Hide each present modality with a probability; a row that had one keeps at least one.

    Parameters
    ----------
    present : ndarray
        ``(n, n_modalities)``, bool; left as it is.
    probability : float
        Of hiding one.
    rng : Generator
        Of the draws.
    """
    drawn = np.where(present, rng.random(present.shape), np.inf)
    kept = present & (drawn >= probability)
    # The one with the largest draw stays where all would go.
    last = np.where(present, drawn, -np.inf).argmax(1)
    lost = present.any(1) & ~kept.any(1)
    kept[lost, last[lost]] = True
    return kept


def _run_epoch(
    network: HeLo | ReleasedHeLo,
    training: LabelledWindows,
    optimiser: torch.optim.Optimizer,
    options: TrainOptions,
    rng: np.random.Generator,
) -> float:
    network.train()
    losses = []
    size = min(options.windows_per_epoch, len(training))
    # With all windows drawn once each, trials would weigh as much as they are long.
    order = rng.choice(len(training), size, replace=size == len(training), p=training.trial_weights())
    for start in range(0, size, options.batch):
        rows = order[start : start + options.batch]
        present = hide_modalities(training.present[rows], options.modality_dropout, rng)
        # On a GPU in mixed precision; the head's shares, and so the loss, are in full.
        with torch.autocast("cuda", torch.bfloat16, enabled=options.device.startswith("cuda")):
            output = _forward(network, training, rows, present)
        labels = torch.from_numpy(training.labels[rows]).to(options.device)
        loss = _loss(output, labels, options.network)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_NORM)
        optimiser.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _loss(output: Output, labels: Tensor, settings: NetworkSettings) -> Tensor:
    divergence = functional.kl_div(output.log_shares.float(), labels, reduction="batchmean")
    loss = divergence + settings.alignment * alignment_loss(output.correlation, labels)
    return loss if output.transport_cost is None else loss + settings.transport_loss * output.transport_cost.mean()


def _forward(network: HeLo | ReleasedHeLo, windows: LabelledWindows, rows: NDArray[np.intp], present: Bool) -> Output:
    device = next(network.parameters()).device
    features = {name: torch.from_numpy(array[rows]).to(device) for name, array in windows.features.items()}
    output: Output = network(features, torch.from_numpy(present).to(device))
    return output


def _validate(network: HeLo | ReleasedHeLo, epoch: int, validation: LabelledWindows) -> Trained:
    """Return the network with the best shrinkage for the validation participants; the release knows none."""
    shares = estimate(network, validation)
    if not isinstance(network, HeLo):
        return Trained(network, epoch, 1.0, _validation_kl(validation, shares))
    prior = network.departure.log_prior.exp().cpu().numpy()
    scored = {factor: _validation_kl(validation, shrunk(shares, prior, factor)) for factor in _SHRINKAGES}
    best = min(scored, key=lambda factor: scored[factor])
    return Trained(network, epoch, best, scored[best])


def shrunk(shares: Float, prior: Float, factor: float) -> Float:
    """Return distributions ``(n, n_emotions)`` whose log-ratios to the prior are multiplied by a factor."""
    powers = prior * (shares / prior) ** factor
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float32)


def _validation_kl(validation: LabelledWindows, shares: Float) -> float:
    kl = scores(validation.labels, shares)["kl"]
    return float(np.mean([kl[validation.subject == subject].mean() for subject in validation.subjects]))
