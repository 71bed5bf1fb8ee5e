"""The methods that an evaluation compares, by their names in tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, TypeAlias

import numpy as np

from model.data.dataset import LabelledWindows
from model.data.normalized import by_session
from model.data.pooling import whole_trials
from model.learning.baselines import Settings, condition, mean_label, nearest_neighbours, ridge
from model.learning.ldl import ALGORITHMS, label_distribution
from model.learning.networks import trained
from model.learning.options import TrainOptions
from model.network.settings import KINDS
from pipeline.errors import BadInput

#: Learn from the first windows, estimate the second: for every setting that could be chosen, distributions
#: ``(n_test, n_emotions)``.
Fit: TypeAlias = Callable[[LabelledWindows, LabelledWindows, TrainOptions], Settings]
#: How features are made comparable between people: by the past alone, by the whole session, or that and one window a
#: trial. Only the first can run live.
View = Literal["causal", "session", "trial"]

_DATA: Final = "model/data/dataset.py"
_NETWORK: Final = (
    "model/network",
    "model/learning/networks.py",
    "model/learning/train.py",
    "model/learning/fit.py",
    _DATA,
)
_BASELINE: Final = ("model/learning/baselines.py", "model/learning/inputs.py", _DATA)


@dataclass(frozen=True)
class Method:
    """One row of a table."""

    fit: Fit
    sources: tuple[str, ...]
    """Files and folders of the program that decide what comes out."""
    tuned: bool = True
    """Whether there is anything to choose: a setting, or how far to shrink towards the mean label."""
    tuned_as: str = ""
    """An ablation takes the choices of this method."""
    takes: tuple[str, ...] = ()
    """Modalities that it sees; all when empty."""
    view: View = "causal"


def _ablation(**changes: object) -> Method:
    return Method(partial(trained, changes=changes), _NETWORK, tuned_as="helo")


_HELO: Final = Method(partial(trained, changes={}), _NETWORK)
_CONDITION: Final = Method(condition, _BASELINE)
_PHYSIOLOGY: Final = tuple(name for name, kind in KINDS.items() if kind == "physiological")

#: Every method by its name; ``@session`` and ``@trial`` may follow each.
METHODS: Final[Mapping[str, Method]] = {
    "helo": _HELO,
    "released": Method(partial(trained, changes={"variant": "released"}), _NETWORK),
    "mean-label": Method(mean_label, _BASELINE, tuned=False),
    "knn": Method(nearest_neighbours, _BASELINE),
    "ridge": Method(ridge, _BASELINE),
    "condition": _CONDITION,
    **{name: Method(partial(label_distribution, name), (*_BASELINE, "model/learning/ldl.py")) for name in ALGORITHMS},
    "helo/no-cross-attention": _ablation(cross_attention=False),
    "helo/no-transport": _ablation(transport="none"),
    "helo/no-label-embedding": _ablation(label_embedding=False),
    "helo/no-alignment": _ablation(alignment=0.0),
    "helo/no-correlation": _ablation(correlation=False),
    "helo/only-motion": replace(_HELO, takes=("Motion",)),
    "helo/only-physiology": replace(_HELO, takes=_PHYSIOLOGY),
    "condition/only-motion": replace(_CONDITION, takes=("Motion",)),
    "condition/only-physiology": replace(_CONDITION, takes=_PHYSIOLOGY),
}
#: Rows that cannot run live, as they stand in the whole table.
NOT_LIVE: Final = ("helo@session", "ridge@session", "condition@session", "ridge@trial", "condition@trial")
_VIEWS: Final[dict[str, View]] = {"": "causal", "session": "session", "trial": "trial"}


def method_of(name: str) -> Method:
    """Return a method by its name in tables.

    Raises
    ------
    BadInput
        There is no such method.
    """
    base, _, view = name.partition("@")
    if base not in METHODS or view not in _VIEWS or name.endswith("@"):
        raise BadInput(
            f"--methods: {name} is not known; give some of {', '.join(METHODS)}; @session or @trial may follow each"
        )
    method = METHODS[base]
    own = f"{method.tuned_as}@{view}" if method.tuned_as and view else method.tuned_as
    return replace(method, view=_VIEWS[view], tuned_as=own)


def fault(name: str, windows: LabelledWindows, *, splits_trials: bool) -> str:
    """Say why a method cannot be had of a data set, or return an empty text.

    Parameters
    ----------
    name : str
        The method's.
    windows : LabelledWindows
        The data set.
    splits_trials : bool
        Whether the protocol puts windows of one trial into training and test.
    """
    method = method_of(name)
    sides = {KINDS[modality] for modality in windows.features}
    if method.takes and not set(method.takes) & set(windows.features):
        return f"{name} takes {', '.join(method.takes)}, of which the data have none"
    if name.startswith("released") and len(sides) < 2:
        return f"{name} takes a physiological and a behavioural modality, and the data have one side only"
    if method.view == "trial" and splits_trials:
        return f"{name} has one window a trial, which the protocol splits"
    return ""


def whole_table(windows: LabelledWindows, *, splits_trials: bool) -> list[str]:
    """Return the names of all rows that a data set can have."""
    return [name for name in (*METHODS, *NOT_LIVE) if not fault(name, windows, splits_trials=splits_trials)]


def restricted(windows: LabelledWindows, modalities: Sequence[str]) -> LabelledWindows:
    """Return windows with some of their modalities only; all of them when none is named."""
    if not modalities:
        return windows
    kept = [name for name in windows.features if name in modalities]
    columns = [list(windows.features).index(name) for name in kept]
    return replace(
        windows,
        features={name: windows.features[name] for name in kept},
        present=np.ascontiguousarray(windows.present[:, columns]),
        eeg_channels=windows.eeg_channels if "EEG" in kept else (),
    )


def viewed(windows: LabelledWindows, view: View) -> LabelledWindows:
    """Return windows as a view has them."""
    if view == "causal":
        return windows
    standardised = by_session(windows)
    return whole_trials(standardised) if view == "trial" else standardised
