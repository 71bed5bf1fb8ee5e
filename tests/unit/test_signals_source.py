"""A stream's channels, units and rate, and what is refused."""

from typing import Any

import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.modalities import EEG_CHANNELS, Modality
from pipeline.records import Chunk
from pipeline.session.config import Calibration
from pipeline.signals.participant import ParticipantProcessor
from pipeline.signals.source import Source
from tests.signals_samples import stream_info, stream_settings


def source(modality: Modality, info: dict[str, Any] | None = None, **settings: Any) -> Source:
    return Source(stream_info(modality, **(info or {})), stream_settings(modality, **settings), EEG_CHANNELS)


def chunk(data: np.ndarray) -> Chunk:
    return Chunk(1, 0, np.arange(len(data)) / 4, 0.0, data, 10.0)


@pytest.mark.parametrize(("unit", "factor"), [("V", 1e6), ("mV", 1e3), ("uV", 1.0), ("µV", 1.0)])
def test_units_are_converted(unit: str, factor: float) -> None:
    info = {"units": (unit,) * 18}
    data = np.full((3, 18), 2.0, np.float32)
    assert np.allclose(source("EEG", info).samples(chunk(data)), 2.0 * factor)


def test_a_unit_that_contradicts_the_stream_is_refused() -> None:
    with pytest.raises(BadInput, match="says that it is in uV, the session file says V"):
        source("EEG", {"units": ("uV",) * 18}, unit="V")


def test_another_name_of_the_same_unit_contradicts_nothing() -> None:
    info = {"units": ("microvolts",) * 18}
    assert np.allclose(source("EEG", info, unit="uV").samples(chunk(np.ones((1, 18)))), 1.0)


def test_a_stream_that_names_its_unit_wrongly_is_taken_by_a_calibration() -> None:
    info = {"units": ("uV",) * 18}
    taken = source("EEG", info, unit="V", calibration=Calibration(scale=1.0))
    assert np.allclose(taken.samples(chunk(np.ones((1, 18)))), 1e6)


def test_a_stream_that_names_no_unit_is_in_the_session_files() -> None:
    info = {"units": ("",) * 18}
    assert np.allclose(source("EEG", info, unit="mV").samples(chunk(np.ones((1, 18)))), 1e3)


def test_raw_counts_are_calibrated() -> None:
    calibrated = source("GSR", {"format": "int16"}, calibration=Calibration(scale=0.01, offset=0.5))
    found = calibrated.samples(chunk(np.array([[100], [200]], np.int16)))
    assert found.dtype == np.float64
    assert np.allclose(found, [[1.5], [2.5]])


def test_channels_are_picked_and_renamed() -> None:
    info = {"ch_names": ("time", "EDA raw"), "units": ("s", "uS")}
    picked = source("GSR", info, channels={"EDA raw": "EDA"})
    assert np.array_equal(picked.samples(chunk(np.array([[9.0, 2.0]]))), [[2.0]])


def test_a_counter_beside_the_eeg_needs_no_unit() -> None:
    info = {"ch_names": ("counter", *EEG_CHANNELS), "units": ("count", *("uV",) * 18)}
    found = source("EEG", info).samples(chunk(np.arange(19.0)[np.newaxis]))
    assert np.array_equal(found, np.arange(1.0, 19.0)[np.newaxis])


@pytest.mark.parametrize(
    ("modality", "info", "settings", "sentence"),
    [
        ("GSR", {"units": ("kOhm",)}, {}, r"unit: 'test-GSR' has the unit 'kOhm', GSR takes uS"),
        ("GSR", {"units": ("",)}, {}, r"has the unit ''.*give `unit`"),
        ("GSR", {"format": "string"}, {}, r"sends text, not GSR"),
        ("GSR", {"sfreq": 0.0}, {}, r"is irregular; GSR needs a stream with a nominal rate"),
        ("GSR", {}, {"sfreq": 32.0}, r"comes at 4 Hz, 32 Hz was expected"),
        ("GSR", {"ch_names": ("a", "b")}, {}, r"channels: GSR takes 1, the stream has 2 \(a, b\)"),
        ("Motion", {"ch_names": ("x",)}, {}, r"channels: Motion takes 3, the stream has 1"),
        ("GSR", {}, {"unit": "kOhm", "calibration": Calibration(scale=1)}, r"unit: 'kOhm' is what counts"),
        ("EEG", {"ch_names": ("A", "B")}, {}, r"only 0 of the model's 18 EEG channels"),
    ],
)
def test_what_cannot_be_used_is_refused(
    modality: Modality, info: dict[str, Any], settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        source(modality, info, **settings)


def test_the_stream_is_named_in_the_error() -> None:
    streams = {"skin": (stream_info("GSR", sfreq=0.0), stream_settings("GSR"))}
    with pytest.raises(BadInput, match=r"streams\.skin\.sfreq: 'test-GSR' is irregular"):
        ParticipantProcessor(streams, hop_s=1.0)


def test_a_chunk_with_other_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="a chunk of 2 channels, expected 1"):
        source("GSR").samples(chunk(np.zeros((4, 2))))
