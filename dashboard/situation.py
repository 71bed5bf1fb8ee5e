"""What is known of a session at one moment: everything that a page is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dashboard.words import FIGURE
from pipeline.commands import Recorded, Recording
from pipeline.records import Estimate, Event, ModalityUse, StreamInfo
from pipeline.states import Alarm, Chosen, ModelInfo, ProcessHealth, SessionInfo, StreamHealth

#: What an estimate goes through, in order, each from the end of the one before.
STAGES: Final = ("arrival", "features", "join", "inference")
#: Below this quality a sensor counts as noisy.
NOISY: Final = 0.5


@dataclass(frozen=True)
class Situation:
    """One participant's session as the store has it."""

    now: float
    """On the host's LSL clock (s)."""
    ahead_s: float = 0.0
    """How far the host's wall clock has gone from the one by which the page's times are told (s)."""
    participant: str = ""
    store_fault: str = ""
    """Why the store cannot be read, in words; empty while it can."""
    session: SessionInfo | None = None
    recording: Recording | None = None
    recorded: Recorded | None = None
    """What has reached the disk."""
    model: ModelInfo | None = None
    chosen: Chosen | None = None
    """Which model is to estimate."""
    offered: Mapping[str, str] = field(default_factory=dict)
    """Those that may be chosen: name -> model."""
    newest: Estimate | None = None
    streams: dict[str, StreamHealth] = field(default_factory=dict)
    """By the session file's name for the stream."""
    infos: dict[str, StreamInfo] = field(default_factory=dict)
    processes: tuple[ProcessHealth, ...] = ()
    restarted: dict[tuple[str, str], float] = field(default_factory=dict)
    """When each process (kind, what) was last seen to have been restarted (s)."""
    events: tuple[Event, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    """Those of the session that sound, this participant's first."""
    amiss_since: dict[str, dict[str, float]] = field(default_factory=dict)
    """Modality that the newest estimate left out or found noisy -> reason, without its figures -> since when (s)."""

    @property
    def uses(self) -> dict[str, str]:
        """What each of the participant's streams is used as."""
        return self.session.participants.get(self.participant, {}) if self.session else {}

    @property
    def blind(self) -> bool:
        """Whether estimates must not be shown."""
        return self.session is not None and self.session.display == "blind"


def noisy(use: ModalityUse) -> bool:
    """Return whether a sensor's quality is such that somebody should look at it."""
    return use.quality < NOISY


def unknown_to_model(use: str, situation: Situation) -> bool:
    """Return whether the model does not know a modality, as an estimate tells; before the first, nobody knows."""
    return situation.newest is not None and use not in situation.newest.modalities


def amiss_since(before: Mapping[str, Mapping[str, float]], estimate: Estimate) -> dict[str, dict[str, float]]:
    """Return since when (s) each modality that an estimate left out, or found noisy, has been so, by its reasons.

    Parameters
    ----------
    before : dict
        What this returned for the estimate before.
    estimate : Estimate
        The next one.
    """
    found = {}
    for name, use in estimate.modalities.items():
        if not use.used or noisy(use):
            reasons = {FIGURE.sub("", reason) for reason in use.reasons} or {""}
            found[name] = {reason: before.get(name, {}).get(reason, estimate.time) for reason in reasons}
    return found


def made_at(estimate: Estimate) -> float:
    """Return when an estimate was made (s): its own time and what each stage took."""
    return estimate.time + sum(estimate.stages.get(stage, 0.0) for stage in STAGES)
