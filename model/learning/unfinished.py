"""A training that was interrupted: kept after each epoch, gone on with to the same weights, bit for bit on a CPU."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from model.data.dataset import LabelledWindows
from model.learning.options import TrainOptions
from pipeline.errors import BadInput

if TYPE_CHECKING:
    from model.learning.train import Run

_ENTRY: Final = "helo-unfinished"


class Epoch(NamedTuple):
    """How an epoch ended."""

    number: int
    loss: float
    """Mean over its batches (nats)."""
    validation_kl: float
    """With the shrinkage that is best after it (nats)."""


@dataclass(frozen=True)
class Progress:
    """What a training has reached, beside the run itself."""

    best_epoch: int
    best_shrinkage: float
    best_kl: float
    history: tuple[Epoch, ...]
    best_weights: dict[str, Tensor]


def copy_weights(network: nn.Module) -> dict[str, Tensor]:
    """Return a copy of a network's state."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def content_key(training: LabelledWindows, validation: LabelledWindows, options: TrainOptions) -> str:
    """Return the name of all that a training depends on."""
    digest = hashlib.sha256(msgspec.json.encode(options))
    for windows in (training, validation):
        for name, array in windows.features.items():
            digest.update(name.encode() + array.tobytes())
        digest.update(windows.present.tobytes() + windows.labels.tobytes())
        digest.update("\n".join(windows.groups().tolist()).encode())
    return digest.hexdigest()


def keep(path: Path, key: str, run: "Run", progress: Progress) -> None:
    """Write a training as it is after an epoch; a kill leaves either this or the one before.

    Raises
    ------
    BadInput
        It cannot be written there.
    """
    state = run.optimiser.state_dict()
    tensors = {f"network.{name}": tensor for name, tensor in copy_weights(run.network).items()}
    tensors |= {f"best.{name}": tensor for name, tensor in progress.best_weights.items()}
    for number, values in state["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value.cpu().contiguous() for name, value in values.items()}
    tensors["random"] = torch.get_rng_state()
    told = {
        "key": key,
        "epoch": run.epoch,
        "best": [progress.best_epoch, progress.best_shrinkage, progress.best_kl],
        "history": progress.history,
        "groups": state["param_groups"],
        "schedule": run.schedule.state_dict(),
        "draws": run.rng.bit_generator.state,
    }
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: tensor.clone() for name, tensor in tensors.items()}, part, metadata={_ENTRY: json.dumps(told)})
        part.replace(path)
    except (OSError, SafetensorError) as error:
        raise BadInput(f"--out: {part}: cannot be written ({error}); make room, or give another place") from error


def restore(path: Path, key: str, run: "Run") -> Progress | None:
    """Bring a fresh run to where a kept one was, if that is of the same data and options.

    Raises
    ------
    BadInput
        The file is there but cannot be read.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {})[_ENTRY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise BadInput(f"{path}: cannot be read ({error!r}); remove it to train from the start") from error
    if told["key"] != key:
        return None
    run.network.load_state_dict(_under("network.", tensors))
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in _under("optimiser.", tensors).items():
        number, _, field = name.partition(".")
        state.setdefault(int(number), {})[field] = tensor
    run.optimiser.load_state_dict({"state": state, "param_groups": told["groups"]})
    run.schedule.load_state_dict(told["schedule"])
    run.rng.bit_generator.state = told["draws"]
    run.epoch = told["epoch"]
    torch.set_rng_state(tensors["random"])
    epoch, shrinkage, kl = told["best"]
    history = tuple(Epoch(*values) for values in told["history"])
    return Progress(epoch, shrinkage, kl, history, _under("best.", tensors))


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
