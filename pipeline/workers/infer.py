"""The infer worker: joins the modalities of a tick, runs the model on whatever ticks are ready, stores estimates.

Which windows a tick has is decided in preprocessing: every modality sends every tick exactly once, if only to say
that it is missing. So a tick is ready when all have sent theirs, and nothing here waits for a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model.header import model_path
from model.predictor import Prediction, Predictor
from pipeline.records import Array, Estimate, FeatureWindow, ModalityUse, ModelInfo, array
from pipeline.store import ids, keys
from pipeline.store.lease import Lease
from pipeline.store.ring import BlockingReader, last
from pipeline.store.writer import ESTIMATES_RETENTION_S, StreamWriter
from pipeline.streams.clock import local_clock
from pipeline.workers.context import RENEW_EVERY_S, Every, WorkerContext, leased, worker_main


@dataclass
class Join:
    """The windows of one participant that wait for the rest of their tick, or for a later tick to be whole."""

    modalities: tuple[str, ...]
    next_tick: int
    waiting: dict[int, dict[str, FeatureWindow]] = field(default_factory=dict)

    def add(self, window: FeatureWindow) -> dict[str, FeatureWindow] | None:
        """Take a window; return the tick's windows when they are complete."""
        if window.tick < self.next_tick:
            return None
        tick = self.waiting.setdefault(window.tick, {})
        tick[window.modality] = window
        if len(tick) < len(self.modalities):
            return None
        self.next_tick = window.tick + 1
        self.waiting = {number: windows for number, windows in self.waiting.items() if number >= self.next_tick}
        return tick


@dataclass(frozen=True)
class Ready:
    """One tick of one participant that can be estimated."""

    participant: str
    windows: dict[str, FeatureWindow]


def estimates_of(predictor: Predictor, ready: list[dict[str, FeatureWindow]]) -> tuple[Prediction, Array]:
    """Run the model on the windows of several ticks.

    Parameters
    ----------
    predictor : Predictor
        The model.
    ready : list of dict
        For each tick, modality -> window.

    Returns
    -------
    Prediction
        One row a tick.
    ndarray
        bool ``(n_ticks, n_modalities)``: which modalities of the model were used.
    """
    modalities = predictor.header.modalities
    present = np.zeros((len(ready), len(modalities)), bool)
    features = {name: np.zeros((len(ready), 2, *m.shape), np.float32) for name, m in modalities.items()}
    for row, windows in enumerate(ready):
        for column, name in enumerate(modalities):
            window = windows.get(name)
            if window is not None and np.isfinite(window.features).all():
                present[row, column] = True
                features[name][row] = window.features
    return predictor.predict(features, present), present


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
        self._predictor = predictor
        header = predictor.header
        self._mean_label = array(header.mean_label)
        context.board.put_model(
            ModelInfo(
                emotions=header.emotions,
                mean_label=self._mean_label,
                model_hash=self._predictor.model_hash,
                description=header.training.description,
                demonstration=header.demonstration,
                device=self._predictor.device,
            )
        )
        self._joins: dict[str, Join] = {}
        self._writers: dict[str, StreamWriter] = {}
        follow: dict[str, str] = {}
        self._participant_of: dict[str, str] = {}
        for name, lease in leases.items():
            participant = context.settings.participants[name]
            key = keys.estimates(context.session, name)
            newest = last(context.connection, key, Estimate)
            stored = -1 if newest is None else newest.record.tick
            modalities = tuple(m for m in header.modalities if m in participant.modality_streams())
            self._joins[name] = Join(modalities, stored + 1)
            self._writers[name] = StreamWriter(context.connection, key, retention_s=ESTIMATES_RETENTION_S, lease=lease)
            for modality in modalities:
                source = keys.features(context.session, name, modality)
                follow[source] = ids.tick_id(stored)
                self._participant_of[source] = name
        self._reader = BlockingReader(context.connection, follow, FeatureWindow)
        context.log.info("ready", device=self._predictor.device, model=self._predictor.model_hash[:12])

    def step(self) -> None:
        """Wait for windows, and estimate every tick that they complete."""
        self._context.pulse.beat()
        if self._renew_due.due(local_clock()):
            for lease in self._leases.values():
                lease.renew()
        ready: list[Ready] = []
        for entry in self._reader.read(0.25):
            participant = self._participant_of[entry.key]
            windows = self._joins[participant].add(entry.record)
            if windows is not None:
                ready.append(Ready(participant, windows))
        if ready:
            self._estimate(ready)

    def close(self) -> None:
        """Hand over what waits."""
        for writer in self._writers.values():
            writer.close()
        self._reader.close()
        for lease in self._leases.values():
            lease.release()

    def _estimate(self, ready: list[Ready]) -> None:
        begun = local_clock()
        prediction, present = estimates_of(self._predictor, [tick.windows for tick in ready])
        done = local_clock()
        for row, tick in enumerate(ready):
            estimate = self._record(tick, prediction, present, row, begun, done)
            self._writers[tick.participant].append(ids.tick_id(estimate.tick), estimate)

    def _record(
        self, tick: Ready, prediction: Prediction, present: Array, row: int, begun: float, done: float
    ) -> Estimate:
        windows = list(tick.windows.values())
        modalities = self._predictor.header.modalities
        return Estimate(
            tick=windows[0].tick,
            time=windows[0].end,
            distribution=array(prediction.distribution[row]),
            low=array(prediction.low[row]),
            high=array(prediction.high[row]),
            mean_label=self._mean_label,
            modalities={
                name: _use(tick.windows[name], float(prediction.weights[row, column]), bool(present[row, column]))
                for column, name in enumerate(modalities)
                if name in tick.windows
            },
            abstained=bool(prediction.abstained[row]),
            reason=_reason(prediction.reasons[row], windows),
            stages=_stages(windows, begun, done),
            model_hash=self._predictor.model_hash,
        )


def _use(window: FeatureWindow, weight: float, used: bool) -> ModalityUse:
    return ModalityUse(
        weight, window.valid, window.quality, used, window.reasons, window.segment, window.first, window.last
    )


def _reason(reason: str, windows: list[FeatureWindow]) -> str:
    """Join the model's reason with what the windows lack."""
    lacks = [f"{window.modality}: {', '.join(window.reasons)}" for window in windows if window.reasons]
    return "; ".join([reason, *lacks] if reason else lacks)


def _stages(windows: list[FeatureWindow], begun: float, done: float) -> dict[str, float]:
    """Return the seconds that each stage took; without any sample used, from the tick's own time on."""
    end = windows[0].end
    arrival = max((window.arrival for window in windows if window.arrival is not None), default=end)
    made = max((window.made for window in windows if window.made is not None), default=arrival)
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
