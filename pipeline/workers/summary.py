"""What a run comes to: ticks, estimates, losses, latency; counted while it goes on."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.records import Estimate
from pipeline.states import StreamHealth


@dataclass
class Summary:
    """Counts the estimates of all participants, one call a tick.

    Parameters
    ----------
    participants : tuple of str
        Whose estimates are counted.
    hop_s : float
        Time between ticks (s).
    duration_s : float | None
        Stop counting a participant after this long from tick 0 (s).
    """

    participants: tuple[str, ...]
    hop_s: float
    duration_s: float | None
    ticks: dict[str, int] = field(default_factory=dict)
    abstained: int = 0
    latencies: list[float] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)
    """Modality -> how many ticks used it."""

    def __post_init__(self) -> None:
        self.ticks = dict.fromkeys(self.participants, 0)

    def add(self, participant: str, estimate: Estimate, read: float | None) -> None:
        """Count one tick, unless the duration is over.

        Its latency is from the arrival of the last sample used to the estimate's being stored and read from the store
        again, at `read` (s): a bound from above, in which the store's own time, and its outages, are contained. None
        where that was not watched.
        """
        if self._over(participant):
            return
        self.ticks[participant] += 1
        for modality, use in estimate.modalities.items():
            self.used[modality] = self.used.get(modality, 0) + use.used
        if estimate.abstained:
            self.abstained += 1
        elif read is not None:
            self.latencies.append(read - (estimate.time + estimate.stages["arrival"]))

    @property
    def complete(self) -> bool:
        """Whether every participant has had the duration asked for."""
        return all(self._over(participant) for participant in self.participants)

    def result(
        self, health: list[StreamHealth], restarts: int, session_dir: Path | None, stopped: str
    ) -> dict[str, Any]:
        """Return what ``--json`` prints.

        Ticks, estimates and abstentions of all participants; the duration of the longest (s); what each stream
        received and lost; percentiles of the latency (ms), None without an estimate; why the recording was stopped
        although the run went on, None where it was not.
        """
        percentiles = np.percentile(self.latencies, [50, 95, 99]) * 1000 if self.latencies else [None] * 3
        return {
            "ticks": sum(self.ticks.values()),
            "estimates": sum(self.ticks.values()) - self.abstained,
            "abstained": self.abstained,
            "duration_s": max(self.ticks.values()) * self.hop_s,
            "streams": {
                stream.stream: {
                    "samples_received": stream.samples_received,
                    "samples_lost": stream.samples_lost,
                    "gaps": stream.gaps,
                }
                for stream in health
            },
            "latency_ms": {
                name: None if value is None else round(float(value), 2)
                for name, value in zip(("p50", "p95", "p99"), percentiles, strict=True)
            },
            "used": self.used,
            "restarts": restarts,
            "session_dir": str(session_dir) if session_dir else None,
            "recording_stopped": stopped or None,
        }

    def _over(self, participant: str) -> bool:
        if self.duration_s is None:
            return False
        # Rounded first, since 1.1 / 0.1 is a little more than 11.
        return self.ticks[participant] >= math.ceil(round(self.duration_s / self.hop_s, 6))
