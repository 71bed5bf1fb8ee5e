"""Setting and shrinkage of a method, chosen on participants that neither the fit nor the test has seen."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows
from model.learning.baselines import Settings
from model.learning.fits import Fit, Seen
from model.learning.scores import scores

#: Shares of the departure from the mean label that are kept.
SHRINKAGES: Final = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)


class Choice(NamedTuple):
    """What was chosen for a tested part."""

    setting: str
    shrinkage: float


def choose(name: str, part: int, one: Seen, made: Mapping[Fit, Settings]) -> Choice:
    """Return the setting and shrinkage with the least KL a trial over the other parts.

    Each other part is estimated by a fit that has learned from neither it nor the tested part (leave one out, once
    more). Of two that are as good the one nearer to the mean label is taken.

    Parameters
    ----------
    name : str
        The method.
    part : int
        The tested part.
    one : Seen
        Data and plan as the method sees them.
    made : mapping
        Every fit's estimates.
    """
    rows: list[NDArray[np.intp]] = []
    priors: list[Float] = []
    estimates: dict[str, list[Float]] = {}
    for other in one.plan.others(part):
        left_out = tuple(sorted((part, other)))
        mine = one.plan.part[one.plan.left_out(left_out)] == other
        rows.append(one.plan.left_out((other,)))
        prior = one.windows.take(one.plan.training(left_out)).mean_label()
        priors.append(np.tile(prior, (int(mine.sum()), 1)))
        for setting, shares in made[Fit(name, left_out)].items():
            estimates.setdefault(setting, []).append(shares[mine])
    whole = {setting: np.concatenate(shares) for setting, shares in estimates.items()}
    windows, prior = one.windows.take(np.concatenate(rows)), np.concatenate(priors)
    found = {
        Choice(setting, shrinkage): trial_kl(windows, shrunk(shares, prior, shrinkage))
        for shrinkage in SHRINKAGES
        for setting, shares in whole.items()
    }
    return min(found, key=lambda choice: found[choice])


def shrunk(shares: Float, prior: Float, shrinkage: float) -> Float:
    """Return ``prior + shrinkage (shares - prior)``; both ``(n, n_emotions)``."""
    return np.asarray(prior + shrinkage * (shares - prior), np.float32)


def trial_kl(windows: LabelledWindows, shares: Float) -> float:
    """Return the KL of trials' mean estimates, averaged over each participant's trials, then over participants."""
    _, first, group, counts = np.unique(windows.groups(), return_index=True, return_inverse=True, return_counts=True)
    kl = scores(*(group_means(values, group, counts) for values in (windows.labels, shares)))["kl"]
    subject = windows.subject[first]
    return float(np.mean([kl[subject == name].mean() for name in np.unique(subject)]))


def group_means(values: Float, group: NDArray[np.intp], counts: NDArray[np.intp]) -> Float:
    """Return the mean of each group's rows ``(n_groups, n_emotions)``."""
    sums = np.zeros((len(counts), values.shape[1]), np.float64)
    np.add.at(sums, group, values)
    return np.asarray(sums / counts[:, None], np.float32)
