"""When an alarm sounds: conditions, and how long each has held; no clock, no input or output."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.records import Estimate
from pipeline.session.alarm_rules import AbstainedRule, EmotionRule, LatencyRule, LostRule, QualityRule, Rule
from pipeline.states import Alarm, StreamHealth


@dataclass(frozen=True)
class Condition:
    """One thing that a rule asks, and the answer."""

    key: str
    participant: str
    holds: bool
    text: str
    """What to say when it has held for long enough: a sentence without its end."""
    for_s: float


@dataclass(frozen=True)
class Change:
    """An alarm that begins, or is over."""

    alarm: Alarm
    begins: bool
    time: float
    """When it does (s)."""

    @property
    def kind(self) -> str:
        """The kind of its event."""
        return "alarm" if self.begins else "alarm over"

    @property
    def text(self) -> str:
        """What its event says."""
        return self.alarm.text if self.begins else f"{self.alarm.text} Over after {self.time - self.alarm.since:.1f} s."


def of_stream(rules: Sequence[Rule], health: StreamHealth) -> Iterator[Condition]:
    """Yield what the rules ask of a stream.

    Parameters
    ----------
    rules : sequence of Rule
        All of the session.
    health : StreamHealth
        How the stream is doing.
    """
    participant, _, stream = health.stream.partition("/")
    for number, rule in enumerate(rules):
        if isinstance(rule, LostRule) and rule.stream in {None, stream}:
            told = f"Stream {stream} is lost{_for(rule.for_s)}"
            key = f"{participant} {number} {stream}"
            yield Condition(key, participant, health.state == "lost", told, rule.for_s)


def of_estimate(
    rules: Sequence[Rule], participant: str, estimate: Estimate, emotions: Sequence[str]
) -> Iterator[Condition]:
    """Yield what the rules ask of an estimate.

    Parameters
    ----------
    rules : sequence of Rule
        All of the session.
    participant : str
        Whose estimate it is.
    estimate : Estimate
        The newest.
    emotions : sequence of str
        What the model estimates.
    """
    for number, rule in enumerate(rules):
        asked = _ask(rule, estimate, emotions)
        if asked is not None:
            holds, told = asked
            yield Condition(f"{participant} {number}", participant, holds, told, rule.for_s)


def _ask(rule: Rule, estimate: Estimate, emotions: Sequence[str]) -> tuple[bool, str] | None:
    """Return whether a rule's condition holds for an estimate, and how to say it; None if it is not about estimates."""
    match rule:
        case QualityRule():
            use = estimate.modalities.get(rule.modality)
            low = use is not None and use.quality < rule.below
            return low, f"The quality of {rule.modality} is below {rule.below:g}{_for(rule.for_s)}"
        case AbstainedRule():
            return estimate.abstained, f"The model abstains{_for(rule.for_s)} ({estimate.reason})"
        case EmotionRule():
            high = not estimate.abstained and float(estimate.distribution[emotions.index(rule.emotion)]) > rule.above
            return high, f"{rule.emotion} is above {100 * rule.above:g} %{_for(rule.for_s)}"
        case LatencyRule():
            late = estimate.stages.get("latency", 0.0) > rule.above_s
            return late, f"Estimates come later than {rule.above_s:g} s{_for(rule.for_s)}"
        case _:
            return None


def advance(
    held: Mapping[str, Alarm], conditions: Iterable[Condition], now: float
) -> tuple[dict[str, Alarm], list[Change]]:
    """Judge conditions by how long they have held.

    Parameters
    ----------
    held : mapping of str to Alarm
        What this returned last: the conditions that hold, by their key, whether they sound yet or not.
    conditions : iterable of Condition
        Those that were asked now; the others stay as they are.
    now : float
        The moment that the conditions are about (s).

    Returns
    -------
    dict
        What holds now.
    list of Change
        The alarms that begin, or are over.
    """
    after, changes = dict(held), []
    for condition in conditions:
        alarm = after.pop(condition.key, None)
        if condition.holds:
            since = now if alarm is None else alarm.since
            sounds = now - since >= condition.for_s
            if alarm is None or (sounds and not alarm.sounds):
                alarm = Alarm(condition.key, condition.participant, f"{condition.text}.", since, sounds)
                changes += [Change(alarm, True, now)] if sounds else []
            after[condition.key] = alarm
        elif alarm is not None and alarm.sounds:
            changes.append(Change(alarm, False, now))
    return after, changes


def _for(seconds: float) -> str:
    return f" for {seconds:g} s" if seconds else ""
