"""Real recordings give features that a physiologist would recognise."""

import math
from pathlib import Path

import numpy as np
import pytest

from pipeline.files.read import read_recording
from pipeline.files.table import TableOptions
from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.records import Array
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.family import FEATURES
from pipeline.signals.offline import Recorded, extract
from tests.signals_samples import by_modality, present

E4: dict[str, Modality] = {"PPG": "PPG", "GSR": "GSR", "Temperature": "Temperature", "Motion": "Motion"}


def recorded(path: Path, seconds: float) -> dict[str, Recorded]:
    streams = {}
    for stream in read_recording(path).streams:
        if stream.info.type in E4:
            modality = E4[stream.info.type]
            rows = stream.times < stream.times[0] + seconds
            settings = StreamSettings(match=Match(type=modality), use=modality)
            streams[modality] = Recorded(stream.info, settings, stream.times[rows], stream.data[rows])
    return streams


def features(windows: list[object], modality: Modality, name: str) -> Array:
    index = FEATURES[modality].names.index(name)
    return np.array([window.features[0, index] for window in windows if present(window)])  # type: ignore[attr-defined,arg-type]


@pytest.fixture(scope="module")
def wristband(shared_data: Path) -> dict[str, list[object]]:
    streams = recorded(shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip", 1200)
    assert set(streams) == {"PPG", "GSR", "Temperature", "Motion"}
    return by_modality(extract(streams, hop_s=1.0))  # type: ignore[return-value]


def test_an_e4_wristband_has_every_feature(wristband: dict[str, list[object]]) -> None:
    for modality, windows in wristband.items():
        assert len(windows) > 1150
        share = np.mean([present(window) for window in windows])  # type: ignore[arg-type]
        assert share > 0.99, modality


def test_the_heart_rate_of_the_wristband_is_a_hearts(wristband: dict[str, list[object]]) -> None:
    rate = 60 * np.exp(features(wristband["PPG"], "PPG", "heart_rate_ln"))
    assert 50 < np.median(rate) < 110
    good = np.array([window.quality > 0.7 for window in wristband["PPG"] if present(window)])  # type: ignore[attr-defined,arg-type]
    assert np.abs(np.diff(rate))[good[1:] & good[:-1]].mean() < 10


def test_skin_conductance_at_four_hertz(wristband: dict[str, list[object]]) -> None:
    level = np.exp(features(wristband["GSR"], "GSR", "level_ln"))
    assert 0.05 < np.median(level) < 20
    assert 0 <= features(wristband["GSR"], "GSR", "scr_rate").mean() < 0.5


def test_skin_temperature_and_gravity(wristband: dict[str, list[object]]) -> None:
    assert 28 < np.median(features(wristband["Temperature"], "Temperature", "level")) < 38
    assert np.median(features(wristband["Motion"], "Motion", "magnitude_mean")) == pytest.approx(1, abs=0.1)


def test_a_cap_with_other_channels_is_interpolated(shared_data: Path) -> None:
    stream = next(s for s in read_recording(shared_data / "eeg" / "eeglab_data.set").streams if s.info.type == "EEG")
    settings = StreamSettings(match=Match(type="EEG"), use="EEG", unit="uV")
    rows = slice(0, 128 * 60)
    windows = extract({"eeg": Recorded(stream.info, settings, stream.times[rows], stream.data[rows])}, hop_s=0.5)
    assert set(EEG_CHANNELS) - set(stream.info.ch_names)
    assert np.mean([present(window) for window in windows]) == 1
    alpha = np.mean([window.features[0, -2:, 2] for window in windows])
    assert 0.5 * math.log(2 * math.pi * math.e * 1) < alpha < 0.5 * math.log(2 * math.pi * math.e * 1000)
    assert all(any("not in the stream" in reason for reason in window.reasons) for window in windows)


def test_a_face_that_leaves_is_said(shared_data: Path) -> None:
    path = shared_data / "face" / "pyfeat_face_noface_blendshapes.csv"
    (stream,) = read_recording(path, TableOptions(type="Face", time="t_s")).streams
    settings = StreamSettings(match=Match(type="Face"), use="Face", stamps="as-is")
    windows = extract({"face": Recorded(stream.info, settings, stream.times, stream.data)}, hop_s=0.25)
    share = np.mean(stream.data[:, stream.info.ch_names.index("face_found")])
    assert np.mean([window.valid for window in windows]) == pytest.approx(share, abs=0.2)
    assert any(window.reasons == ("no face in 100% of the window",) for window in windows)
