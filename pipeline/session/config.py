"""The session file: what a session records and estimates, for whom, by which consent."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from pipeline.errors import BadInput
from pipeline.modalities import COUNTER_LABELS, MODALITIES, UNIT_FACTORS, Modality, Use
from pipeline.records import StreamInfo
from pipeline.session.alarm_rules import AlarmRule, EmotionRule, LostRule, QualityRule
from pipeline.session.scale import Scale

LONGEST_NAME = 64
#: Letters, digits, - and _: safe as a folder name and as a part of a key.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=LONGEST_NAME)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9]{0,31}$")]
#: What a hot key of the control page writes down.
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(_Model):
    """Which LSL stream is meant; every field given must agree."""

    name: str | None = None
    type: str | None = None
    source_id: str | None = None

    @model_validator(mode="after")
    def _something(self) -> "Match":
        if self.name is None and self.type is None and self.source_id is None:
            raise ValueError("give at least one of name, type and source_id")
        return self

    def __str__(self) -> str:
        return ", ".join(f"{key} {value!r}" for key, value in self.model_dump(exclude_none=True).items())


class Calibration(_Model):
    """Turn raw counts into the stream's unit: ``value = counts * scale + offset``."""

    scale: float
    offset: float = 0.0


#: Fields of a stream that say how it is processed, and have no meaning for one that is only recorded.
PROCESSING_FIELDS = frozenset({"channels", "calibration", "stamps", "montage"})


class StreamSettings(_Model):
    """One stream of one participant."""

    match: Match
    use: Use
    unit: str | None = None
    stamps: Literal["dejitter", "as-is", "regular"] = "dejitter"
    montage: str = "standard_1020"
    sfreq: float | None = Field(default=None, gt=0)
    """Expected rate (Hz); another one is refused."""
    channels: dict[str, str] | list[str] | None = None
    """Channels to process (a list), or to process under another name (``device name: name``); all are recorded."""
    counter: str | None = None
    """The channel that counts samples, where its label does not say so (see `COUNTER_LABELS`)."""
    delay_ms: float = 0.0
    required: bool = True
    calibration: Calibration | None = None

    @field_validator("unit")
    @classmethod
    def _unit_is_text(cls, unit: str | None) -> str | None:
        return unit.strip() if unit else unit

    @model_validator(mode="after")
    def _known_unit(self) -> "StreamSettings":
        if self.use in UNIT_FACTORS and self.unit is not None and self.calibration is None:
            known = UNIT_FACTORS[self.use]
            if self.unit not in known:
                raise ValueError(f"unit {self.unit!r} is not one of {', '.join(known)} for {self.use}")
        return self

    @model_validator(mode="after")
    def _only_what_has_an_effect(self) -> "StreamSettings":
        idle = PROCESSING_FIELDS & self.model_fields_set
        if self.use not in UNIT_FACTORS and idle:
            raise ValueError(
                f"{', '.join(sorted(idle))} cannot be set for `use: {self.use}`: such a stream is recorded as it comes"
            )
        return self

    def pick(self, ch_names: tuple[str, ...]) -> tuple[list[int], list[str]]:
        """Return the indices of the channels to take and the names to give them; a counter only if it is asked for.

        Raises
        ------
        BadInput
            A channel that was asked for is not in the stream.
        """
        counter = self.counter_in(ch_names)
        if self.channels is None:
            picks = [index for index in range(len(ch_names)) if index != counter]
            return picks, [ch_names[index] for index in picks]
        wanted = self.channels if isinstance(self.channels, dict) else {name: name for name in self.channels}
        missing = [name for name in wanted if name not in ch_names]
        if missing:
            raise BadInput(
                f"channels: {', '.join(missing)} not in the stream, which has {', '.join(ch_names)}; correct `channels`"
            )
        return [ch_names.index(name) for name in wanted], list(wanted.values())

    def counter_in(self, ch_names: tuple[str, ...]) -> int | None:
        """Return the index of the channel that counts samples; None if there is none.

        Raises
        ------
        BadInput
            The channel that `counter` names is not in the stream.
        """
        if self.counter is not None:
            if self.counter not in ch_names:
                raise BadInput(
                    f"counter: {self.counter} not in the stream, which has {', '.join(ch_names)}; correct `counter`"
                )
            return ch_names.index(self.counter)
        labels = (re.sub(r"[\W_]+", "", name).lower() for name in ch_names)
        return next((index for index, label in enumerate(labels) if label in COUNTER_LABELS), None)

    def check_rate(self, info: StreamInfo) -> None:
        """Check that a stream of markers is one: that it does not send numbers all the time.

        Raises
        ------
        BadInput
            It does, so that each of its samples would be a marker. Text with a nominal rate is taken: it comes now and
            then, whatever the rate says.
        """
        if self.use == "Markers" and info.sfreq > 0 and info.format != "string":
            raise BadInput(
                f"use: {info.name!r} sends {info.sfreq:g} numbers a second, and each would be a marker; "
                "set `use: record`, and take markers from a stream that sends them when they happen"
            )


class Participant(_Model):
    """One participant: a code, never a name, and the streams that the consent permits."""

    consent: Annotated[str, Field(min_length=1)]
    streams: Annotated[dict[Name, StreamSettings], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_stream_per_modality(self) -> "Participant":
        seen: dict[str, str] = {}
        for name, stream in self.streams.items():
            if stream.use in MODALITIES and stream.use in seen:
                raise ValueError(
                    f"streams {seen[stream.use]} and {name} are both used as {stream.use}; "
                    "one stream per modality: set one of them to `use: record`"
                )
            seen.setdefault(stream.use, name)
        return self

    def modality_streams(self) -> dict[Modality, str]:
        """Return the stream that serves each modality."""
        return {s.use: name for name, s in self.streams.items() if s.use in MODALITIES}


class Trials(_Model):
    """Marker patterns that delimit trials: ``*`` stands for the trial's name, the same at its start and its end."""

    start: Annotated[str, Field(min_length=1)]
    end: Annotated[str, Field(min_length=1)]
    name: str = "*"
    """Names to take, ``*`` standing for any text."""
    condition: dict[str, str] = Field(default_factory=dict)
    """Pattern of names -> the condition of such trials; of several that fit the first counts."""

    @field_validator("start", "end")
    @classmethod
    def _one_star(cls, pattern: str) -> str:
        if pattern.count("*") > 1:
            raise ValueError("give at most one *, which stands for the trial's name")
        return pattern


class SessionFile(_Model):
    """The whole session file."""

    session: Name
    task: str | None = None
    ses: str | None = None
    run: str | None = None
    notice: str | None = Field(default=None, max_length=300)
    """A sentence that every page shows, for example that a recording is a composite of different people."""
    hop_s: float = Field(default=0.25, ge=0.05, le=10)
    lateness_s: float = Field(default=0.5, ge=0, le=10)
    resolve_timeout_s: float = Field(default=15, gt=0, le=600)
    model: str = "shipped"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    readers: Literal["per-stream", "shared"] = "per-stream"
    display: Literal["open", "blind"] = "open"
    publish: bool | None = None
    """Publish the estimates as an LSL stream; unless said, neither a demonstration model's nor in a blind session."""
    participants: Annotated[dict[Code, Participant], Field(min_length=1)]
    trials: Trials | None = None
    rating: Scale | None = None
    """What participants are asked at the end of each trial; a session file may name a scale file instead."""
    alarms: list[AlarmRule] = Field(default_factory=list)
    notes: list[Label] = Field(default_factory=list, max_length=9)
    """What the keys 1 to 9 of the control page note, in this order."""

    @field_validator("notes")
    @classmethod
    def _one_key_a_label(cls, notes: list[str]) -> list[str]:
        twice = next((label for label in notes if notes.count(label) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands here twice; give each key a label of its own")
        return notes

    @model_validator(mode="after")
    def _alarms_that_can_sound(self) -> "SessionFile":
        streams = [stream for participant in self.participants.values() for stream in participant.streams.items()]
        names, uses = {name for name, _ in streams}, {stream.use for _, stream in streams}
        for number, rule in enumerate(self.alarms):
            if isinstance(rule, LostRule) and rule.stream is not None and rule.stream not in names:
                raise ValueError(
                    f"alarms.{number}.stream: {rule.stream!r} is no stream of this session; use one of "
                    f"{', '.join(sorted(names))}"
                )
            if isinstance(rule, QualityRule) and rule.modality not in uses:
                raise ValueError(f"alarms.{number}.modality: no participant has {rule.modality}; take the rule out")
            if isinstance(rule, EmotionRule) and self.display == "blind":
                raise ValueError(
                    f"alarms.{number}: an alarm of an emotion tells what `display: blind` hides; take one of them out"
                )
        return self

    @model_validator(mode="after")
    def _trials_to_rate(self) -> "SessionFile":
        if self.rating is None:
            return self
        if self.trials is None:
            raise ValueError("rating: asks at the end of each trial, and `trials` does not say what one is; add it")
        for code, participant in self.participants.items():
            if all(stream.use != "Markers" for stream in participant.streams.values()):
                raise ValueError(
                    f"rating: participant {code} has no stream with `use: Markers`, so no trial would end; add one"
                )
        return self
