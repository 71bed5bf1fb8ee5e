"""The last minutes of one participant, kept once for all viewers, ready to be sent."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from dashboard.situation import STAGES
from dashboard.words import why
from pipeline.records import Array, Chunk, Estimate, ModalityUse

#: How much a page can show (s).
KEPT_S: Final = 300.0
#: Shares travel as whole numbers of this part: four digits say more than a pixel.
SCALE: Final = 10_000
#: What was used is kept about this often (ms), and for so long (s).
USE_EVERY_MS: Final = 950
USES_KEPT_S: Final = 120.0

#: What the page gets of a moment: its number, time (epoch ms), shares (None where there is no estimate), and what else
#: there is to say of it; of an estimate: stages (ms), low and high ends of the shares' intervals, why there is none.
Point = list[Any]


def _whole(shares: Array | None) -> list[int] | None:
    return None if shares is None else np.rint(np.asarray(shares, dtype=float) * SCALE).astype(int).tolist()


@dataclass
class History:
    """Points in the order in which they came, numbered without a gap."""

    points: deque[Point] = field(default_factory=deque)
    made: int = 0
    """Points made so far; the number of the newest plus one."""

    def add(self, time_ms: float, shares: Array | None, extra: list[Any]) -> None:
        """Append a point and drop those that are too old to be shown."""
        self.points.append([self.made, round(time_ms), _whole(shares), *extra])
        self.made += 1
        while self.points and self.points[0][1] < time_ms - KEPT_S * 1000:
            self.points.popleft()

    def since(self, number: int | None) -> list[Point]:
        """Return the points from a number on, or all there are.

        Parameters
        ----------
        number : int or None
            The first point that a page has not been sent; None for a page that has nothing.
        """
        if number is None:
            return list(self.points)
        return list(reversed(list(self._newest_first(number))))

    def _newest_first(self, down_to: int) -> Iterator[Point]:
        for point in reversed(self.points):
            if point[0] < down_to:
                return
            yield point


@dataclass(frozen=True)
class Use:
    """What one estimate took from each modality."""

    time_ms: int
    taken: dict[str, tuple[float, float | None]]
    """Modality -> its weight, and its distance from the training data."""
    estimated: bool = True
    """Whether there was an estimate at all."""

    def weight(self, name: str) -> float | None:
        """Return a modality's weight, 0 where it was not there; None where nothing was estimated."""
        if not self.estimated:
            return None
        return self.taken[name][0] if name in self.taken else 0.0

    def distance(self, name: str) -> float | None:
        """Return how far a modality was from the training data; None where that was not measured."""
        return self.taken[name][1] if name in self.taken else None


@dataclass
class Minutes:
    """The last minutes of one participant."""

    estimates: History = field(default_factory=History)
    state: History | None = None
    """The simulated state, where there is one."""
    state_hop_s: float = 0.0
    uses: deque[Use] = field(default_factory=deque)
    """About one a second."""


def add_estimate(history: History, estimate: Estimate, *, epoch: float, blind: bool) -> None:
    """Add an estimate's point: a gap where the model abstained, and no shares where the session is blind.

    Parameters
    ----------
    history : History
        Where to.
    estimate : Estimate
        The next one.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    blind : bool
        Whether the shares must not leave the server.
    """
    shares, low, high = (estimate.distribution, estimate.low, estimate.high)
    if estimate.abstained or blind:
        shares = low = high = None
    ends = [_whole(end) if end is not None and np.isfinite(end).all() else None for end in (low, high)]
    stages = [round(1000 * estimate.stages[stage], 1) if stage in estimate.stages else None for stage in STAGES]
    reason = why(estimate.reason) if estimate.abstained else ""
    history.add((estimate.time + epoch) * 1000, shares, [stages, *ends, reason])


def add_use(uses: deque[Use], estimate: Estimate, *, epoch: float) -> None:
    """Add what an estimate took from each modality, unless one of the same second is there; drop what is too old."""
    time_ms = round((estimate.time + epoch) * 1000)
    if uses and 0 <= time_ms - uses[-1].time_ms < USE_EVERY_MS:
        return
    taken = {name: _taken(use) for name, use in estimate.modalities.items()}
    uses.append(Use(time_ms, taken, estimated=not estimate.abstained))
    while uses[0].time_ms < time_ms - USES_KEPT_S * 1000:
        uses.popleft()


def _taken(use: ModalityUse) -> tuple[float, float | None]:
    return round(use.weight, 3), None if use.distance is None else round(use.distance, 3)


def add_state(history: History, chunk: Chunk, columns: list[int], *, epoch: float) -> None:
    """Add the points of a chunk of the simulated state.

    Parameters
    ----------
    history : History
        Where to.
    chunk : Chunk
        Samples ``(n_times, n_channels)``, one channel an emotion.
    columns : list of int
        The channel of each of the model's emotions.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    """
    for time, row in zip(chunk.times + chunk.offset, chunk.data, strict=True):
        history.add((float(time) + epoch) * 1000, row[columns], [])
