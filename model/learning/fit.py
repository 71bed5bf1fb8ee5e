"""What a network takes from its training participants before the first step: normalisation and prior."""

import numpy as np
import torch

from model.data.dataset import LabelledWindows
from model.learning.scores import SMALLEST
from model.network.helo import HeLo
from model.network.released import ReleasedHeLo

#: A feature that varies less than this over the training participants is not blown up.
_SMALLEST_SCALE = 1e-3


def set_normalisation(network: HeLo | ReleasedHeLo, windows: LabelledWindows) -> None:
    """Set centre and scale of every feature to its mean and standard deviation over the windows that have it."""
    for column, (name, array) in enumerate(windows.features.items()):
        there = array[windows.present[:, column]].astype(np.float64)
        if not len(there):
            continue
        centre, scale = there.mean(0), np.maximum(there.std(0), _SMALLEST_SCALE)
        state = {"centre": torch.tensor(centre, dtype=torch.float32), "scale": torch.tensor(scale, dtype=torch.float32)}
        network.normalisation[name].load_state_dict(state)


def set_prior(network: HeLo | ReleasedHeLo, windows: LabelledWindows) -> None:
    """Set the prior of a network that has one to the windows' mean label.

    An emotion that nobody has felt gets the share at which scores cut, so that the untrained network scores as the mean
    label does.
    """
    if isinstance(network, HeLo):
        prior = torch.from_numpy(windows.mean_label()).clamp_min(SMALLEST)
        network.departure.load_state_dict({"log_prior": prior.log()})
