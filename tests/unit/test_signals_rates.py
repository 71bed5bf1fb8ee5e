"""Skin conductance of the same person, sampled at the rates that devices have, gives the same features."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.signal import resample_poly

from pipeline.files.read import read_recording
from pipeline.files.table import TableOptions
from pipeline.records import Array
from pipeline.signals.family import GSR
from pipeline.signals.offline import Recorded, extract
from tests.signals_samples import present, stream_info, stream_settings

#: Rates (Hz), and by what a recording of 100 Hz is resampled: wristbands, EmotiBit, amplifiers.
RATES = {4: (1, 25), 15: (3, 20), 100: (1, 1), 1000: (10, 1)}
#: What is added inside the logarithms of `family.GSR`.
ADDED = {"level_ln": 0.0, "scr_amplitude_ln": 0.01}


@pytest.fixture(scope="module")
def found(shared_data: Path) -> dict[int, Array]:
    """Return the features of each rate, ``(n_windows, 12)``, at the same moments and as quantities, not logarithms."""
    path = shared_data / "eda" / "bio_eventrelated_100hz.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    options = TableOptions(type="GSR", channels=("EDA",), unit="uS", sfreq=100.0)
    (stream,) = read_recording(path, options).streams
    made = {}
    for sfreq, (up, down) in RATES.items():
        data = resample_poly(stream.data.astype(float), up, down, padtype="line")
        times = 100 + np.arange(len(data)) / sfreq
        info = replace(stream_info("GSR"), sfreq=float(sfreq))
        settings = stream_settings("GSR", stamps="regular")
        windows = extract({"gsr": Recorded(info, settings, times, data.astype(np.float32))}, hop_s=0.25)
        made[sfreq] = {round(w.end, 3): w.features[0].astype(float) for w in windows if present(w)}
    ends = sorted(set.intersection(*(set(one) for one in made.values())))
    assert len(ends) > 560
    features = {sfreq: np.array([one[end] for end in ends]) for sfreq, one in made.items()}
    for values in features.values():
        for column, name in enumerate(GSR.names):
            if name.endswith("_ln"):
                values[:, column] = np.exp(values[:, column]) - ADDED.get(name, 0.001)
    return features


@pytest.mark.parametrize("name", GSR.names)
def test_every_rate_gives_a_feature_within_five_percent(found: dict[int, Array], name: str) -> None:
    """Over the recording, and in the middle one of its windows; shares and slopes may be 0: of their usual size."""
    column = GSR.names.index(name)
    values = {sfreq: features[:, column] for sfreq, features in found.items()}
    size = {sfreq: float(np.sqrt(np.mean(one**2))) for sfreq, one in values.items()}
    for a, b in combinations(RATES, 2):
        assert size[a] == pytest.approx(size[b], rel=0.05), (a, b)
        usual = np.maximum(np.abs(values[b]), 0.001) if name.endswith("_ln") else size[b]
        assert np.median(np.abs(values[a] - values[b]) / usual) < 0.05, (a, b)
