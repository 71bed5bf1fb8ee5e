"""Evaluation: every method's estimates of whom it has not learned from, and their scores."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows
from model.learning.choose import Choice, choose, group_means, shrunk
from model.learning.fits import Fit, Seen, run_fits, seen
from model.learning.methods import method_of
from model.learning.options import TrainOptions
from model.learning.plan import Plan
from model.learning.scores import SCORES, Spread, bootstrap, scores

Scores = dict[str, Spread]
BASELINE = "mean-label"
_HELO = "helo"


class MethodScores(NamedTuple):
    """The scores of one method."""

    window: Scores
    trial: Scores
    difference_to_mean_label: Scores
    """A trial's score less that of the mean label, over the same participants."""
    difference_to_helo: Scores
    """The same, less that of HeLo; empty where HeLo was not evaluated, and for rows that cannot run live."""


class Evaluated(NamedTuple):
    """What came of an evaluation."""

    scores: dict[str, MethodScores]
    per_subject: dict[str, dict[str, NDArray[np.float64]]]
    """Method -> score -> each tested participant's mean over trials ``(n_subjects,)``."""
    choices: dict[str, list[Choice]]
    """Method -> what was chosen for each tested part."""
    tested: LabelledWindows


def evaluate(
    windows: LabelledWindows,
    methods: Sequence[str],
    plan: Plan,
    options: TrainOptions,
    *,
    kept: Path | None = None,
    on_fit: Callable[[str, bool], None] = lambda _method, _computed: None,
) -> Evaluated:
    """Estimate every tested part by every method, and score.

    Parameters
    ----------
    windows : LabelledWindows
        The data set.
    methods : sequence of str
        Names that `model.learning.methods.method_of` knows; the mean label is always computed.
    plan : Plan
        Who is tested, and by whom is learned.
    options : TrainOptions
        Of the networks.
    kept : Path, optional
        Folder of results by content; what is there is not computed again.
    on_fit : callable
        Told of each fit's method, and whether it was computed now.

    Raises
    ------
    BadInput
        A result cannot be kept.
    """
    names = list(dict.fromkeys([BASELINE, *methods]))
    data = {view: seen(windows, plan, view) for view in {method_of(name).view for name in names}}
    made = run_fits(fits_of(names, plan), data, options, kept, on_fit)
    rows = plan.left_out(plan.tested)
    estimates = {}
    choices: dict[str, list[Choice]] = {}
    for name in names:
        choices[name], whole = _estimates(name, plan, data[method_of(name).view], made)
        estimates[name] = whole[rows]
    tested = windows.take(rows)
    by_trial = {name: subject_scores(tested, found, by_trial=True) for name, found in estimates.items()}
    table = {name: _method_scores(name, tested, estimates[name], by_trial) for name in methods}
    return Evaluated(table, by_trial, {name: choices[name] for name in methods}, tested)


def fits_of(names: Sequence[str], plan: Plan) -> list[Fit]:
    """Return every fit that methods need, each once.

    A fit without parts i and j serves the choice for i, with j, and that for j, with i.
    """
    fits = []
    for name in names:
        method = method_of(name)
        fits += [Fit(name, (part,)) for part in plan.tested]
        if method.tuned:
            fits += [Fit(method.tuned_as or name, pair) for pair in plan.pairs()]
    return list(dict.fromkeys(fits))


def _estimates(name: str, plan: Plan, one: Seen, made: dict[Fit, dict[str, Float]]) -> tuple[list[Choice], Float]:
    """Return what was chosen for each tested part, and estimates for all windows; zeros where none was asked for."""
    method = method_of(name)
    found = np.zeros_like(one.windows.labels)
    choices = []
    for part in plan.tested:
        settings = made[Fit(name, (part,))]
        chosen = choose(method.tuned_as or name, part, one, made) if method.tuned else Choice("", 1.0)
        prior = one.windows.take(one.plan.training((part,))).mean_label()
        found[one.plan.left_out((part,))] = shrunk(settings[chosen.setting], prior, chosen.shrinkage)
        choices.append(chosen)
    return choices, found[one.row]


def split_validation(subjects: Sequence[str], seed: int, share: float = 0.2) -> tuple[list[str], list[str]]:
    """Split participants into training and validation (at least one each).

    Raises
    ------
    ValueError
        There are fewer than two.
    """
    if len(subjects) < 2:
        raise ValueError("at least two participants are needed, one of them for validation")
    order = np.random.default_rng(seed).permutation(len(subjects))
    n_validation = min(max(1, round(share * len(subjects))), len(subjects) - 1)
    chosen = set(order[:n_validation].tolist())
    return (
        [subject for i, subject in enumerate(subjects) if i not in chosen],
        [subject for i, subject in enumerate(subjects) if i in chosen],
    )


def subject_scores(windows: LabelledWindows, estimates: Float, *, by_trial: bool) -> dict[str, NDArray[np.float64]]:
    """Return each participant's mean score, ``(n_subjects,)`` for each score; every trial weighs the same.

    Parameters
    ----------
    windows : LabelledWindows
        With the labels.
    estimates : ndarray
        ``(n_windows, n_emotions)``.
    by_trial : bool
        Score the mean of a trial's estimates against the mean of its labels, instead of every window.
    """
    _, first, group, counts = np.unique(windows.groups(), return_index=True, return_inverse=True, return_counts=True)
    subject = windows.subject[first]
    if by_trial:
        each = scores(*(group_means(values, group, counts) for values in (windows.labels, estimates)))
    else:
        each = {
            score: np.bincount(group, values) / counts for score, values in scores(windows.labels, estimates).items()
        }
    return {
        score: np.array([values[subject == name].mean() for name in windows.subjects]) for score, values in each.items()
    }


def _method_scores(
    name: str, windows: LabelledWindows, estimates: Float, by_trial: Mapping[str, dict[str, NDArray[np.float64]]]
) -> MethodScores:
    own, by_window = by_trial[name], subject_scores(windows, estimates, by_trial=False)
    less_than = {
        other: {score: bootstrap(own[score] - by_trial[other][score]) for score in SCORES}
        for other in (BASELINE, _HELO)
        if other in by_trial
    }
    compared = name != _HELO and "@" not in name
    return MethodScores(
        {score: bootstrap(by_window[score]) for score in SCORES},
        {score: bootstrap(own[score]) for score in SCORES},
        less_than[BASELINE],
        less_than.get(_HELO, {}) if compared else {},
    )
