"""HeLo, its ablations and the release as methods of an evaluation."""

from typing import Final

import msgspec

from model.data.dataset import LabelledWindows
from model.learning.baselines import Settings
from model.learning.options import TrainOptions
from model.learning.train import Run, estimate

#: Numbers of epochs after which training may end.
_EPOCHS: Final = (1, 2, 4, 8, 12, 16, 24, 32, 48)


def trained(
    training: LabelledWindows, test: LabelledWindows, options: TrainOptions, changes: dict[str, object]
) -> Settings:
    """Train a network, and estimate with it as it is after each number of epochs that could be chosen.

    Parameters
    ----------
    training, test : LabelledWindows
        To learn from, and to estimate.
    options : TrainOptions
        Network, seed and optimisation.
    changes : dict
        Settings of the network that differ from the options'.
    """
    settings = msgspec.structs.replace(options.network, **changes)
    run = Run(training, msgspec.structs.replace(options, network=settings))
    made: Settings = {}
    while run.epoch < options.epochs:
        run.step()
        if run.epoch in _EPOCHS or run.epoch == options.epochs:
            made[f"{run.epoch} epochs"] = estimate(run.network, test)
    return made
