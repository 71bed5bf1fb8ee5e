"""Reads the raw samples and feature windows of the participants that somebody looks at, once for all viewers."""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Final, TypeVar

from dashboard.signals.traces import KEPT_S, Signal
from pipeline.modalities import MODALITIES
from pipeline.records import Chunk, FeatureWindow, Record, StreamInfo
from pipeline.states import Taken
from pipeline.store import keys
from pipeline.store.connection import Connection
from pipeline.store.ids import START
from pipeline.store.ring import COUNT, BlockingReader, Entry, newest_first

R = TypeVar("R", bound=Record)

#: Whoever looks at signals looks again within this time (s).
LOOKED_S: Final = 10.0
#: The store is read about this often (s), however many look.
PERIOD_S: Final = 0.2


@dataclass
class Watched:
    """What is known of one participant's signals."""

    signals: dict[str, Signal] = field(default_factory=dict)
    """By stream."""
    windows: dict[str, deque[FeatureWindow]] = field(default_factory=dict)
    """Modality -> its feature windows of the last seconds."""


class Watching:
    """Follows the rings of those who are looked at: all methods but `of` belong to one thread.

    Parameters
    ----------
    connection : Connection
        The store.
    session : str
        Name of the session.
    """

    def __init__(self, connection: Connection, session: str) -> None:
        self._connection, self._session = connection, session
        self._asked: dict[str, float] = {}
        self._watched: dict[str, Watched] = {}
        self._read_at = -math.inf
        self._chunks = BlockingReader(connection, {}, Chunk)
        self._windows = BlockingReader(connection, {}, FeatureWindow)

    def of(self, participant: str, now: float) -> Watched:
        """Return what is known of a participant, and see that more will be."""
        self._asked[participant] = now
        return self._watched.get(participant, Watched())

    def looked_at(self, now: float) -> list[str]:
        """Return the participants that somebody looks at."""
        return [participant for participant, asked in list(self._asked.items()) if now - asked <= LOOKED_S]

    def look(self, participant: str, infos: Mapping[str, StreamInfo], taken: Mapping[str, Taken]) -> "Begun":
        """Return what there is to begin with, of streams that are new or have become others; hand it to `begin`.

        Raises
        ------
        StoreLost
            The store does not answer.
        """
        known = self._watched.get(participant, Watched())
        begun = Begun()
        for stream, info in infos.items():
            how = _fitting(info, taken.get(stream))
            if info.use in MODALITIES and _changed(known.signals.get(stream), info, how):
                signal = Signal(info, how)
                key = keys.raw(self._session, participant, stream)
                begun.signals[stream] = signal, self._last_seconds(key, signal)
        for modality in {info.use for info in infos.values()} & set(MODALITIES) - known.windows.keys():
            begun.windows[modality] = self._last_windows(keys.features(self._session, participant, modality))
        return begun

    def begin(self, participant: str, begun: "Begun") -> None:
        """Keep what `look` returned, and follow it from there."""
        watched = self._watched.setdefault(participant, Watched())
        for stream, (signal, last_id) in begun.signals.items():
            watched.signals[stream] = signal
            self._chunks.follow(keys.raw(self._session, participant, stream), last_id)
        for modality, (windows, last_id) in begun.windows.items():
            watched.windows[modality] = windows
            self._windows.follow(keys.features(self._session, participant, modality), last_id)

    def read(self, now: float) -> tuple[list[Entry[Chunk]], list[Entry[FeatureWindow]]]:
        """Return what is new, if it is time to ask; it waits for nothing."""
        if now - self._read_at < PERIOD_S:
            return [], []
        self._read_at = now
        return _new(self._chunks), _new(self._windows)

    def take(self, chunks: Iterable[Entry[Chunk]], windows: Iterable[Entry[FeatureWindow]], now: float) -> None:
        """Take what `read` returned, and let go of what nobody looks at."""
        for chunk in chunks:
            participant, stream = keys.participant_of(chunk.key), chunk.key.rpartition(":raw:")[2]
            self._watched[participant].signals[stream].process(chunk.record)
        for window in windows:
            kept = self._watched[keys.participant_of(window.key)].windows[window.record.modality]
            kept.append(window.record)
            while kept[0].end < window.record.end - KEPT_S:
                kept.popleft()
        for watched in self._watched.values():
            for signal in watched.signals.values():
                signal.forget_views(now - LOOKED_S)
        self._let_go(self._watched.keys() - set(self.looked_at(now)))

    def close(self) -> None:
        """Close the connections."""
        self._chunks.close()
        self._windows.close()

    def _let_go(self, left: Set[str]) -> None:
        """Forget participants at whom nobody looks any longer."""
        if not left:
            return
        self._watched = {name: watched for name, watched in self._watched.items() if name not in left}
        for reader in (self._chunks, self._windows):
            reader.close()
        self._chunks = BlockingReader(self._connection, _but(left, self._chunks), Chunk)
        self._windows = BlockingReader(self._connection, _but(left, self._windows), FeatureWindow)

    def _last_seconds(self, key: str, signal: Signal) -> str:
        """Let a signal take what the ring holds of its last seconds; return the id of the newest entry."""
        backlog: list[Entry[Chunk]] = []
        for entry in newest_first(self._connection, key, Chunk, page=COUNT):
            times = entry.record.times + entry.record.offset
            backlog.append(entry)
            newest = backlog[0].record
            if len(times) and times[0] < newest.times[-1] + newest.offset - KEPT_S:
                break
        for entry in reversed(backlog):
            signal.process(entry.record)
        return backlog[0].id if backlog else START

    def _last_windows(self, key: str) -> tuple[deque[FeatureWindow], str]:
        backlog: list[Entry[FeatureWindow]] = []
        for entry in newest_first(self._connection, key, FeatureWindow, page=COUNT):
            backlog.append(entry)
            if entry.record.end < backlog[0].record.end - KEPT_S:
                break
        return deque(entry.record for entry in reversed(backlog)), backlog[0].id if backlog else START


@dataclass
class Begun:
    """What there is of streams and modalities to begin with, each with the id of its newest entry."""

    signals: dict[str, tuple[Signal, str]] = field(default_factory=dict)
    windows: dict[str, tuple[deque[FeatureWindow], str]] = field(default_factory=dict)


def _fitting(info: StreamInfo, taken: Taken | None) -> Taken | None:
    """Return how a stream is taken, unless that is said of another one that was there before."""
    return taken if taken is not None and max(taken.picks, default=-1) < len(info.ch_names) else None


def _changed(signal: Signal | None, info: StreamInfo, taken: Taken | None) -> bool:
    return signal is None or signal.info.kind != info.kind or _how(signal.taken) != _how(taken)


def _how(taken: Taken | None) -> tuple[object, ...]:
    if taken is None:
        return ()
    return (taken.picks, taken.ch_names, taken.unit, taken.scale.tolist(), taken.shift, taken.stamps, taken.delay_s)


def _new(reader: BlockingReader[R]) -> list[Entry[R]]:
    return reader.read(0) if reader.last_ids else []


def _but(left: Set[str], reader: BlockingReader[R]) -> dict[str, str]:
    return {key: last_id for key, last_id in reader.last_ids.items() if keys.participant_of(key) not in left}
