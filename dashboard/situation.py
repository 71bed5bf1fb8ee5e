"""What is known of a session at one moment: everything that a page is made from."""

from dataclasses import dataclass, field
from typing import Final

from pipeline.commands import Recorded, Recording
from pipeline.records import Estimate, Event, ModelInfo, ProcessHealth, SessionInfo, StreamHealth, StreamInfo

#: What an estimate goes through, in order, each from the end of the one before.
STAGES: Final = ("arrival", "features", "join", "inference")


@dataclass(frozen=True)
class Situation:
    """One participant's session as the store has it."""

    now: float
    """On the host's LSL clock (s)."""
    participant: str = ""
    store_fault: str = ""
    """Why the store cannot be read, in words; empty while it can."""
    session: SessionInfo | None = None
    recording: Recording | None = None
    recorded: Recorded | None = None
    """What has reached the disk."""
    model: ModelInfo | None = None
    newest: Estimate | None = None
    streams: dict[str, StreamHealth] = field(default_factory=dict)
    """By the session file's name for the stream."""
    infos: dict[str, StreamInfo] = field(default_factory=dict)
    processes: tuple[ProcessHealth, ...] = ()
    restarted: dict[tuple[str, str], float] = field(default_factory=dict)
    """When each process (kind, what) was last seen to have been restarted (s)."""
    events: tuple[Event, ...] = ()

    @property
    def uses(self) -> dict[str, str]:
        """What each of the participant's streams is used as."""
        return self.session.participants.get(self.participant, {}) if self.session else {}

    @property
    def blind(self) -> bool:
        """Whether estimates must not be shown."""
        return self.session is not None and self.session.display == "blind"


def made_at(estimate: Estimate) -> float:
    """Return when an estimate was made (s): its own time and what each stage took."""
    return estimate.time + sum(estimate.stages.get(stage, 0.0) for stage in STAGES)
