"""Evaluation across participants: folds, scores a window and a trial, differences to the mean label."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.data.dataset import Float, LabelledWindows
from model.learning.methods import METHODS
from model.learning.options import TrainOptions
from model.learning.scores import SCORES, Spread, bootstrap, scores

Scores = dict[str, Spread]


class Fold(NamedTuple):
    """Which participants play which part; none plays two."""

    training: list[str]
    validation: list[str]
    test: list[str]


class MethodScores(NamedTuple):
    """The scores of one method."""

    window: Scores
    trial: Scores
    difference_to_mean_label: Scores
    """A trial's score less that of the mean label, over the same participants."""


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


def folds(subjects: Sequence[str], n_folds: int, seed: int) -> Iterator[Fold]:
    """Yield folds in which each participant is tested once.

    Parameters
    ----------
    subjects : sequence of str
        At least three.
    n_folds : int
        As many as participants: leave one out; fewer: leave several out.
    seed : int
        Of the shuffling, and of the choice of validation participants.
    """
    shuffled = [subjects[i] for i in np.random.default_rng(seed).permutation(len(subjects))]
    for number in range(n_folds):
        test = shuffled[number::n_folds]
        training, validation = split_validation([s for s in subjects if s not in test], seed + number)
        yield Fold(training, validation, test)


def evaluate(
    windows: LabelledWindows,
    methods: Sequence[str],
    plan: Sequence[Fold],
    options: TrainOptions,
    on_step: Callable[[str], None] = lambda _what: None,
) -> dict[str, MethodScores]:
    """Estimate every test participant of every fold by every method, and score.

    Parameters
    ----------
    windows : LabelledWindows
        The data set.
    methods : sequence of str
        Names from `model.learning.methods.METHODS`; ``mean-label`` is always computed.
    plan : sequence of Fold
        Folds; a participant is tested at most once.
    options : TrainOptions
        Of the networks; fold k uses seed + k.
    on_step : callable
        Called with the method's name after each fold of each method.
    """
    names = list(dict.fromkeys(["mean-label", *methods]))
    tested = windows.of([subject for fold in plan for subject in fold.test])
    estimates = {name: np.zeros_like(tested.labels) for name in names}
    for number, fold in enumerate(plan):
        chosen = np.isin(tested.subject, fold.test)
        parts = windows.of(fold.training), windows.of(fold.validation), tested.take(chosen)
        fold_options = msgspec.structs.replace(options, seed=options.seed + number)
        for name in names:
            estimates[name][chosen] = METHODS[name](*parts, fold_options)
            on_step(name)
    baseline = subject_scores(tested, estimates["mean-label"], by_trial=True)
    return {name: _method_scores(tested, estimates[name], baseline) for name in names if name in methods}


def subject_scores(windows: LabelledWindows, estimates: Float, *, by_trial: bool) -> dict[str, NDArray[np.float64]]:
    """Return each participant's mean score, ``(n_subjects,)`` for each score.

    Parameters
    ----------
    windows : LabelledWindows
        With the labels.
    estimates : ndarray
        ``(n_windows, n_emotions)``.
    by_trial : bool
        Score the mean of a trial's estimates against the mean of its labels, instead of every window.
    """
    labels, shown, subject = windows.labels, estimates, windows.subject
    if by_trial:
        _, first, group, counts = np.unique(
            windows.groups(), return_index=True, return_inverse=True, return_counts=True
        )
        labels, shown = (_group_means(values, group, counts) for values in (labels, estimates))
        subject = subject[first]
    each = scores(labels, shown)
    return {
        score: np.array([values[subject == name].mean() for name in windows.subjects]) for score, values in each.items()
    }


def _method_scores(
    windows: LabelledWindows, estimates: Float, baseline: dict[str, NDArray[np.float64]]
) -> MethodScores:
    by_window = subject_scores(windows, estimates, by_trial=False)
    by_trial = subject_scores(windows, estimates, by_trial=True)
    return MethodScores(
        {score: bootstrap(by_window[score]) for score in SCORES},
        {score: bootstrap(by_trial[score]) for score in SCORES},
        {score: bootstrap(by_trial[score] - baseline[score]) for score in SCORES},
    )


def _group_means(values: Float, group: NDArray[np.intp], counts: NDArray[np.intp]) -> Float:
    sums = np.zeros((len(counts), values.shape[1]), np.float64)
    np.add.at(sums, group, values)
    return np.asarray(sums / counts[:, None], np.float32)
