"""What the 90 % intervals cover of the ratings of a person who was left out, and how often the model abstains on one.

Each participant of WESAD in turn is left out, a model is made of the others as ``helo train`` makes it, and its
intervals are held against the one's ratings, in windows of 60 s, 30 s apart.

Run: python -m benchmarks.coverage --data DIR
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from model.data.dataset import LabelledWindows
from model.data.pooling import pooled
from model.data.wesad import read_wesad
from model.header import MEAN_LABEL
from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.predictor import Predictor


def main() -> None:
    """Print one JSON object: for each participant what is covered, how wide the intervals are, and what abstains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    windows = pooled(read_wesad(options.data, lambda: None), 60.0, 30.0)
    found = {subject: _left_out(windows, subject, options.seed) for subject in windows.subjects}
    means = {
        name: round(float(np.mean([one[name] for one in found.values()])), 4) for name in next(iter(found.values()))
    }
    print(json.dumps({"windows": len(windows), "mean": means, "participants": found}, indent=1))


def _left_out(windows: LabelledWindows, subject: str, seed: int) -> dict[str, float]:
    others = [name for name in windows.subjects if name != subject]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        header = make_model(windows.of(others), TrainOptions(seed=seed), path, "benchmarks.coverage")
        test = windows.of([subject])
        prediction = Predictor.load(path, "cpu").predict(test.features, test.present)
    every_trial = test.trial_weights()
    half, mean = (np.asarray(values) for values in (header.intervals[MEAN_LABEL], header.mean_label))
    inside = (prediction.low <= test.labels) & (test.labels <= prediction.high)
    values = {
        "covered": inside.mean(1),
        "width": (prediction.high - prediction.low).mean(1),
        "covered by the mean label": (np.abs(test.labels - mean) <= half).mean(1),
        "width of the mean label": np.full(len(test), (np.minimum(mean + half, 1) - np.maximum(mean - half, 0)).mean()),
        "abstained": prediction.abstained,
    }
    return {name: round(float(every_trial @ value), 4) for name, value in values.items()}


if __name__ == "__main__":
    main()
