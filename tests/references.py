"""Stretches of real recordings, their windows, and the samples that these are made from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.files.read import read_recording
from pipeline.files.table import TableOptions
from pipeline.modalities import Modality
from pipeline.records import Array, FeatureWindow
from pipeline.signals.offline import Recorded, extract
from tests.signals_samples import present, stream_settings


def taken(path: Path, modality: Modality, table: TableOptions | None = None, **settings: Any) -> Recorded:
    """Return the stream of a modality in a recording; skip where there is none."""
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    streams = read_recording(path, *([table] if table else [])).streams
    stream = next(one for one in streams if one.info.type == modality)
    return Recorded(stream.info, stream_settings(modality, **settings), stream.times, stream.data)


def part(stream: Recorded, start: float, stop: float) -> Recorded:
    """Return a stretch of a recording (s after its start)."""
    rows = (stream.times >= stream.times[0] + start) & (stream.times < stream.times[0] + stop)
    return stream._replace(times=stream.times[rows], data=stream.data[rows])


def windows_of(stream: Recorded, hop_s: float = 1.0) -> list[FeatureWindow]:
    windows = [window for window in extract({"x": stream}, hop_s=hop_s) if present(window)]
    assert windows
    return windows


def features(windows: list[FeatureWindow]) -> Array:
    """Return the windows' own features, not the relative ones, ``(n_windows, ...)``."""
    return np.array([window.features[0] for window in windows], dtype=np.float64)


def samples_of(stream: Recorded, window: FeatureWindow, values: Array) -> Array:
    """Return those of some values that a window is made from."""
    assert window.valid == 1
    return values[window.first : window.last + 1]
