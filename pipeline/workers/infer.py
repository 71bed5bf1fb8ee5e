"""The infer worker: joins the modalities of a tick, runs the model on whatever ticks are ready, stores estimates.

Which windows a tick has is decided in preprocessing: every modality sends every tick exactly once, if only to say
that it is missing. So a tick is ready when all have sent theirs, and nothing here waits for a clock.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from model.estimating import Join, estimate_of, estimates_of, explained
from model.header import model_path
from model.predictor import Predictor, devices
from pipeline.records import Event, FeatureWindow, array
from pipeline.signals.windows import usable
from pipeline.states import ModelInfo
from pipeline.store import ids, keys
from pipeline.store.connection import StoreLost
from pipeline.store.lease import Lease
from pipeline.store.retention import Acknowledged
from pipeline.store.ring import BlockingReader
from pipeline.store.writer import ESTIMATES_RETENTION_S, StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.workers.context import RENEW_EVERY_S, Every, WorkerContext, leased, worker_main

#: At most this often it is said what an estimate is made of (s).
EXPLAIN_EVERY_S: Final = 1.0
#: Whoever looks at that asks again within this time (s).
ASKED_S: Final = 3.0


@dataclass(frozen=True)
class Ready:
    """One tick of one participant that can be estimated."""

    participant: str
    windows: dict[str, FeatureWindow]


class Infer:
    """Estimate the ticks of participants of a session.

    Parameters
    ----------
    context : WorkerContext
        For all participants.
    predictor : Predictor
        The model, warm: to load it takes longer than a lease holds.
    leases : mapping of str to Lease
        Participant -> what makes this the one worker that estimates for them.
    """

    def __init__(self, context: WorkerContext, predictor: Predictor, leases: Mapping[str, Lease]) -> None:
        self._context = context
        self._leases = leases
        self._renew_due = Every(RENEW_EVERY_S)
        self._explain_due = Every(EXPLAIN_EVERY_S)
        self._predictor = predictor
        header = predictor.header
        context.board.put_model(
            ModelInfo(
                emotions=header.emotions,
                mean_label=array(header.mean_label),
                model_hash=self._predictor.model_hash,
                description=header.description,
                demonstration=header.demonstration,
                device=self._predictor.device,
                family=header.family,
                devices=devices(),
            )
        )
        self._joins: dict[str, Join] = {}
        self._writers: dict[str, StreamWriter] = {}
        follow: dict[str, str] = {}
        self._participant_of: dict[str, str] = {}
        for name, lease in leases.items():
            participant = context.settings.participants[name]
            key = keys.estimates(context.session, name)
            modalities = tuple(m for m in header.modalities if m in participant.modality_streams())
            self._writers[name] = writer = StreamWriter(
                context.connection, key, retention_s=ESTIMATES_RETENTION_S, alarm=self._alarm, lease=lease
            )
            stored = writer.take_over_ticks(context.settings.hop_s)
            self._joins[name] = Join(modalities, stored + 1)
            for modality in modalities:
                source = keys.features(context.session, name, modality)
                follow[source] = ids.tick_id(stored)
                self._participant_of[source] = name
        self._reader = BlockingReader(context.connection, follow, FeatureWindow)
        self._acknowledged = Acknowledged(context.connection, "infer")
        context.log.info("ready", device=self._predictor.device, model=self._predictor.model_hash[:12])

    def step(self) -> None:
        """Wait for windows, and estimate every tick that they complete."""
        self._context.pulse.beat()
        if self._renew_due.due(local_clock()):
            for lease in self._leases.values():
                lease.renew()
            self._acknowledge()
        ready: list[Ready] = []
        for entry in self._reader.read(0.25):
            participant = self._participant_of[entry.key]
            windows = self._joins[participant].add(entry.record)
            if windows is not None:
                ready.append(Ready(participant, windows))
        if ready:
            self._estimate(ready)
            if self._explain_due.due(local_clock()):
                self._explain(ready)

    def close(self) -> None:
        """Hand over what waits."""
        for writer in self._writers.values():
            writer.close()
        self._reader.close()
        self._acknowledged.close()
        for lease in self._leases.values():
            lease.release()

    def _acknowledge(self) -> None:
        """Say which windows are needed no more: those whose estimates are stored."""
        read = {
            key: ids.tick_id(self._joins[name].next_tick - 1)
            for key, name in self._participant_of.items()
            if not self._writers[name].unsent
        }
        self._acknowledged.put(read)

    def _alarm(self, sentence: str) -> None:
        self._context.board.append_event(Event(local_clock(), "alarm", sentence, "infer"))

    def _estimate(self, ready: list[Ready]) -> None:
        begun = local_clock()
        prediction, present = estimates_of(self._predictor, [tick.windows for tick in ready])
        done = local_clock()
        for row, tick in enumerate(ready):
            stages = stages_of(list(tick.windows.values()), begun, done)
            estimate = estimate_of(self._predictor, tick.windows, prediction, present, row, stages)
            self._writers[tick.participant].append(ids.tick_id(estimate.tick), estimate)

    def _explain(self, ready: list[Ready]) -> None:
        """Say what the newest estimates are made of, where somebody looks at that; they are stored already."""
        board = self._context.board
        for participant, tick in {tick.participant: tick.windows for tick in ready}.items():
            try:
                asked = board.asked(participant)
            except StoreLost:
                return  # nobody can look meanwhile; estimates wait for the store, and so need no new process
            if asked is not None and local_clock() - asked.time < ASKED_S and any(map(usable, tick.values())):
                board.put_explained(participant, explained(self._predictor, tick))


def stages_of(windows: list[FeatureWindow], begun: float, done: float) -> dict[str, float]:
    """Return the seconds that each stage took, one after the other; without any sample used, from the tick's time on.

    Parameters
    ----------
    windows : list of FeatureWindow
        The windows of one tick.
    begun, done : float
        When the model began and had the estimate (s).
    """
    end = windows[0].end
    newest = max(windows, key=lambda window: -math.inf if window.arrival is None else window.arrival)
    arrival = end if newest.arrival is None else newest.arrival
    made = arrival if newest.made is None else newest.made
    return {
        "arrival": arrival - end,
        "features": made - arrival,
        "join": begun - made,
        "inference": done - begun,
        "latency": done - arrival,
    }


def run(context: WorkerContext) -> None:
    """Estimate until asked to stop."""
    predictor = Predictor.load(model_path(context.settings.model), context.settings.device)
    predictor.warm_up()
    leases = {name: leased(context, "infer", name) for name in context.settings.participants}
    held = {name: lease for name, lease in leases.items() if lease is not None}
    if len(held) < len(leases):
        return
    worker = Infer(context, predictor, held)
    while not context.stop.is_set():
        worker.step()
    worker.close()


if __name__ == "__main__":
    worker_main("infer", run)
