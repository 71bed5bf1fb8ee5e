"""Why HeLo is behind ridge on WESAD: models between the two, with HeLo's loss, and with its features or without.

Linear models have HeLo's loss, then its features, too; HeLo has those of ridge.
Each participant is left out in turn; penalty, epochs and shrinkage are chosen without that one, as `helo evaluate`
does. Printed is a trial's KL less the mean label's.

Run: python -m benchmarks.wesad_causes --data DIR
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from model.data.dataset import LabelledWindows
from model.data.parallel import run_all
from model.data.pooling import pooled
from model.data.wesad import read_wesad
from model.learning.baselines import Settings, ridge
from model.learning.choose import choose, shrunk
from model.learning.evaluate import subject_scores
from model.learning.fits import Fit, seen
from model.learning.inputs import Halves, balanced, vectors
from model.learning.networks import trained
from model.learning.options import TrainOptions
from model.learning.plan import Plan, make_plan
from model.learning.scores import bootstrap
from pipeline.cli.datasets import progress

Learner = Callable[[LabelledWindows, LabelledWindows], Settings]
Made = dict[Fit, Settings]
_PENALTIES = (10.0, 100.0, 1e3, 1e4, 1e5)


def main() -> None:
    """Print one JSON object for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    windows = pooled(read_wesad(options.data, lambda: None), 60.0, 30.0)
    plan = make_plan(windows, "loso", None, 0)
    fits = _fits(plan)
    for name, learner in MODELS.items():
        parts = [(learner, windows.take(plan.training(out)), windows.take(plan.left_out(out))) for out in fits]
        with progress(name, len(fits)) as step:
            computed = run_all(_learn, parts, partial(step, name))
        _say(name, windows, plan, {Fit("", out): made for out, made in zip(fits, computed, strict=True)})


def _learn(task: tuple[Learner, LabelledWindows, LabelledWindows]) -> Settings:
    learner, training, test = task
    return learner(training, test)


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


def _ridge(training: LabelledWindows, test: LabelledWindows) -> Settings:
    return ridge(training, test, TrainOptions())


def _network(training: LabelledWindows, test: LabelledWindows) -> Settings:
    """Train HeLo on the relative half alone."""
    return trained(_relative(training), _relative(test), TrainOptions(), {})


def _relative(windows: LabelledWindows) -> LabelledWindows:
    """Return windows whose absolute features are all nought, which a network's normalisation leaves at nought."""
    features = {
        name: array * np.float32([0, 1]).reshape(1, 2, *[1] * (array.ndim - 2))
        for name, array in windows.features.items()
    }
    return replace(windows, features=features)


MODELS: dict[str, Learner] = {
    "linear, by log-ratios (ridge)": _ridge,
    "linear, by divergence": partial(_by_divergence, halves="relative"),
    "linear, by divergence, absolute features too": partial(_by_divergence, halves="both"),
    "HeLo, relative features": _network,
}
if __name__ == "__main__":
    main()
