"""From the feature windows of a tick to an estimate: what the live worker and a recomputation share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from model.data.parallel import run_all
from model.predictor import Prediction, Predictor
from pipeline.records import Array, Estimate, FeatureWindow, ModalityUse, array
from pipeline.signals.windows import usable

#: Ticks from which the start of other processes is paid back.
SPREAD_FROM: Final = 4096
#: Ticks that are estimated between two steps of progress; no result depends on it.
_AT_ONCE: Final = 64


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
            if window is not None and usable(window):
                present[row, column] = True
                features[name][row] = window.features
    return predictor.predict(features, present), present


def estimate_all(
    predictor: Predictor,
    checkpoint: Path,
    ready: Sequence[dict[str, FeatureWindow]],
    on_done: Callable[[int], None],
    *,
    spread_from: int = SPREAD_FROM,
) -> list[Estimate]:
    """Estimate many ticks at which no clock ran; the bits are those of single ones.

    Parameters
    ----------
    predictor : Predictor
        The model.
    checkpoint : Path
        Its file, from which other processes load it.
    ready : sequence of dict
        For each tick, modality -> window.
    on_done : callable
        Told of the ticks done.
    spread_from : int
        From so many ticks on a model on the CPU works on all cores, in a process each.
    """
    batches = [list(ready[first : first + _AT_ONCE]) for first in range(0, len(ready), _AT_ONCE)]
    if predictor.device != "cpu" or len(ready) < spread_from:
        estimates = []
        for batch in batches:
            estimates += _estimate_batch(predictor, batch)
            on_done(len(batch))
        return estimates
    done = map(len, batches)
    found = run_all(_elsewhere, [(checkpoint, batch) for batch in batches], lambda: on_done(next(done)))
    return [estimate for batch in found for estimate in batch]


def _elsewhere(task: tuple[Path, list[dict[str, FeatureWindow]]]) -> list[Estimate]:
    checkpoint, batch = task
    return _estimate_batch(_loaded(checkpoint), batch)


@cache
def _loaded(checkpoint: Path) -> Predictor:
    return Predictor.load(checkpoint, "cpu")


def _estimate_batch(predictor: Predictor, batch: list[dict[str, FeatureWindow]]) -> list[Estimate]:
    prediction, present = estimates_of(predictor, batch)
    return [estimate_of(predictor, tick, prediction, present, row, {}) for row, tick in enumerate(batch)]


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
        modalities={
            window.modality: _use(window, float(prediction.weights[row, column]), bool(present[row, column]))
            for column, window in taken
        },
        abstained=bool(prediction.abstained[row]),
        reason=_reason(prediction.reasons[row], [window for _, window in taken]),
        stages=stages,
        model_hash=predictor.model_hash,
    )


def _use(window: FeatureWindow, weight: float, used: bool) -> ModalityUse:
    return ModalityUse(
        weight, window.valid, window.quality, used, window.reasons, window.segment, window.first, window.last
    )


def _reason(reason: str, windows: list[FeatureWindow]) -> str:
    """Join the model's reason with what the windows lack, in the order of the model's modalities."""
    lacks = [f"{window.modality}: {', '.join(window.reasons)}" for window in windows if window.reasons]
    return "; ".join([reason, *lacks] if reason else lacks)
