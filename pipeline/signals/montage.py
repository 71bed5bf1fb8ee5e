"""Match a cap's channels to the model's, and interpolate those that are missing or bad."""

import re
from typing import Final

import mne
import numpy as np

from pipeline.errors import BadInput
from pipeline.records import Array

#: Names of the older 10-20 system and their successors.
SYNONYMS: Final = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}

#: Earlobes and mastoids: references rather than scalp.
REFERENCES: Final = frozenset({"a1", "a2", "m1", "m2"})

#: Fewest good channels from which others are interpolated.
FEWEST: Final = 4

_PATTERNS_KEPT: Final = 256


def canonical(name: str) -> str:
    """Return a channel's name as the 10-20 system has it, in lower case.

    Takes off ``EEG`` before it and a reference (``-REF``, ``-LE``, ``-A1``, ...) or dots after it, and replaces
    T3, T4, T5 and T6 by T7, T8, P7 and P8.
    """
    plain = re.sub(r"^eeg[\s_-]+", "", name.strip().casefold())
    plain = re.sub(r"[\s_-]+(ref|le|re|avg|av|a1|a2|m1|m2|a1a2|m1m2)$", "", plain).strip(" .")
    return SYNONYMS.get(plain, plain)


class Montage:
    """Where the model's channels come from.

    Parameters
    ----------
    ch_names : tuple of str
        The stream's channels.
    model : tuple of str
        The model's channels, in its order.
    montage : str
        Name of one of MNE's montages; ``standard_1020`` and its like also under the names they had.

    Attributes
    ----------
    picks : list of int
        The stream's channels that have a place on the scalp: they are the sources.
    sources : tuple of str
        Their names, as the stream has them.
    missing : tuple of str
        The model's channels that the stream lacks.
    ignored : tuple of str
        The stream's channels that are no place on the scalp.
    order : Array
        For each of the model's channels its place among the sources, -1 where missing.

    Raises
    ------
    BadInput
        The montage is not known, lacks a channel of the model, or less than half of the model's channels are there.
    """

    def __init__(self, ch_names: tuple[str, ...], model: tuple[str, ...], montage: str) -> None:
        known = positions(montage)
        lacking = [name for name in model if canonical(name) not in known]
        if lacking:
            raise BadInput(f"montage: {montage} has no place for the model's {', '.join(lacking)}; use standard_1020")
        names = [canonical(name) for name in ch_names]
        # Of two channels with one place, the first counts.
        self.picks = [i for i, name in enumerate(names) if name in known and name not in names[:i]]
        self.sources = tuple(ch_names[i] for i in self.picks)
        self.ignored = tuple(name for i, name in enumerate(ch_names) if i not in self.picks)
        found = [names[i] for i in self.picks]
        self.order = np.array([found.index(canonical(name)) if canonical(name) in found else -1 for name in model])
        self.missing = tuple(name for name, place in zip(model, self.order, strict=True) if place < 0)
        if 2 * len(self.missing) > len(model):
            raise BadInput(
                f"channels: only {len(model) - len(self.missing)} of the model's {len(model)} EEG channels are in the "
                f"stream ({', '.join(self.missing)} are not); at least half are needed: rename them by "
                "`channels: {name in the stream: Fp1}`"
            )
        self._places = found, [canonical(name) for name in model], known
        self._weights: dict[frozenset[int], Array] = {}

    def notices(self) -> tuple[str, ...]:
        """Return what the operator should know, one sentence each."""
        said = []
        if self.missing:
            said.append(f"EEG: {', '.join(self.missing)} not in the stream; interpolated from the other channels.")
        if self.ignored:
            said.append(f"EEG: {', '.join(self.ignored)} not on the scalp; ignored.")
        return tuple(said)

    def weights(self, bad: frozenset[int]) -> Array:
        """Return the matrix that makes the model's channels from the sources.

        Spherical splines (Perrin et al., 1989) by `mne.io.Raw.interpolate_bads` for channels that are missing or bad;
        with fewer than `FEWEST` good sources the others become 0.

        Parameters
        ----------
        bad : frozenset of int
            Sources that are not to be used.

        Returns
        -------
        weights : Array
            float32 ``(n_model, n_sources)``; columns of bad sources are 0.
        """
        if bad not in self._weights:
            if len(self._weights) >= _PATTERNS_KEPT:
                self._weights.clear()
            self._weights[bad] = self._spline(bad)
        return self._weights[bad]

    def _spline(self, bad: frozenset[int]) -> Array:
        sources, model, known = self._places
        n_good = len(sources) - len(bad)
        names = sources + [name for name in model if name not in sources]
        unit = np.eye(len(names), len(sources))
        unit[:, sorted(bad)] = 0.0
        wanted = [name for i, name in enumerate(names) if i >= len(sources) or i in bad]
        if wanted and n_good >= FEWEST:
            info = mne.create_info(names, sfreq=1.0, ch_types="eeg", verbose="ERROR")
            info.set_montage(mne.channels.make_dig_montage({name: known[name] for name in names}, coord_frame="head"))
            info["bads"] = wanted
            raw = mne.io.RawArray(unit, info, verbose="ERROR")
            unit = raw.interpolate_bads(reset_bads=False, origin=(0.0, 0.0, 0.04), verbose="ERROR").get_data()
        return np.ascontiguousarray(unit[[names.index(name) for name in model]], np.float32)


def positions(montage: str) -> dict[str, Array]:
    """Return the places (m, head coordinates) of a montage's channels by canonical name."""
    known = mne.channels.get_builtin_montages()
    name = montage.replace("standard_", "colin27_")
    if name not in known:
        raise BadInput(f"montage: {montage!r} is not known; use standard_1020 or one of {', '.join(known)}")
    info = mne.create_info(list(mne.channels.make_standard_montage(name).ch_names), 1.0, "eeg", verbose="ERROR")
    info.set_montage(name)
    places: dict[str, Array] = {}
    for channel in info["chs"]:
        place = canonical(channel["ch_name"])
        if place not in REFERENCES:
            places.setdefault(place, channel["loc"][:3].copy())
    return places
