"""A reader's part played by a test: chunks of a made-up signal, and the windows that come of them."""

import numpy as np

from pipeline.records import Array, Chunk, FeatureWindow
from pipeline.store import ids, keys
from pipeline.store.connection import Connection
from pipeline.store.ring import read_ticks
from pipeline.store.writer import StreamWriter
from tests.signals_samples import RATES, samples

OFFSET = -2.0


class Sensor:
    """Plays the reader of one stream."""

    def __init__(
        self, connection: Connection, session: str, modality: str, start: float, seconds: float, *, code: str = "P001"
    ) -> None:
        self.data: Array = samples(modality, seconds)
        self._sfreq, self.start, self._next = RATES[modality], start, 0
        self._segment, self._began = 7, 0
        key = keys.raw(session, code, modality.lower())
        self._writer = StreamWriter(connection, key, retention_s=600)

    def send(self, until_s: float) -> None:
        """Store the samples up to `until_s` after the start, in chunks of four."""
        while self._next + 4 <= until_s * self._sfreq:
            index = np.arange(self._next, self._next + 4)
            host = self.start + index / self._sfreq
            first = self._next - self._began
            chunk = Chunk(self._segment, first, host - OFFSET, OFFSET, self.data[index], float(host[-1]))
            self._writer.append(ids.raw_id(self._segment, first), chunk)
            self._next += 4

    @property
    def chunks(self) -> int:
        """How many were stored."""
        return self._next // 4

    def begin_segment(self) -> None:
        """Go on in a new segment."""
        self._segment, self._began = self._segment + 1, self._next

    def send_again(self) -> bool:
        """Notice that the store came back empty; return whether it has everything again."""
        return self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def windows(connection: Connection, session: str, modality: str, code: str = "P001") -> list[FeatureWindow]:
    return read_ticks(connection, keys.features(session, code, modality), 0, None, FeatureWindow)
