"""A model of DMER's public features from its files to a live session, and the session computed again."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from scipy.io import savemat

from model.data.dmer import read_dmer
from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.network.settings import NetworkSettings
from pipeline.modalities import EMOTIONS
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.dmer.features import CHANNELS, COLUMNS, FEATURES
from pipeline.signals.offline import Recorded, extract
from tests.command import ROOT, helo, helo_json
from tests.dmer_sensors import MODALITIES, RATES, info, signal
from tests.workers import session_of

PARTICIPANTS, CLIPS, PER_CLIP = 4, 6, 25
TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2), epochs=1, windows_per_epoch=64
)


def rows_of(seed: int) -> np.ndarray:
    """Return the features of a made-up participant as DMER's files have them, ``(n_windows, 913)``."""
    recorded = {}
    for modality in MODALITIES:
        data = signal(modality, CLIPS * PER_CLIP + 9, seed=seed)
        settings = StreamSettings(match=Match(type=modality), use=modality)
        times = np.arange(len(data)) / RATES[modality]
        recorded[modality] = Recorded(info("made", modality), settings, times, data)
    windows = extract(recorded, hop_s=1.0, eeg_channels=CHANNELS, family="dmer")
    parts = [np.array([w.features[0].ravel() for w in windows if w.modality == name]) for name in FEATURES]
    rows = np.concatenate([part[: CLIPS * PER_CLIP] for part in parts], axis=1)
    assert rows.shape == (CLIPS * PER_CLIP, COLUMNS)
    assert np.isfinite(rows).all()
    return rows


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model trained on a folder of DMER's layout."""
    folder = tmp_path_factory.mktemp("dmer")
    rng = np.random.default_rng(0)
    with (folder / "Panas.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Subject", "Video", *EMOTIONS])
        for number in range(1, PARTICIPANTS + 1):
            clips = np.repeat(np.arange(CLIPS), PER_CLIP)[:, np.newaxis].astype(float)
            savemat(folder / f"{number}.mat", {"feas": rows_of(number), "vids": clips})
            table.writerows([[number, clip + 1, *rng.integers(1, 6, len(EMOTIONS))] for clip in range(CLIPS)])
    path = folder / "m.safetensors"
    header = make_model(read_dmer(folder), TINY, path, "helo train")
    assert (header.family, header.eeg_channels) == ("dmer", CHANNELS)
    return path


def session_file(folder: Path, model: Path, name: str, **more: object) -> Path:
    """Write a session of four streams of one name."""
    streams = {
        modality.lower(): {"match": {"name": f"{name}-{modality}"}, "use": modality, "required": True}
        for modality in MODALITIES
    }
    settings = session_of(name, streams, model=str(model), **more)
    file = folder / "s.yaml"
    file.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude_none=True)))
    return file


@contextmanager
def published(name: str) -> Iterator[None]:
    """Publish the four streams from a process of their own."""
    with subprocess.Popen([sys.executable, "tests/dmer_sensors.py", name], cwd=ROOT) as process:
        try:
            yield
        finally:
            process.terminate()


def test_a_model_of_dmers_features_runs_live_and_comes_out_again_bit_for_bit(model, tmp_path, unique):
    file = session_file(tmp_path, model, unique, resolve_timeout_s=60)
    with published(unique):
        result = helo_json("run", file, "--duration", 10, "--no-dashboard", "--recordings", tmp_path / "recordings")
    assert result["ticks"] == 40
    assert {name: stream["samples_lost"] for name, stream in result["streams"].items()} == {
        "P001/eeg": 0, "P001/gsr": 0, "P001/ppg": 0, "P001/face": None,
    }  # fmt: skip
    recorded = Path(result["session_dir"])
    windows = pq.read_table(recorded / "features.parquet").to_pylist()
    assert {(row["modality"], tuple(row["shape"])) for row in windows} == {
        (name, (2, *spec.shape)) for name, spec in FEATURES.items()
    }
    estimates = pq.read_table(recorded / "estimates.parquet").to_pylist()
    used = [use for row in estimates for use in row["modalities"]]
    counts = {name: sum(use["used"] for use in used if use["modality"] == name) for name in FEATURES}
    assert min(counts.values()) >= 20, counts  # all of them, unless the machine is late
    assert result["estimates"] >= 20  # the signals are like those of the training
    again = helo_json("verify", recorded)
    assert (again["different"], again["compared"]) == (0, len(estimates))


def test_a_stream_whose_samples_cannot_be_counted_is_refused_before_the_run(model, tmp_path, unique):
    streams = {"eeg": {"match": {"name": f"{unique}-EEG"}, "use": "EEG", "required": True, "stamps": "as-is"}}
    file = tmp_path / "s.yaml"
    settings = session_of(unique, streams, model=str(model), resolve_timeout_s=60)
    file.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude_none=True)))
    with published(unique):
        done = helo("run", file, "--duration", 1, "--no-dashboard", "--recordings", tmp_path / "recordings")
    assert done.returncode == 2
    assert "streams.eeg.stamps: the model's features of EEG are made of a fixed number of samples" in done.stderr
