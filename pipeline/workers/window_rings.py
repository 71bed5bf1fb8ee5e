"""Where a participant's feature windows go: one stream of the store for each modality, every tick once."""

from collections.abc import Iterable, Mapping

import msgspec

from pipeline.records import Event, FeatureWindow
from pipeline.store import ids, keys
from pipeline.store.lease import Lease
from pipeline.store.writer import FEATURES_RETENTION_S, StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.workers.context import WorkerContext

#: Windows so new are in a snapshot (s): others may not have read them when the store died together with the worker.
_NEWEST_S = 10.0


class WindowRings:
    """Write the windows of one participant, those aside that a predecessor has stored.

    Parameters
    ----------
    context : WorkerContext
        With the participant.
    modalities : iterable of str
        Those that have a window at every tick.
    lease : Lease
        Write only while this is held.
    saved : mapping
        What a predecessor's `newest` gave. Of this, and of what it has stored since, the store is sent what it lacks,
        now or when it has died.
    """

    def __init__(
        self,
        context: WorkerContext,
        modalities: Iterable[str],
        lease: Lease,
        saved: Mapping[str, tuple[tuple[str, bytes], ...]],
    ) -> None:
        self._context = context
        self._writers = {modality: self._writer(modality, lease) for modality in modalities}
        hop_s = context.settings.hop_s
        self._stored = {name: one.take_over_ticks(hop_s, saved.get(name, ())) for name, one in self._writers.items()}

    @property
    def newest_tick(self) -> int:
        """The last tick of any modality; -1 where there is none."""
        return max(self._stored.values(), default=-1)

    def newest(self) -> dict[str, tuple[tuple[str, bytes], ...]]:
        """Return id and bytes of the newest windows of each modality, stored or not."""
        return {modality: writer.newest(_NEWEST_S) for modality, writer in self._writers.items()}

    def keep(self, windows: Iterable[FeatureWindow]) -> None:
        """Keep windows for the next `flush`; what is stored already is not stored again."""
        made = local_clock()
        for window in windows:
            if window.tick > self._stored[window.modality]:
                record = msgspec.structs.replace(window, made=made)
                self._writers[window.modality].keep(ids.tick_id(window.tick), record)
                self._stored[window.modality] = window.tick

    def flush(self, *, everything: bool) -> None:
        """Send what waits; with `everything`, notice a store that came back empty, too."""
        for writer in self._writers.values():
            if writer.unsent or everything:
                writer.flush()

    def close(self) -> None:
        """Hand over what waits, and close the connections."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, modality: str, lease: Lease) -> StreamWriter:
        return StreamWriter(
            self._context.connection,
            self._key(modality),
            retention_s=FEATURES_RETENTION_S,
            alarm=self._alarm,
            lease=lease,
        )

    def _alarm(self, sentence: str) -> None:
        self._context.board.append_event(Event(local_clock(), "alarm", sentence, "preprocess"))

    def _key(self, modality: str) -> str:
        return keys.features(self._context.session, self._context.participant, modality)
