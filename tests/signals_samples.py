"""Small recordings for the tests of `pipeline.signals`, and ways to cut them into chunks."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pipeline.modalities import EEG_CHANNELS, FACE_CHANNELS, HEAD_POSE, Modality
from pipeline.records import Chunk, FeatureWindow, StreamInfo
from pipeline.session.config import Match, StreamSettings
from pipeline.signals.offline import Recorded

START = 1000.0
RATES: dict[str, float] = {"EEG": 128.0, "GSR": 4.0, "PPG": 64.0, "Temperature": 4.0, "Motion": 32.0, "Face": 30.0}
CHANNELS: dict[str, tuple[str, ...]] = {
    "EEG": EEG_CHANNELS,
    "GSR": ("EDA",),
    "PPG": ("BVP",),
    "Temperature": ("TEMP",),
    "Motion": ("x", "y", "z"),
    "Face": FACE_CHANNELS,
}
UNIT = {"EEG": "uV", "GSR": "uS", "PPG": "a.u.", "Temperature": "degC", "Motion": "g", "Face": "a.u."}


def stream_info(modality: Modality, **fields: Any) -> StreamInfo:
    """Return what a stream of a modality says of itself."""
    ch_names = fields.pop("ch_names", CHANNELS[modality])
    defaults: dict[str, Any] = {
        "stream": modality.lower(),
        "name": f"test-{modality}",
        "type": modality,
        "source_id": "test",
        "sfreq": RATES[modality],
        "units": (UNIT[modality],) * len(ch_names),
        "format": "float32",
        "host": "",
        "uid": "",
        "use": modality,
        "can_drop_samples": modality == "Face",
    }
    return StreamInfo(ch_names=ch_names, **(defaults | fields))


def stream_settings(modality: Modality, **fields: Any) -> StreamSettings:
    """Return what the session file says of a stream."""
    return StreamSettings(match=Match(type=modality), use=modality, **fields)


def samples(modality: Modality, seconds: float, *, seed: int = 0, sfreq: float | None = None) -> np.ndarray:
    """Return a plausible signal, float32 ``(n_times, n_channels)``."""
    rng = np.random.default_rng(seed)
    sfreq = RATES[modality] if sfreq is None else sfreq
    n_times = round(seconds * sfreq)
    times = np.arange(n_times) / sfreq
    match modality:
        case "EEG":
            data = rng.normal(size=(n_times, 18)) * 10 + 40 + 5 * np.sin(2 * np.pi * 10 * times)[:, np.newaxis]
        case "GSR":
            data = 5 + 0.5 * np.sin(times / 7)[:, np.newaxis] + 0.01 * rng.normal(size=(n_times, 1)).cumsum(axis=0)
        case "PPG":
            phase = 2 * np.pi * 1.2 * times
            data = (np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.1 * rng.normal(size=n_times))[:, np.newaxis]
        case "Temperature":
            data = 33 + 0.01 * times[:, np.newaxis] + 0.02 * rng.normal(size=(n_times, 1))
        case "Motion":
            data = np.array([0.0, 0.0, 1.0]) + 0.05 * rng.normal(size=(n_times, 3))
        case "Face":
            data = 0.3 * rng.random((n_times, len(FACE_CHANNELS)))
            data[:, 0] = 1
            data[:, -len(HEAD_POSE) :] = rng.normal([2, -5, 1, 1, 2, -50], size=(n_times, len(HEAD_POSE)))
            lost = rng.random(n_times) < 0.1
            data[lost, 1:] = np.nan
            data[lost, 0] = 0
    return data.astype(np.float32)


def recording(
    modality: Modality, seconds: float, *, seed: int = 0, start: float = START, jitter_s: float = 0.0, **settings: Any
) -> Recorded:
    """Return a recorded stream with steady stamps, or with jitter."""
    data = samples(modality, seconds, seed=seed)
    times = start + np.arange(len(data)) / RATES[modality]
    times = times + np.random.default_rng(seed + 1).uniform(-jitter_s, jitter_s, len(times))
    return Recorded(stream_info(modality), stream_settings(modality, **settings), times, data)


def cut(stream: Recorded, sizes: Iterable[int], *, offset: float = 0.0) -> list[Chunk]:
    """Return the stream as chunks of these sizes, the last one as long as need be; segments as `breaks` say."""
    edges = [0, *stream.breaks, len(stream.times)]
    cuts = sorted({*edges, *(int(edge) for edge in np.cumsum(list(sizes)) if edge < len(stream.times))})
    chunks = []
    for first, stop in pairwise(cuts):
        began = max(edge for edge in edges if edge <= first)
        times = stream.times[first:stop]
        chunks.append(
            Chunk(
                segment=began + 1,
                first=first - began,
                times=times - offset,
                offset=offset,
                data=stream.data[first:stop],
                arrival=float(times[-1]),
            )
        )
    return chunks


def assert_same(found: Sequence[FeatureWindow], expected: Sequence[FeatureWindow]) -> None:
    """Compare windows bit for bit, arrival aside: which chunk brought a sample says when it arrived."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.features.tobytes() == other.features.tobytes(), (one, other)
        assert _rest(one) == _rest(other)


def by_modality(windows: Iterable[FeatureWindow]) -> dict[str, list[FeatureWindow]]:
    """Return the windows of each modality, in the order in which they came."""
    found: dict[str, list[FeatureWindow]] = {}
    for window in windows:
        found.setdefault(window.modality, []).append(window)
    return found


def streams_of(recorded: Mapping[str, Recorded]) -> dict[str, tuple[StreamInfo | None, StreamSettings]]:
    """Return what `ParticipantProcessor` is told of the streams."""
    return {name: (stream.info, stream.settings) for name, stream in recorded.items()}


def present(window: FeatureWindow) -> bool:
    """Return whether a window has features."""
    return bool(np.isfinite(window.features).all())


def _rest(window: FeatureWindow) -> tuple[Any, ...]:
    return (
        window.tick, window.end, window.modality, window.valid, window.quality, window.reasons,
        window.segment, window.first, window.last,
    )  # fmt: skip
