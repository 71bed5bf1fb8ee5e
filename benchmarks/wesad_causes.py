"""Why HeLo is behind ridge on WESAD: models between the two, each with one thing changed.

Linear models tell the loss from the features; small networks, with ``--networks``, tell these from chance (the seed).
Each participant is left out in turn; epochs or penalty, and shrinkage, are chosen without that one, as `helo evaluate`
does. Printed is a trial's KL less the mean label's.

Run: python -m benchmarks.wesad_causes --data DIR [--networks]
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.many_networks import ManyNetworks, Student
from model.data.dataset import LabelledWindows
from model.data.pooling import pooled
from model.data.wesad import read_wesad
from model.learning.baselines import Settings, ridge
from model.learning.choose import choose, shrunk
from model.learning.evaluate import subject_scores
from model.learning.fits import Fit, seen
from model.learning.inputs import Halves, balanced, vectors
from model.learning.options import TrainOptions
from model.learning.plan import Plan, make_plan
from model.learning.scores import bootstrap
from model.network.settings import NetworkSettings

Learner = Callable[[LabelledWindows, LabelledWindows], Settings]
Made = dict[Fit, Settings]
_PENALTIES = (10.0, 100.0, 1e3, 1e4, 1e5)
_EPOCHS = (4, 8, 16, 24, 36, 48)
_SEEDS = (0, 1, 2)
#: Steps of an epoch: as many windows as seven participants have.
_STEPS = 9


def main() -> None:
    """Print one JSON object for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", action="store_true")
    options = parser.parse_args()
    windows = pooled(read_wesad(options.data, lambda: None), 60.0, 30.0)
    plan = make_plan(windows, "loso", None, 0)
    for name, learner in LINEAR.items():
        made = {
            Fit("", out): learner(windows.take(plan.training(out)), windows.take(plan.left_out(out)))
            for out in _fits(plan)
        }
        _say(name, windows, plan, made)
    for name, (relative, how) in (NETWORKS if options.networks else {}).items():
        for of, made in _networks(_relative(windows) if relative else windows, plan, how):
            _say(f"{name}, {of}", windows, plan, made)


def _fits(plan: Plan) -> list[tuple[int, ...]]:
    return [*((part,) for part in plan.tested), *plan.pairs()]


def _say(name: str, windows: LabelledWindows, plan: Plan, made: Made) -> None:
    found, constant = np.zeros_like(windows.labels), np.zeros_like(windows.labels)
    chosen = []
    for part in plan.tested:
        rows, prior = plan.left_out((part,)), windows.take(plan.training((part,))).mean_label()
        choice = choose("", part, seen(windows, plan, "causal"), made)
        found[rows] = shrunk(made[Fit("", (part,))][choice.setting], prior, choice.shrinkage)
        constant[rows] = prior
        chosen.append(f"{choice.setting} x {choice.shrinkage:g}")
    kl, base = (subject_scores(windows, shares, by_trial=True)["kl"] for shares in (found, constant))
    spread = {key: round(value, 4) for key, value in bootstrap(kl - base)._asdict().items()}
    print(json.dumps({"model": name, **spread, "chosen": chosen}), flush=True)


def _by_divergence(training: LabelledWindows, test: LabelledWindows, halves: Halves) -> Settings:
    """Fit a softmax of linear functions by the windows' KL, as HeLo is, with ridge's penalty on squared weights."""
    chosen = balanced(training)
    inputs = vectors(chosen, test, halves)
    x, unseen = (side - inputs.training.mean(0) for side in (inputs.training, inputs.test))
    labels = chosen.labels / chosen.labels.sum(1, keepdims=True).astype(np.float64)
    log_prior, n = np.log(labels.mean(0)), labels.shape[1]

    def shares(weights: np.ndarray, of: np.ndarray) -> np.ndarray:
        powers = np.exp(of @ weights[:-1] + weights[-1] + log_prior)
        return powers / powers.sum(1, keepdims=True)

    def loss(flat: np.ndarray, penalty: float) -> tuple[float, np.ndarray]:
        weights = flat.reshape(-1, n)
        estimated = shares(weights, x)
        # Near the prior, KL is the squared difference of log-ratios times half a share, a twentieth.
        value = -(labels * np.log(estimated)).sum() + penalty / 20 * (weights[:-1] ** 2).sum()
        error = estimated - labels
        return value, np.vstack([x.T @ error + penalty / 10 * weights[:-1], error.sum(0)]).ravel()

    made: Settings = {}
    flat = np.zeros((x.shape[1] + 1) * n)
    for penalty in sorted(_PENALTIES, reverse=True):
        flat = minimize(loss, flat, (penalty,), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
        made[f"penalty {penalty:g}"] = shares(flat.reshape(-1, n), unseen).astype(np.float32)
    return made


def _networks(windows: LabelledWindows, plan: Plan, options: TrainOptions) -> Iterator[tuple[str, Made]]:
    """Train every fit from several seeds at once; yield what each seed, and the mean of their log shares, estimates."""
    fits = _fits(plan)
    students = [Student(plan.training(out), plan.left_out(out), seed) for out in fits for seed in _SEEDS]
    many = ManyNetworks(windows, students, options, steps=_STEPS)
    logs: dict[str, list[NDArray[np.float32]]] = {}
    for epoch in range(1, options.epochs + 1):
        many.epoch()
        if epoch in _EPOCHS:
            logs[f"{epoch} epochs"] = many.estimates()
    step = len(_SEEDS)
    for number, seed in enumerate(_SEEDS):
        yield f"seed {seed}", _made(fits, {name: found[number::step] for name, found in logs.items()})
    means = {
        name: [np.mean(found[row : row + step], 0) for row in range(0, len(found), step)]
        for name, found in logs.items()
    }
    yield f"mean of {step} seeds", _made(fits, means)


def _made(fits: Sequence[tuple[int, ...]], logs: Mapping[str, Sequence[NDArray[np.float32]]]) -> Made:
    made: Made = {Fit("", out): {} for out in fits}
    for setting, found in logs.items():
        for out, one in zip(fits, found, strict=True):
            powers = np.exp(one)
            made[Fit("", out)][setting] = powers / powers.sum(1, keepdims=True)
    return made


def _relative(windows: LabelledWindows) -> LabelledWindows:
    """Return windows whose absolute half says nothing."""
    halves = np.array([0, 1], np.float32)
    features = {name: array * halves.reshape(1, 2, *[1] * (array.ndim - 2)) for name, array in windows.features.items()}
    return replace(windows, features=features)


LINEAR: dict[str, Learner] = {
    "linear, by log-ratios (ridge)": lambda training, test: ridge(training, test, TrainOptions()),
    "linear, by divergence": partial(_by_divergence, halves="relative"),
    "linear, by divergence, absolute features too": partial(_by_divergence, halves="both"),
}
_NETWORK = TrainOptions(
    network=NetworkSettings(width=16, tokens=4, behavioural_tokens=6, dropout=0.3, drop_key=0.3),
    epochs=48,
    decay=0.965,
)
NETWORKS: dict[str, tuple[bool, TrainOptions]] = {
    "small HeLo": (True, _NETWORK),
    "small HeLo, absolute features too": (False, _NETWORK),
    "small HeLo, weights decayed by 1": (True, msgspec.structs.replace(_NETWORK, weight_decay=1.0)),
}

if __name__ == "__main__":
    main()
