"""Face windows of what a webcam measured, as a session makes them."""

import numpy as np
from msgspec.structs import replace

from pipeline.records import Array, FeatureWindow
from pipeline.signals.offline import Recorded, extract
from pipeline.streams.webcam.landmarks import CHANNELS
from pipeline.streams.webcam.webcam import stream_infos
from tests.signals_samples import stream_settings

SFREQ = 30.0


def face_windows(rows: Array, channels: tuple[str, ...] = CHANNELS) -> list[FeatureWindow]:
    """Return the windows of frames, ``(n_frames, 64)``, of which only some channels are in the stream."""
    info = stream_infos(SFREQ, "camera", "camera")[0]
    picks = [info.ch_names.index(name) for name in channels]
    info = replace(info, ch_names=channels, units=tuple(info.units[pick] for pick in picks))
    times = 100 + np.arange(len(rows)) / SFREQ
    windows = extract({"face": Recorded(info, stream_settings("Face"), times, rows[:, picks])}, hop_s=0.25)
    assert windows
    return windows
