"""The session's board: what is known now of its processes, streams, grids, settings and model; and its events."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from pipeline.commands import Answer, Command, Recorded, Recording
from pipeline.log import get_log
from pipeline.records import Event, Grid, Record, StreamInfo
from pipeline.states import (
    Alarms,
    Asked,
    Chosen,
    Explained,
    Heartbeat,
    ModelInfo,
    Noted,
    ProcessHealth,
    Published,
    SessionInfo,
    StreamHealth,
    Taken,
)
from pipeline.store import keys
from pipeline.store.codec import decode, encode
from pipeline.store.connection import Connection
from pipeline.store.link import Link

R = TypeVar("R", bound=Record)

#: The store keeps about so many events and commands.
MAX_EVENTS: Final = 10_000
#: While the store is lost, at most so many events and commands wait for it.
MAX_WAITING: Final = 1_000
#: A store that came back empty is told again what happened in so long (s): not everybody may have read it.
HOLD_S: Final = 60.0

_log = get_log("store")


class Board:
    """Writes and reads the single records of a session.

    What this process has put is kept, and put again into a store that comes back empty, with the events of the last
    minute: whoever had read them already knows them again by `Event.identity`. While the store is lost, puts and events
    wait here; `flush` (or the next put) hands them over. Reading raises `StoreLost` then. May be used by many threads.

    Parameters
    ----------
    connection : Connection
        The store.
    session : str
        Name of the session.
    clock : callable
        Seconds, only ever rising.
    """

    def __init__(self, connection: Connection, session: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._session = session
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str | None], bytes] = {}
        self._changed: dict[tuple[str, str | None], None] = {}
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._clock = clock
        self._said: deque[tuple[float, bytes]] = deque(maxlen=MAX_WAITING)
        """When an event was said, and the event."""
        self._link = Link(connection, self._resume, what="board", clock=clock)

    @property
    def lost(self) -> bool:
        """Whether the store did not answer the last write."""
        return self._link.lost

    def put_session(self, info: SessionInfo) -> None:
        """Say what the session is."""
        self._put(keys.info(self._session), None, info)

    def session(self) -> SessionInfo | None:
        """Return what the session is, None before it is known."""
        return self._get(keys.info(self._session), SessionInfo)

    def put_model(self, model: ModelInfo) -> None:
        """Say what the model is."""
        self._put(keys.model(self._session), None, model)

    def model(self) -> ModelInfo | None:
        """Return what the model is, None before it is ready."""
        return self._get(keys.model(self._session), ModelInfo)

    def put_chosen(self, chosen: Chosen) -> None:
        """Say which model is to estimate."""
        self._put(keys.chosen(self._session), None, chosen)

    def chosen(self) -> Chosen | None:
        """Return which model is to estimate, None before it is known."""
        return self._get(keys.chosen(self._session), Chosen)

    def put_recording(self, recording: Recording) -> None:
        """Say whether the session is recorded."""
        self._put(keys.recording(self._session), None, recording)

    def recording(self) -> Recording | None:
        """Return whether the session is recorded, None before it is known."""
        return self._get(keys.recording(self._session), Recording)

    def put_recorded(self, recorded: Recorded) -> None:
        """Say what has reached the disk."""
        self._put(keys.recorded(self._session), None, recorded)

    def recorded(self) -> Recorded | None:
        """Return what has reached the disk, None before anything has."""
        return self._get(keys.recorded(self._session), Recorded)

    def put_alarms(self, alarms: Alarms) -> None:
        """Say which alarms sound."""
        self._put(keys.alarms(self._session), None, alarms)

    def alarms(self) -> Alarms | None:
        """Return which alarms sound, None before the first."""
        return self._get(keys.alarms(self._session), Alarms)

    def put_noted(self, noted: Noted) -> None:
        """Say how far the notes have been sent over LSL."""
        self._put(keys.noted(self._session), None, noted)

    def noted(self) -> Noted | None:
        """Return how far the notes have been sent over LSL, None before the first."""
        return self._get(keys.noted(self._session), Noted)

    def put_grid(self, participant: str, grid: Grid) -> None:
        """Set a participant's tick grid."""
        self._put(keys.grid(self._session, participant), None, grid)

    def grid(self, participant: str) -> Grid | None:
        """Return a participant's tick grid, None before tick 0 is set."""
        return self._get(keys.grid(self._session, participant), Grid)

    def put_explained(self, participant: str, explained: Explained) -> None:
        """Say what an estimate of a participant was made of."""
        self._put(keys.explained(self._session, participant), None, explained)

    def explained(self, participant: str) -> Explained | None:
        """Return what an estimate of a participant was made of, None before anybody asked."""
        return self._get(keys.explained(self._session, participant), Explained)

    def put_asked(self, participant: str, asked: Asked) -> None:
        """Ask what a participant's estimates are made of."""
        self._put(keys.asked(self._session, participant), None, asked)

    def asked(self, participant: str) -> Asked | None:
        """Return when it was last asked what a participant's estimates are made of."""
        return self._get(keys.asked(self._session, participant), Asked)

    def put_published(self, participant: str, published: Published) -> None:
        """Say how far a participant's estimates have been sent over LSL."""
        self._put(keys.published(self._session, participant), None, published)

    def published(self, participant: str) -> Published | None:
        """Return how far a participant's estimates have been sent over LSL, None before the first."""
        return self._get(keys.published(self._session, participant), Published)

    def put_stream(self, participant: str, info: StreamInfo) -> None:
        """Say what a stream of a participant is."""
        self._put(keys.streams(self._session, participant), info.stream, info)

    def streams(self, participant: str) -> dict[str, StreamInfo]:
        """Return stream -> what it says of itself, for the streams found so far."""
        fields = self._connection.fields(keys.streams(self._session, participant))
        return {name: decode(data, StreamInfo) for name, data in sorted(fields.items())}

    def put_taken(self, participant: str, taken: Taken) -> None:
        """Say how the processing takes a stream of a participant."""
        self._put(keys.taken(self._session, participant), taken.stream, taken)

    def taken(self, participant: str) -> dict[str, Taken]:
        """Return stream -> how the processing takes it, for the streams that it has taken up."""
        fields = self._connection.fields(keys.taken(self._session, participant))
        return {name: decode(data, Taken) for name, data in sorted(fields.items())}

    def put_process(self, health: ProcessHealth) -> None:
        """Say how a process is doing."""
        self._put(keys.health(self._session), f"process:{health.kind}:{health.what}", health)

    def processes(self) -> list[ProcessHealth]:
        """Return how each process is doing."""
        return self._health("process:", ProcessHealth)

    def put_heartbeat(self, kind: str, what: str, beat: Heartbeat) -> None:
        """Prove that a worker is alive."""
        self._put(keys.health(self._session), f"alive:{kind}:{what}", beat)

    def heartbeats(self) -> dict[tuple[str, str], Heartbeat]:
        """Return (kind, what) -> newest proof of life of the workers."""
        found = {}
        for field, data in self._connection.fields(keys.health(self._session)).items():
            alive, _, name = field.partition(":")
            if alive == "alive":
                kind, _, what = name.partition(":")
                found[kind, what] = decode(data, Heartbeat)
        return found

    def put_stream_health(self, health: StreamHealth) -> None:
        """Say how a stream is doing."""
        self._put(keys.health(self._session), f"stream:{health.stream}", health)

    def stream_health(self) -> list[StreamHealth]:
        """Return how each stream is doing."""
        return self._health("stream:", StreamHealth)

    def append_event(self, event: Event) -> None:
        """Append an event; follow them with a `BlockingReader` of ``keys.events``."""
        with self._lock:
            self._said.append((self._clock(), encode(event)))
        self._append(keys.events(self._session), event)

    def append_command(self, command: Command) -> None:
        """Append a command; follow them with a `BlockingReader` of ``keys.commands``."""
        self._append(keys.commands(self._session), command)

    def append_answer(self, answer: Answer) -> None:
        """Append what came of a command; follow them with a `BlockingReader` of ``keys.answers``."""
        self._append(keys.answers(self._session), answer)

    def flush(self) -> bool:
        """Hand over what waits; return whether the store has everything now.

        Call it every second or so where puts are rare: so a store that came back empty is noticed and filled.
        """
        with self._lock:
            return self._link.run(self._send)

    def close(self) -> None:
        """Hand over what can be handed over and close the connection."""
        with self._lock:
            self._link.run(self._send)
            self._link.close()

    def _put(self, key: str, field: str | None, record: Record) -> None:
        with self._lock:
            self._values[key, field] = encode(record)
            self._changed[key, field] = None
            self._link.run(self._send)

    def _append(self, key: str, record: Record) -> None:
        with self._lock:
            self._waiting.append((key, encode(record)))
            if len(self._waiting) > MAX_WAITING:
                key, _ = self._waiting.popleft()
                _log.error("the store is lost for too long: the oldest event or command is given up", key=key)
            self._link.run(self._send)

    def _get(self, key: str, kind: type[R]) -> R | None:
        data = self._connection.get(key)
        return None if data is None else decode(data, kind)

    def _health(self, prefix: str, kind: type[R]) -> list[R]:
        fields = self._connection.fields(keys.health(self._session))
        return [decode(data, kind) for field, data in sorted(fields.items()) if field.startswith(prefix)]

    def _resume(self, store: Connection) -> None:
        self._changed = dict.fromkeys(self._values)
        # The answer to what was sent last may have been lost: the store then has it already.
        events, since = keys.events(self._session), self._clock() - HOLD_S
        said = [(events, data) for time, data in self._said if time >= since and (events, data) not in self._waiting]
        waiting = [*said, *self._waiting]
        streams = {key for key, _ in waiting}
        stored = {(key, data) for key in streams for _, data in store.backwards(key, count=MAX_EVENTS)}
        self._waiting = deque(entry for entry in waiting if entry not in stored)

    def _send(self, store: Connection) -> None:
        if not self._changed and not self._waiting:
            store.ping()
        for key, field in list(self._changed):
            data = self._values[key, field]
            if field is None:
                store.put(key, data)
            else:
                store.put_field(key, field, data)
            del self._changed[key, field]
        while self._waiting:
            key, data = self._waiting[0]
            store.add(key, "*", data, max_len=MAX_EVENTS)
            self._waiting.popleft()
