"""Where EEG channels lie on the head as seen from above, and what lies between them, for a map."""

import math
from functools import lru_cache
from typing import Final

import mne
import numpy as np

from pipeline.records import Array
from pipeline.signals.montage import FEWEST, canonical, positions
from pipeline.states import Scalp

#: Points of the map from ear to ear.
SIDE: Final = 32
#: Angle from the vertex (rad) at the map's rim: a little below the plane through Fpz, T7, Oz and T8.
RIM: Final = math.radians(105)
#: Through these lies the plane to whose middle angles refer, as in EEGLAB and in MNE's ``sphere="eeglab"``.
_AROUND: Final = ("fpz", "oz", "t7", "t8")


@lru_cache(maxsize=16)
def scalp(ch_names: tuple[str, ...], sources: tuple[str, ...], montage: str) -> Scalp:
    """Return the places of a model's channels, and the weights that make a map of their values.

    Places are the azimuthal projection that MNE's and EEGLAB's maps use; between them spherical splines (Perrin et al.,
    1989) interpolate, by `mne.io.Raw.interpolate_bads`.

    Parameters
    ----------
    ch_names : tuple of str
        Channels of the features; each has a place in the montage.
    sources : tuple of str
        Channels of the stream, which may have none.
    montage : str
        Name of one of MNE's montages.
    """
    known = positions(montage)
    around = [known[name] for name in _AROUND if name in known]
    middle = np.mean(around, axis=0) if len(around) == len(_AROUND) else np.zeros(3)
    at = np.array([known[canonical(name)] for name in ch_names])
    weights = _weights(at, middle) if len(ch_names) >= FEWEST else np.zeros((0, len(ch_names)), np.float32)
    named = tuple(map(canonical, sources))
    found = tuple(named.index(canonical(name)) if canonical(name) in named else -1 for name in ch_names)
    return Scalp(ch_names, named, found, _from_above(at - middle), SIDE, weights)


def _from_above(places: Array) -> Array:
    """Project places (m) so that the angle from the vertex is the distance from the map's middle."""
    x, y, z = places.T
    distance, azimuth = np.arctan2(np.hypot(x, y), z) / RIM, np.arctan2(y, x)
    return np.stack([distance * np.cos(azimuth), distance * np.sin(azimuth)], axis=1).astype(np.float32)


def _grid() -> Array:
    """Return the directions of the map's points, ``(SIDE * SIDE, 3)``, row by row from the front left."""
    edge = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    x, y = (axis.ravel() for axis in np.meshgrid(edge, -edge))
    # Points in the corners are drawn by nobody: they take the rim's values.
    angle, azimuth = np.minimum(np.hypot(x, y), 1.0) * RIM, np.arctan2(y, x)
    return np.stack([np.sin(angle) * np.cos(azimuth), np.sin(angle) * np.sin(azimuth), np.cos(angle)], axis=1)


def _weights(channels: Array, middle: Array) -> Array:
    """Return the matrix that makes the map's points from the channels, float32 ``(n_points, n_channels)``."""
    radius = np.linalg.norm(channels - middle, axis=1).mean()
    everywhere = np.concatenate([channels, middle + radius * _grid()])
    names = [str(number) for number in range(len(everywhere))]
    info = mne.create_info(names, sfreq=1.0, ch_types="eeg", verbose="ERROR")
    places = dict(zip(names, everywhere, strict=True))
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"))
    info["bads"] = names[len(channels) :]
    raw = mne.io.RawArray(np.eye(len(names), len(channels)), info, verbose="ERROR")
    filled = raw.interpolate_bads(reset_bads=False, origin=tuple(middle), verbose="ERROR").get_data()
    return np.ascontiguousarray(filled[len(channels) :], np.float32)
