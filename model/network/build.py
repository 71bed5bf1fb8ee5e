"""From settings to a network."""

from collections.abc import Mapping

from model.network.helo import HeLo
from model.network.released import ReleasedHeLo
from model.network.settings import NetworkSettings


def build_network(
    settings: NetworkSettings, shapes: Mapping[str, tuple[int, ...]], n_emotions: int
) -> HeLo | ReleasedHeLo:
    """Return the network that the settings describe, with fresh weights drawn from torch's generator.

    Parameters
    ----------
    settings : NetworkSettings
        Variant, sizes and switches.
    shapes : mapping of str to tuple of int
        Modality -> shape of its features.
    n_emotions : int
        Number of emotions.
    """
    network = HeLo if settings.variant == "helo" else ReleasedHeLo
    return network(settings, shapes, n_emotions)
