"""What a session with rated clips leaves, made from a simulated participant's windows, without a run."""

import csv
from pathlib import Path

import numpy as np

from model.data.dataset import LabelledWindows
from pipeline.records import FeatureWindow
from pipeline.session.tables import feature_row, write_parquet
from pipeline.session.trials import Trial, write_trials

#: A clip of the simulator (s).
CLIP_S = 60.0


def write_rated(folder: Path, ratings: Path, windows: LabelledWindows, n_clips: int = 3) -> None:
    """Write features and trials into a session's folder, and what its first clips were rated to a file."""
    rows = [
        feature_row("P001", FeatureWindow(tick, float(end), name, array[tick], 1.0, 1.0))
        for tick, end in enumerate(windows.ends)
        for column, (name, array) in enumerate(windows.features.items())
        if windows.present[tick, column]
    ]
    write_parquet(folder / "features.parquet", rows)
    marked, given = [], []
    for name in list(dict.fromkeys(windows.trial.tolist()))[:n_clips]:
        inside = np.flatnonzero(windows.trial == name)
        onset = float(windows.ends[inside[0]])
        marked.append(Trial(onset, CLIP_S, name, "P001/marks"))
        clip = inside[windows.ends[inside] <= onset + CLIP_S]
        shares = windows.labels[clip].mean(0)
        rated = {emotion: f"{100 * share:.3f}" for emotion, share in zip(windows.emotions, shares, strict=True)}
        given.append({"participant": "P001", "session": folder.name, "trial": name} | rated)
    write_trials(folder / "trials.tsv", marked)
    with ratings.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(given[0]))
        writer.writeheader()
        writer.writerows(given)
