"""Feature windows of a recording: nothing is late, and it goes as fast as it can."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from pipeline.modalities import EEG_CHANNELS, MODALITIES
from pipeline.records import Array, Chunk, FeatureWindow, Grid, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals.participant import ParticipantProcessor

#: Length of the pieces in which a recording is fed (s); no result depends on it.
PIECE_S: Final = 10.0


class Recorded(NamedTuple):
    """One stream of a recording."""

    info: StreamInfo
    settings: StreamSettings
    times: Array
    """float64 ``(n_times,)``: stamps on the host's clock (s)."""
    data: Array
    """``(n_times, n_channels)``, in the stream's own unit."""
    breaks: tuple[int, ...] = ()
    """Rows at which a new segment starts."""


def extract(
    recorded: Mapping[str, Recorded],
    *,
    hop_s: float,
    eeg_channels: tuple[str, ...] = EEG_CHANNELS,
    grid: Grid | None = None,
) -> list[FeatureWindow]:
    """Return all feature windows of a participant's recording.

    Parameters
    ----------
    recorded : mapping of str to Recorded
        The participant's streams.
    hop_s : float
        Seconds between ticks.
    eeg_channels : tuple of str
        The model's EEG channels.
    grid : Grid | None
        The tick grid; when None it starts at the first full window of every required stream.

    Returns
    -------
    windows : list of FeatureWindow
        Each modality in the order of ticks, and each with the same ticks.

    Raises
    ------
    BadInput
        A stream is not what its modality needs.
    """
    used = {name: stream for name, stream in recorded.items() if stream.settings.use in MODALITIES}
    streams = {name: (stream.info, stream.settings) for name, stream in used.items()}
    processor = ParticipantProcessor(streams, hop_s=hop_s, eeg_channels=eeg_channels, grid=grid)
    pieces = sorted(
        ((piece.arrival, name, piece) for name, stream in used.items() for piece in _pieces(stream)),
        key=lambda item: item[:2],
    )
    windows = [window for _, name, piece in pieces for window in processor.process(name, piece)]
    return windows + processor.finish()


def _pieces(stream: Recorded) -> Iterator[Chunk]:
    """Cut a stream into chunks that keep to its segments; a segment is numbered by its first row."""
    times = np.asarray(stream.times, dtype=np.float64)
    edges = [0, *stream.breaks, len(times)]
    size = max(1, round((stream.info.sfreq or 30.0) * PIECE_S))
    for start, stop in pairwise(edges):
        for first in range(start, stop, size):
            rows = slice(first, min(first + size, stop))
            yield Chunk(start + 1, first - start, times[rows], 0.0, stream.data[rows], float(times[rows][-1]))
