"""A stream as the page of signals knows it: chunks of samples, and the windows that the real processor makes."""

from typing import Final

import numpy as np

from dashboard.signals.traces import Signal
from dashboard.signals.watched import Watched
from pipeline.records import Chunk
from pipeline.signals.participant import ParticipantProcessor
from tests.signals_samples import RATES, START, stream_info, stream_settings

#: Epoch time of the LSL clock's zero (s).
EPOCH: Final = 1.7e9


def chunks(modality: str, data: np.ndarray, *, size: int = 16, skip: range = range(0)) -> list[Chunk]:
    """Return samples as chunks; what is skipped is a gap, behind which another segment begins."""
    made, segment, began = [], 1, 0
    for first in range(0, len(data), size):
        index = np.arange(first, min(first + size, len(data)))
        if index[0] in skip:
            segment, began = 2, first + size
            continue
        times = START + index / RATES[modality]
        made.append(Chunk(segment, first - began, times, 0.0, data[index], float(times[-1])))
    return made


def watched_of(modality: str, data: np.ndarray, **cut: object) -> Watched:
    """Return what is known of a stream, its windows made by the real processor."""
    stream, info = modality.lower(), stream_info(modality)
    processor = ParticipantProcessor({stream: (info, stream_settings(modality))}, hop_s=0.25)
    signal = Signal(info, processor.taken(stream))
    windows = []
    for chunk in chunks(modality, data, **cut):
        windows += processor.process(stream, chunk)
        signal.process(chunk)
    return Watched({stream: signal}, {modality: windows})
