"""From the feature windows of a tick to an estimate: what the live worker and a recomputation share."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from model.data.parallel import cores, process_pool
from model.predictor import Prediction, Predictor
from pipeline.records import Array, Estimate, FeatureWindow, ModalityUse, array
from pipeline.signals.windows import usable
from pipeline.states import Explained

#: Ticks from which the start of other processes is paid back.
SPREAD_FROM: Final = 2048
#: Ticks that are handed to another process, or estimated between two steps of progress; no result depends on it.
_AT_ONCE: Final = 64

#: The windows of one tick, by modality.
Tick: TypeAlias = dict[str, FeatureWindow]


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
        del self.waiting[window.tick]
        if window.tick > self.next_tick:
            self.waiting = {number: windows for number, windows in self.waiting.items() if number > window.tick}
        self.next_tick = window.tick + 1
        return tick


def estimates_of(predictor: Predictor, ready: Sequence[Tick]) -> tuple[Prediction, Array]:
    """Run the model on the windows of several ticks.

    Parameters
    ----------
    predictor : Predictor
        The model.
    ready : sequence of dict
        For each tick, modality -> window.

    Returns
    -------
    Prediction
        One row a tick.
    ndarray
        bool ``(n_ticks, n_modalities)``: which modalities of the model were used.
    """
    features, present = _given(predictor, ready)
    return predictor.predict(features, present), present


def explained(predictor: Predictor, tick: Tick) -> Explained:
    """Say what the estimate of one tick is made of; costs a forward pass.

    Parameters
    ----------
    predictor : Predictor
        The model.
    tick : dict
        Modality -> window, at least one of the model's.
    """
    found = predictor.explain(*_given(predictor, [tick]))
    window = next(iter(tick.values()))
    plan = None if found.plan is None else array(found.plan)
    return Explained(window.tick, window.end, plan, found.carried, array(found.correlation), predictor.model_hash)


def _given(predictor: Predictor, ready: Sequence[Tick]) -> tuple[dict[str, Array], Array]:
    """Return what the model is given of ticks: each modality's features, and which are used."""
    modalities = predictor.header.modalities
    present = np.zeros((len(ready), len(modalities)), bool)
    features = {name: np.zeros((len(ready), 2, *m.shape), np.float32) for name, m in modalities.items()}
    for row, windows in enumerate(ready):
        for column, name in enumerate(modalities):
            window = windows.get(name)
            if window is not None and usable(window):
                present[row, column] = True
                features[name][row] = window.features
    return features, present


class Helpers:
    """Processes that estimate beside this one, on the CPU's other cores; none before `start`.

    Parameters
    ----------
    checkpoint : Path
        The model's file, from which each loads it.
    """

    def __init__(self, checkpoint: Path) -> None:
        self._checkpoint = checkpoint
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> None:
        """Have them load the model, unless they have or there is one core only; does not wait for them."""
        if self._pool is None and cores() > 1:
            self._pool = process_pool(cores() - 1)
            for _ in range(1, cores()):
                self._pool.submit(_warm_up, self._checkpoint)

    def submit(self, features: dict[str, Array], present: Array) -> "Future[Prediction] | None":
        """Have one of them run the model; None where there are none."""
        return None if self._pool is None else self._pool.submit(_predict, self._checkpoint, features, present)

    def __enter__(self) -> "Helpers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


class Estimating:
    """Estimate many ticks at which no clock ran, while they are still being made; the bits are those of single ones.

    Where many are expected, a model on the CPU works on all cores: in its helpers from the beginning, and in this
    process as soon as all ticks are there.

    Parameters
    ----------
    predictor : Predictor
        The model.
    helpers : Helpers
        Of the same model; started if need be.
    expected : int
        How many ticks will come, more or less.
    spread_from : int
        Ticks from which other processes are started.
    """

    def __init__(
        self, predictor: Predictor, helpers: Helpers, expected: int, *, spread_from: int = SPREAD_FROM
    ) -> None:
        self._predictor = predictor
        self._helpers = helpers if predictor.device == "cpu" and expected >= spread_from else None
        self._ticks: list[Tick] = []
        self._begun: list[tuple[Array, Future[Prediction]]] = []
        if self._helpers is not None:
            self._helpers.start()

    def add(self, tick: Tick) -> None:
        """Take the windows of one more tick."""
        self._ticks.append(tick)
        if self._helpers is not None and len(self._ticks) % _AT_ONCE == 0:
            features, present = _given(self._predictor, self._ticks[-_AT_ONCE:])
            begun = self._helpers.submit(features, present)
            if begun is not None:
                self._begun.append((present, begun))

    def finish(self, on_done: Callable[[int], None]) -> list[Estimate]:
        """Return the estimates of all ticks, in their order.

        Parameters
        ----------
        on_done : callable
            Told of the ticks done.
        """
        # The other processes go on from the front, this one comes from the back.
        n_batches, last = math.ceil(len(self._ticks) / _AT_ONCE), []
        while n_batches > len(self._begun) or (n_batches and self._begun[n_batches - 1][1].cancel()):
            n_batches -= 1
            ticks = self._batch(n_batches)
            last.append(self._records(ticks, *estimates_of(self._predictor, ticks)))
            on_done(len(ticks))
        estimates: list[Estimate] = []
        for number, (present, future) in enumerate(self._begun[:n_batches]):
            ticks = self._batch(number)
            estimates += self._records(ticks, future.result(), present)
            on_done(len(ticks))
        return estimates + [estimate for batch in reversed(last) for estimate in batch]

    def _records(self, ticks: list[Tick], prediction: Prediction, present: Array) -> list[Estimate]:
        return [estimate_of(self._predictor, one, prediction, present, row, {}) for row, one in enumerate(ticks)]

    def _batch(self, number: int) -> list[Tick]:
        return self._ticks[number * _AT_ONCE : (number + 1) * _AT_ONCE]


def _warm_up(checkpoint: Path) -> None:
    _loaded(checkpoint).warm_up()


def _predict(checkpoint: Path, features: dict[str, Array], present: Array) -> Prediction:
    return _loaded(checkpoint).predict(features, present)


@cache
def _loaded(checkpoint: Path) -> Predictor:
    return Predictor.load(checkpoint, "cpu")


def estimate_of(
    predictor: Predictor,
    windows: Mapping[str, FeatureWindow],
    prediction: Prediction,
    present: Array,
    row: int,
    stages: dict[str, float],
) -> Estimate:
    """Return one row of a prediction as a record.

    Parameters
    ----------
    predictor : Predictor
        The model.
    windows : mapping of str to FeatureWindow
        The tick's windows by modality, at least one of the model's.
    prediction, present : Prediction, ndarray
        From `estimates_of`.
    row : int
        The tick's row in these.
    stages : dict
        Seconds that each stage took; empty where no clock ran.
    """
    taken = [(column, windows[name]) for column, name in enumerate(predictor.header.modalities) if name in windows]
    return Estimate(
        tick=taken[0][1].tick,
        time=taken[0][1].end,
        distribution=array(prediction.distribution[row]),
        low=array(prediction.low[row]),
        high=array(prediction.high[row]),
        mean_label=array(predictor.header.mean_label),
        modalities={window.modality: _use(window, prediction, present, row, column) for column, window in taken},
        abstained=bool(prediction.abstained[row]),
        reason=_reason(prediction.reasons[row], [window for _, window in taken]),
        stages=stages,
        model_hash=predictor.model_hash,
    )


def _use(window: FeatureWindow, prediction: Prediction, present: Array, row: int, column: int) -> ModalityUse:
    used = bool(present[row, column])
    return ModalityUse(
        weight=float(prediction.weights[row, column]),
        valid=window.valid,
        quality=window.quality,
        used=used,
        reasons=window.reasons,
        segment=window.segment,
        first=window.first,
        last=window.last,
        distance=float(prediction.distance[row, column]) if used else None,
    )


def _reason(reason: str, windows: list[FeatureWindow]) -> str:
    """Join the model's reason with what the windows lack, in the order of the model's modalities."""
    lacks = [f"{window.modality}: {', '.join(window.reasons)}" for window in windows if window.reasons]
    return "; ".join([reason, *lacks] if reason else lacks)
