"""The rules of the session file that say when an alarm sounds."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.modalities import Modality

Share = Annotated[float, Field(gt=0, lt=1)]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    of_estimates: ClassVar[bool] = False
    """Whether it rests on what the model says; then it needs `demonstration` where that is a demonstration model."""

    for_s: float = Field(default=10, ge=0, le=3600)
    """How long it must have been so (s)."""
    demonstration: bool = False
    """Let it sound although the model is a demonstration model, whose estimates say nothing about the person."""


class LostRule(_Rule):
    """A stream that was found is lost."""

    when: Literal["lost"]
    stream: str | None = None
    """The session file's name for it; any stream if it is not given."""
    for_s: float = Field(default=0, ge=0, le=3600)


class QualityRule(_Rule):
    """The quality of a modality is low."""

    when: Literal["quality"]
    modality: Modality
    below: Share = 0.5


class AbstainedRule(_Rule):
    """The model abstains."""

    of_estimates: ClassVar[bool] = True

    when: Literal["abstained"]


class EmotionRule(_Rule):
    """The share of an emotion is high; an estimate that abstains has no share."""

    of_estimates: ClassVar[bool] = True

    when: Literal["emotion"]
    emotion: str
    above: Share


class LatencyRule(_Rule):
    """From the arrival of the last sample used to the estimate it takes long."""

    when: Literal["latency"]
    above_s: float = Field(gt=0, le=60)


Rule = LostRule | QualityRule | AbstainedRule | EmotionRule | LatencyRule
AlarmRule = Annotated[Rule, Field(discriminator="when")]

#: What may stand at `when` -> its rule.
RULES: Final[dict[str, type[_Rule]]] = {
    "lost": LostRule,
    "quality": QualityRule,
    "abstained": AbstainedRule,
    "emotion": EmotionRule,
    "latency": LatencyRule,
}
