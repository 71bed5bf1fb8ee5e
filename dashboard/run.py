"""One run of a session as far as it has been read: each participant's last minutes, and what is known now."""

import math
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dashboard import controlled, used
from dashboard.encoding import encoded
from dashboard.history import KEPT_S, History, Minutes, add_estimate, add_state, add_use
from dashboard.picture import Sent, compose
from dashboard.rating import Ratings
from dashboard.signals.choice import Choice
from dashboard.signals.compose import SentSignals
from dashboard.signals.compose import compose as compose_signals
from dashboard.signals.watched import Watching
from dashboard.situation import Situation, amiss_since
from pipeline.commands import Recorded, Recording, recording_state
from pipeline.records import Chunk, Estimate, Event, StreamInfo
from pipeline.session.models import offered
from pipeline.session.ratings import TrialRating
from pipeline.states import Alarm, Asked, Chosen, Explained, ModelInfo, ProcessHealth, SessionInfo, StreamHealth
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection
from pipeline.store.ids import START
from pipeline.store.ring import BlockingReader, tail
from pipeline.streams.clock import local_clock

#: LSL type of a stream that says what a simulated participant's state is.
STATE_TYPE: Final = "EmotionState"
#: For each participant.
EVENTS_KEPT: Final = 50
#: Whoever looks at what estimates are made of looks again within this time (s).
ASKED_S: Final = 2.5
#: An update that was made for one viewer is good for another for so long (s), unless something new came.
MADE_S: Final = 0.05


@dataclass
class _Participant:
    minutes: Minutes = field(default_factory=Minutes)
    newest: Estimate | None = None
    asked: float = -math.inf
    """When somebody last looked at what the estimates are made of (s)."""
    explained: Explained | None = None
    amiss_since: dict[str, dict[str, float]] = field(default_factory=dict)
    infos: dict[str, StreamInfo] = field(default_factory=dict)
    state_columns: list[int] = field(default_factory=list)
    """The channel of the simulated state that stands for each of the model's emotions."""


@dataclass(frozen=True)
class _Made:
    """An update that was made for whoever had been sent the same."""

    at: float
    """When (s, LSL clock)."""
    update: bytes
    sent: Sent


class Run:
    """Reads one run of a session for all viewers: `read` and `look` belong to one thread, `update` to all.

    Parameters
    ----------
    connection : Connection
        The store.
    session : SessionInfo
        What the session is.
    epoch : float
        Epoch time (s) of the LSL clock's zero.

    Raises
    ------
    StoreLost
        The store does not answer.
    """

    def __init__(self, connection: Connection, session: SessionInfo, epoch: float) -> None:
        self.session = session
        self._epoch = epoch
        self._ahead_s = 0.0
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, Sent | None], _Made] = {}
        self._participants = {participant: _Participant() for participant in session.participants}
        self._keys = {keys.estimates(session.session, participant): participant for participant in session.participants}
        self._model: ModelInfo | None = None
        self._chosen: Chosen | None = None
        self._offered: dict[str, str] = {}
        self._recording: Recording | None = None
        self._recorded: Recorded | None = None
        self._processes: tuple[ProcessHealth, ...] = ()
        self._streams: tuple[StreamHealth, ...] = ()
        self._alarms: tuple[Alarm, ...] = ()
        self._restarted: dict[tuple[str, str], float] = {}
        self._ratings = Ratings(session)
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT * len(session.participants))
        self._happened = BlockingReader(connection, {keys.events(session.session): START}, Event)
        self._states = BlockingReader(connection, {}, Chunk)
        self._estimates = BlockingReader(connection, {}, Estimate)
        self._watching = Watching(connection, session.session)
        for key, participant in self._keys.items():
            backlog = tail(connection, key, Estimate, round(KEPT_S / session.hop_s))
            for entry in backlog:
                if entry.record.model_hash == backlog[-1].record.model_hash:
                    self._take_estimate(participant, entry.record)
            self._estimates.follow(key, backlog[-1].id if backlog else START)

    def read(self, timeout_s: float) -> set[str]:
        """Wait for estimates, at most so long (s), and take them with whatever else is new; return of whom they are."""
        estimates = self._estimates.read(timeout_s)
        happened = self._happened.read(0)
        states = self._states.read(0) if self._states.last_ids else []
        now = local_clock()
        chunks, windows = self._watching.read(now)
        with self._lock:
            self._watching.take(chunks, windows, now)
            for estimate in estimates:
                self._take_estimate(self._keys[estimate.key], estimate.record)
            for state in states:
                self._take_state(self._keys[state.key], state.record)
            self._ratings.take(event.record for event in happened)
            known = {event.identity for event in self._events}  # a store that came back empty is told some again
            self._events.extend(event.record for event in happened if event.record.identity not in known)
            self._made.clear()
        return {self._keys[estimate.key] for estimate in estimates}

    def look(self, board: Board, now: float, ahead_s: float) -> None:
        """Take what the session's board says, and how far the host's wall clock has gone from `epoch` (s).

        Raises
        ------
        StoreLost
            The store does not answer.
        """
        chosen, model, processes, streams = board.chosen(), board.model(), board.processes(), board.stream_health()
        recording, recorded, alarms = board.recording(), board.recorded(), board.alarms()
        offers = offered(chosen) if chosen is not None and recording_state(recording, recorded) == "set-up" else {}
        explained = {participant: self._explained(board, participant, now) for participant in self._participants}
        infos = {participant: board.streams(participant) for participant in self._participants}
        begun = {
            name: self._watching.look(name, infos[name], board.taken(name)) for name in self._watching.looked_at(now)
        }
        with self._lock:
            self._made.clear()
            self._ahead_s = ahead_s
            for participant, signals in begun.items():
                self._watching.begin(participant, signals)
            self._note_restarts(processes, now)
            # A store that came back empty is filled again by its writers: until then what was known stays.
            self._note_model(model)
            self._chosen = chosen or self._chosen
            self._offered = offers
            self._recording, self._recorded = recording or self._recording, recorded or self._recorded
            self._alarms = alarms.sounding if alarms is not None else self._alarms
            self._processes = tuple(processes) or self._processes
            self._streams = tuple(streams) or self._streams
            for participant, known in self._participants.items():
                known.infos = infos[participant] or known.infos
                known.explained = explained[participant] or known.explained
                self._find_state(participant, known)

    def update(self, participant: str, now: float, fault: str, sent: Sent | None) -> tuple[bytes, Sent]:
        """Return what a page that has been sent so much is to be sent now; see `dashboard.picture.compose`.

        Viewers who have been sent the same are sent the same again, made once.
        """
        with self._lock:
            made = self._made.get((participant, fault, sent))
            if made is None or now - made.at > MADE_S:
                situation, minutes = self._situation(participant, now, fault), self._participants[participant].minutes
                update, having = compose(situation, minutes, self._epoch, sent)
                made = self._made[participant, fault, sent] = _Made(now, encoded(update), having)
            return made.update, made.sent

    def used(self, participant: str, now: float, fault: str) -> dict[str, Any]:
        """Return what the page is to be sent now that shows what the model used; see `dashboard.used.compose`."""
        with self._lock:
            known = self._participants[participant]
            known.asked = now
            situation = self._situation(participant, now, fault)
            return used.compose(situation, list(known.minutes.uses), known.explained, self._epoch)

    def control(self, participant: str, now: float, fault: str) -> dict[str, Any]:
        """Return what the control page is to be sent now; see `dashboard.controlled.compose`."""
        with self._lock:
            unrated = self._ratings.unrated(self._recording)
            return controlled.compose(self._situation(participant, now, fault), self._epoch, unrated)

    def signals(
        self, participant: str, now: float, fault: str, choice: Choice, sent: SentSignals | None
    ) -> tuple[dict[str, Any], SentSignals]:
        """Return what the page of signals is to be sent now; see `dashboard.signals.compose`."""
        with self._lock:
            watched = self._watching.of(participant, now)
            return compose_signals(self._situation(participant, now, fault), watched, choice, self._epoch, sent)

    def rating(self, participant: str) -> dict[str, Any]:
        """Return what a participant's own page is to be sent now; see `dashboard.rating.Ratings.page`."""
        with self._lock:
            return self._ratings.page(participant, self._recording, self._epoch)

    def rated(self, participant: str, said: Mapping[str, Any]) -> TrialRating | None:
        """Return what such a page says was rated; see `dashboard.rating.Ratings.rating`."""
        with self._lock:
            return self._ratings.rating(participant, self._recording, said)

    def note_rated(self, rating: TrialRating) -> None:
        """Take it that a trial is rated."""
        with self._lock:
            self._ratings.note(rating)

    def close(self) -> None:
        """Close the connections."""
        for reader in (self._estimates, self._states, self._happened, self._watching):
            reader.close()

    def _situation(self, participant: str, now: float, fault: str) -> Situation:
        known = self._participants[participant]
        return Situation(
            now=now,
            ahead_s=self._ahead_s,
            participant=participant,
            store_fault=fault,
            session=self.session,
            recording=self._recording,
            recorded=self._recorded,
            model=self._model,
            chosen=self._chosen,
            offered=self._offered,
            newest=known.newest,
            streams={health.stream.partition("/")[2]: health for health in self._streams_of(participant)},
            infos=known.infos,
            processes=self._processes,
            restarted=dict(self._restarted),
            events=tuple(self._events),
            alarms=tuple(sorted(self._alarms, key=lambda alarm: alarm.participant != participant)),
            amiss_since=known.amiss_since,
        )

    def _explained(self, board: Board, participant: str, now: float) -> Explained | None:
        """Ask what a participant's estimates are made of while somebody looks at it, and return what is known."""
        if now - self._participants[participant].asked > ASKED_S:
            return None
        board.put_asked(participant, Asked(now))
        return board.explained(participant)

    def _streams_of(self, participant: str) -> list[StreamHealth]:
        return [health for health in self._streams if health.stream.partition("/")[0] == participant]

    def _take_estimate(self, participant: str, estimate: Estimate) -> None:
        known = self._participants[participant]
        known.newest = estimate
        known.amiss_since = amiss_since(known.amiss_since, estimate)
        add_use(known.minutes.uses, estimate, epoch=self._epoch)
        blind = self.session.display == "blind"
        add_estimate(known.minutes.estimates, estimate, epoch=self._epoch, blind=blind)

    def _note_model(self, model: ModelInfo | None) -> None:
        """Take it that this model estimates; the estimates of another one do not belong beside its mean label."""
        before, self._model = self._model, model or self._model
        if before is not None and self._model.model_hash != before.model_hash:
            for known in self._participants.values():
                known.minutes.estimates, known.minutes.uses = History(), deque()
                known.newest, known.explained, known.amiss_since = None, None, {}

    def _take_state(self, participant: str, chunk: Chunk) -> None:
        known = self._participants[participant]
        if known.minutes.state is not None:
            add_state(known.minutes.state, chunk, known.state_columns, epoch=self._epoch)

    def _note_restarts(self, processes: list[ProcessHealth], now: float) -> None:
        before = {(process.kind, process.what): process.restarts for process in self._processes}
        for process in processes:
            if process.restarts > before.get((process.kind, process.what), process.restarts):
                self._restarted[process.kind, process.what] = now

    def _find_state(self, participant: str, known: _Participant) -> None:
        """Begin to follow the simulated state once it is there and has a channel for each of the model's emotions."""
        if known.minutes.state is not None or self._model is None or self.session.display == "blind":
            return
        for stream, info in known.infos.items():
            if info.type == STATE_TYPE and info.sfreq and set(self._model.emotions) <= set(info.ch_names):
                known.state_columns = [info.ch_names.index(emotion) for emotion in self._model.emotions]
                known.minutes.state = History()
                known.minutes.state_hop_s = 1 / info.sfreq
                key = keys.raw(self.session.session, participant, stream)
                self._keys[key] = participant
                self._states.follow(key)
                return
