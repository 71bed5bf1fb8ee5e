"""Training: Kullback-Leibler divergence plus alignment, modality dropout, early stopping on other participants."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.data.dataset import Bool, Float, LabelledWindows
from model.learning.fit import set_normalisation, set_prior
from model.learning.options import TrainOptions
from model.learning.scores import scores
from model.network.build import build_network
from model.network.helo import HeLo, Output
from model.network.labels import alignment_loss
from model.network.released import ReleasedHeLo
from model.network.settings import NetworkSettings

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


def train_network(
    training: LabelledWindows,
    validation: LabelledWindows,
    options: TrainOptions,
    on_epoch: Callable[[int, float], None] = lambda _epoch, _kl: None,
) -> Trained:
    """Train a network.

    Parameters
    ----------
    training, validation : LabelledWindows
        Of different participants; the validation participants decide when to stop.
    options : TrainOptions
        Network, seed and optimisation.
    on_epoch : callable
        Called after each epoch with its number and the validation KL.

    Raises
    ------
    ValueError
        A participant is in both parts.
    """
    shared = set(training.subjects) & set(validation.subjects)
    if shared:
        raise ValueError(f"{', '.join(sorted(shared))} is in training and in validation")
    # One thread: these matrices are too small to share, and the same bits come out on any number of cores.
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    network = build_network(options.network, training.shapes, len(training.emotions)).to(options.device)
    set_normalisation(network, training)
    set_prior(network, training)
    optimiser = torch.optim.AdamW(network.parameters(), options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, options.decay)
    best = Trained(network, 0, 1.0, _validation_kl(validation, estimate(network, validation)))
    weights = _copy(network)
    for epoch in range(1, options.epochs + 1):
        _run_epoch(network, training, optimiser, options, rng)
        schedule.step()
        found = _validate(network, epoch, validation)
        on_epoch(epoch, found.validation_kl)
        if found.validation_kl < best.validation_kl - _LEAST_GAIN:
            best, weights = found, _copy(network)
        elif epoch - best.epochs >= options.patience:
            break
    network.load_state_dict(weights)
    if isinstance(network, HeLo):
        network.shrink(best.shrinkage)
    network.eval()
    return best


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
) -> None:
    network.train()
    size = options.windows_per_epoch
    order = rng.choice(len(training), size, replace=size > len(training), p=training.trial_weights())
    for start in range(0, size, options.batch):
        rows = order[start : start + options.batch]
        present = hide_modalities(training.present[rows], options.modality_dropout, rng)
        output = _forward(network, training, rows, present)
        labels = torch.from_numpy(training.labels[rows]).to(options.device)
        loss = _loss(output, labels, options.network)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT_NORM)
        optimiser.step()


def _loss(output: Output, labels: Tensor, settings: NetworkSettings) -> Tensor:
    divergence = functional.kl_div(output.log_shares, labels, reduction="batchmean")
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


def _copy(network: HeLo | ReleasedHeLo) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}
