"""What every modality's processor is: a causal part that runs on, and features of one completed window."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from pipeline.records import Array
from pipeline.signals.family import FeatureSpec

#: Magnitude beyond which a sample is taken for a sensor's fault rather than a number.
LARGEST: Final = 1e9


@dataclass(frozen=True)
class Conditioned:
    """A chunk after the causal part."""

    data: Array
    """float32 or float64 ``(n_times, n_columns)``, finite unless the processor says otherwise."""
    ok: Array
    """bool ``(n_times,)``: the sample is real data."""


@dataclass(frozen=True)
class Window:
    """The samples of one completed window, oldest first."""

    data: Array
    """``(n_times, n_columns)``, as `ModalityProcessor.process` gave them; not to be written to."""
    ok: Array
    """bool ``(n_times,)``; at least half of the window is."""
    times: Array
    """float64 ``(n_times,)`` (s)."""


@dataclass(frozen=True)
class Measured:
    """The features of a window."""

    values: Array
    """float64, of the shape of the modality's `FeatureSpec`; finite."""
    quality: float
    """0 (useless) .. 1 (good)."""
    reasons: tuple[str, ...] = ()
    """Why the quality is below 1, and what else somebody should look at: in words, without the modality's name."""
    bad: dict[str, str] = field(default_factory=dict)
    """Channels that could not be used, by their names in the stream, and why."""


class ModalityProcessor(Protocol):
    """From picked, unit-converted samples to features.

    `process` and `reset` are the causal part with its explicit `state`; `measure` has none. Cutting the samples into
    other chunks, or measuring other windows together, changes nothing, bit for bit; no argument is written to.
    """

    spec: FeatureSpec
    settle_s: float
    """Seconds after a reset in which the causal part has not settled."""
    absent: str
    """What to say of a sample that is not `ok`, for example ``no face``."""
    notices: tuple[str, ...]
    """What the operator should know before the start."""
    state: Any
    """One of `extractor.ProcessorState`; a deep copy of it can be set again."""

    @property
    def picks(self) -> Sequence[int]:
        """The stream's channels that `process` takes, in its order."""

    def process(self, samples: Array) -> Conditioned:
        """Condition consecutive samples of the picked channels, float64 ``(n_times, n_picks)``."""

    def reset(self) -> None:
        """Forget the past: the next sample begins a segment."""

    def measure(self, window: Window) -> Measured:
        """Return the features of one window."""

    def measure_all(self, windows: Sequence[Window]) -> list[Measured]:
        """Return the features of windows, each as if it were measured alone."""

    def explain(self, absent: Array) -> tuple[str, ...]:
        """Return in words why samples that are not `ok` are not, as far as they tell; ``(n_times, n_columns)``."""


def finite(samples: Array) -> Array:
    """Return where samples are numbers that a sensor can give, bool of the same shape."""
    return np.abs(samples) < LARGEST


class Unexplained:
    """A modality whose missing samples tell nothing."""

    def explain(self, absent: Array) -> tuple[str, ...]:  # noqa: ARG002 - it is what a processor is asked
        """Return nothing."""
        return ()


class OneByOne(Unexplained, ABC):
    """A modality of which nothing is gained by measuring windows together."""

    @abstractmethod
    def measure(self, window: Window) -> Measured:
        """Return the features of one window."""

    def measure_all(self, windows: Sequence[Window]) -> list[Measured]:
        """Return the features of windows."""
        return [self.measure(window) for window in windows]


class Memoryless(OneByOne):
    """The causal part of a modality that needs no filter."""

    settle_s: float = 0.0
    absent: str = "not a number"
    notices: tuple[str, ...] = ()
    picks: Sequence[int] = (0,)
    state: None = None

    def process(self, samples: Array) -> Conditioned:
        """Pass the samples through; a row with a channel that is no number is not ok."""
        return Conditioned(samples, np.asarray(finite(samples).all(axis=1)))

    def reset(self) -> None:
        """Nothing is remembered."""
