"""What an extractor remembers, and a restarted worker goes on with."""

import math
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.signals.baseline import BaselineState
from pipeline.signals.buffer import BufferState
from pipeline.signals.dmer.steady import DmerState
from pipeline.signals.eda import EdaState
from pipeline.signals.filters import FilterState
from pipeline.signals.timeline import TimelineState

#: What the causal parts of the modalities remember; None where there is nothing to be remembered.
ProcessorState: TypeAlias = FilterState | EdaState | DmerState | None


@dataclass
class ExtractorState:
    """All that an extractor remembers."""

    baseline: BaselineState
    timeline: TimelineState = field(default_factory=TimelineState)
    processor: ProcessorState = None
    buffer: BufferState | None = None
    tick: int = 0
    """The next tick to make."""
    segment: int = 0
    after_gap: bool = False
    """Another segment came before."""
    expected: int = -1
    """Index of the next sample of the segment; -1 before the first."""
    settled: int = 0
    """Index of the first sample of the segment for which the filters have settled."""
    began: float | None = None
    """Time of the first sample ever (s)."""
    newest: float = -math.inf
    """Time of the newest sample (s)."""
    arrived: float = -math.inf
    """When the newest chunk arrived (s)."""
    ahead: float = 0.0
    """How far ahead of their arrival the last stamps were, where that was too far (s)."""
