"""The shipped checkpoint on simulated participants that it has not seen: scores, coverage, correlation, time a window.

Run: python benchmarks/shipped_model.py
"""

import argparse
import json
import time
from itertools import combinations

import numpy as np

from model.data.dataset import LabelledWindows
from model.data.simulated import simulated_windows
from model.header import model_path, pattern
from model.learning.scores import scores
from model.predictor import Predictor


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=16)
    parser.add_argument("--seed", type=int, default=777)
    options = parser.parse_args()
    windows = simulated_windows(options.subjects, minutes=8, hop_s=4, seed=options.seed)
    predictor = Predictor.load(model_path("shipped"), "cpu")
    if options.seed == predictor.header.training.seed:
        parser.error(f"--seed {options.seed} made the training participants; choose another")
    predictor.warm_up()
    started = time.perf_counter()
    found = predictor.predict(windows.features, windows.present)
    elapsed = time.perf_counter() - started
    constant = np.tile(np.asarray(predictor.header.mean_label, np.float32), (len(windows), 1))
    print(
        json.dumps(
            {
                "subjects": options.subjects,
                "windows": len(windows),
                "ms_per_window": 1e3 * elapsed / len(windows),
                "helo": _means(windows, found.distribution),
                "mean-label": _means(windows, constant),
                "correlation": _correlation(windows, found.distribution),
                "coverage": _coverage(windows, found.low, found.high),
                "coverage_by_participant": _coverage_by_participant(windows, found.low, found.high),
                "abstained": float(found.abstained.mean()),
                "present": _by_present(predictor, windows),
            },
            indent=1,
        )
    )


def _means(windows: LabelledWindows, estimates: np.ndarray) -> dict[str, float]:
    return {name: float(values.mean()) for name, values in scores(windows.labels, estimates).items()}


def _coverage(windows: LabelledWindows, low: np.ndarray, high: np.ndarray) -> float:
    return float(((low <= windows.labels) & (windows.labels <= high)).mean())


def _coverage_by_participant(windows: LabelledWindows, low: np.ndarray, high: np.ndarray) -> dict[str, float]:
    """Return least, mean and greatest coverage over participants."""
    inside = ((low <= windows.labels) & (windows.labels <= high)).mean(1)
    each = np.array([inside[windows.subject == subject].mean() for subject in windows.subjects])
    return {"min": float(each.min()), "mean": float(each.mean()), "max": float(each.max())}


def _correlation(windows: LabelledWindows, estimates: np.ndarray) -> float:
    """Return the correlation over time of estimated and simulated share: mean over participants and emotions."""
    found = []
    for subject in windows.subjects:
        mine = windows.subject == subject
        pairs = zip(windows.labels[mine].T, estimates[mine].T, strict=True)
        found += [np.corrcoef(label, estimate)[0, 1] for label, estimate in pairs]
    return float(np.mean(found))


def _by_present(predictor: Predictor, windows: LabelledWindows) -> dict[str, dict[str, float]]:
    """Return KL and coverage for every set of present modalities, the others hidden."""
    names = tuple(windows.features)
    found = {}
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            shown = windows.present & np.isin(names, chosen)
            some = windows.take(shown.any(1))
            prediction = predictor.predict(some.features, shown[shown.any(1)])
            kl = _means(some, prediction.distribution)["kl"]
            found[pattern(chosen)] = {"kl": kl, "coverage": _coverage(some, prediction.low, prediction.high)}
    return found


if __name__ == "__main__":
    main()
