"""The one line that says whether to believe what is seen: a level and the reasons in words."""

import math
from dataclasses import dataclass
from typing import Final, Literal

from dashboard import clocks
from dashboard.situation import Situation, made_at
from dashboard.words import MODALITY_NAMES, listing, seconds
from pipeline.commands import recording_sentence, recording_state
from pipeline.modalities import MODALITIES
from pipeline.records import ModalityUse, ProcessHealth, StreamHealth

Level = Literal["waiting", "green", "amber", "red"]

#: Without a new estimate for this long (s) the picture is not live.
SILENCE_S: Final = 2.0
#: A reader reports more often than this (s).
REPORTED_S: Final = 1.5
#: Below this share of the nominal rate a stream counts as slow.
SLOW: Final = 0.9
#: Below this quality a sensor counts as noisy.
NOISY: Final = 0.5

#: Without one of these there are no estimates, of any participant.
_CHART: Final = {"store", "preprocess", "infer"}
#: States from which no process comes back.
_GONE: Final = {"stopped": "stopped", "failed": "stopped and was given up"}
_WITHOUT: Final = {
    "recorder": "Nothing is recorded meanwhile.",
    "publisher": "Estimates are not published over LSL meanwhile.",
}


@dataclass(frozen=True)
class Status:
    """What the status line says."""

    level: Level
    title: str
    reasons: tuple[str, ...] = ()


def judge(situation: Situation) -> Status:
    """Return the status of a session.

    Parameters
    ----------
    situation : Situation
        What is known.

    Returns
    -------
    Status
        Red: the picture is not live. Amber: it is, with something missing. Green: the sensors work. Waiting: there is
        nothing to show yet.
    """
    if situation.store_fault:
        return Status("red", f"{situation.store_fault} The picture goes on when it is back.")
    if situation.session is None:
        return Status("waiting", "No session runs here yet.", ("Start one: helo demo, or helo run SESSION.yaml.",))
    processes, sensors = process_sentences(situation), _sensor_sentences(situation)
    stopped = [sentence for process, sentence in processes if _stops_the_chart(process)]
    others = [sentence for process, sentence in processes if not _stops_the_chart(process)]
    if stopped:
        return Status("red", stopped[0], (*stopped[1:], *others, *sensors))
    recording = recording_state(situation.recording, situation.recorded)
    said = recording_sentence(situation.recording, situation.recorded)
    if recording == "paused":
        return Status("amber", said, (*others, *sensors))
    if recording == "stopped":
        others.append(said)
    if situation.newest is None:
        return _before_the_first(situation, (*others, *sensors))
    silent = situation.now - made_at(situation.newest)
    if silent > SILENCE_S:
        return Status("red", f"No new estimate for {seconds(silent)}.", (*others, *sensors))
    if situation.newest.abstained:
        return Status(
            "amber", f"The model abstains: {situation.newest.reason or 'no reason given'}.", (*others, *sensors)
        )
    amiss = (*others, *sensors, *_use_sentences(situation))
    if amiss:
        first, *more = amiss
        return Status("amber", first, (*more, *_clock_sentences(situation)))
    used = sum(stream.state == "receiving" for stream in _sensors(situation).values())
    title = f"All {used} sensors deliver." if used > 1 else "The sensor delivers."
    return Status("green", title, tuple(_clock_sentences(situation)))


def process_sentences(situation: Situation) -> list[tuple[ProcessHealth, str]]:
    """Return each process that does not run, or is not back at work yet, with a sentence about it."""
    away = (process for process in situation.processes if _is_away(process, situation))
    return [(process, _process_sentence(process)) for process in away]


def _stops_the_chart(process: ProcessHealth) -> bool:
    return process.kind in _CHART


def _is_away(process: ProcessHealth, situation: Situation) -> bool:
    if process.state not in {"running", "starting"}:
        return True
    # A restarted process needs seconds before it delivers again, while the supervisor calls it running.
    restarted = situation.restarted.get((process.kind, process.what), 0.0)
    return _stops_the_chart(process) and situation.newest is not None and restarted > made_at(situation.newest)


def _process_sentence(process: ProcessHealth) -> str:
    of = f" of {process.what}" if process.kind == "reader" and process.what else ""
    how = _GONE.get(process.state, "stopped; it is being restarted")
    if _stops_the_chart(process):
        rest = " The chart does not go on." if process.state in _GONE else " The chart goes on when it is back."
    else:
        rest = f" {_WITHOUT[process.kind]}" if process.kind in _WITHOUT else ""
    return f"The {process.kind} process{of} {how}.{rest}"


def _before_the_first(situation: Situation, reasons: tuple[str, ...]) -> Status:
    awaited = _awaited(situation)
    if awaited:
        return Status("waiting", f"Waiting for the sensors: {listing(awaited)}.", reasons)
    if situation.model is None:
        return Status("waiting", "The sensors deliver. The model is being loaded.", reasons)
    return Status("waiting", "The sensors deliver. The first estimate comes when every window is full.", reasons)


def _sensors(situation: Situation) -> dict[str, StreamHealth]:
    known = {name: use for name, use in situation.uses.items() if name in situation.streams}
    return {name: situation.streams[name] for name, use in known.items() if use in MODALITIES}


def _awaited(situation: Situation) -> list[str]:
    sensors = {name: use for name, use in situation.uses.items() if use in MODALITIES}
    return [
        screen_name(name, use)
        for name, use in sensors.items()
        if name not in situation.streams or situation.streams[name].state == "waiting"
    ]


def _sensor_sentences(situation: Situation) -> list[str]:
    sentences = (_sensor_sentence(name, health, situation) for name, health in _sensors(situation).items())
    return [sentence for sentence in sentences if sentence]


def _sensor_sentence(name: str, health: StreamHealth, situation: Situation) -> str:
    name, silent = screen_name(name, situation.uses[name]), silence(health, situation.now)
    if health.state == "waiting":
        return f"{name} has not been found yet." if situation.newest is not None else ""
    if silent is not None:
        return f"{name} {silent}; the estimate goes on without it."
    if is_slow(health):
        return f"{name} delivers {health.delivered_hz:.0f} of {health.sfreq:g} samples a second."
    return ""


def _clock_sentences(situation: Situation) -> list[str]:
    sentences = (
        clocks.sentence(screen_name(name, situation.uses[name]), health)
        for name, health in _sensors(situation).items()
        if health.state == "receiving"
    )
    return [sentence for sentence in sentences if sentence]


def _use_sentences(situation: Situation) -> list[str]:
    taken = situation.newest.modalities if situation.newest else {}
    delivering = {
        name: situation.uses[name]
        for name, health in _sensors(situation).items()
        if health.state == "receiving" and silence(health, situation.now) is None
    }
    sentences = (_use_sentence(screen_name(name, use), taken[use]) for name, use in delivering.items() if use in taken)
    return [sentence for sentence in sentences if sentence]


def _use_sentence(name: str, use: ModalityUse) -> str:
    reasons = ", ".join(use.reasons)
    if not use.used:
        return f"{name}: {reasons or 'no usable data'}; the estimate goes on without it."
    if use.quality < NOISY:
        return f"{name} is noisy: {reasons}." if reasons else f"{name} is noisy."
    return ""


def silence(health: StreamHealth, now: float) -> str | None:
    """Return in words that a stream is silent, None for one that is not; irregular streams may be silent for long."""
    age = sample_age(health, now)
    if age is None:
        return "delivers no samples" if health.state == "lost" else None
    allowed = SILENCE_S + 2 / health.sfreq if health.sfreq else math.inf
    if health.state == "lost" or age > allowed:
        return f"delivers no samples for {seconds(age)}"
    return None


def sample_age(health: StreamHealth, now: float) -> float | None:
    """Return how old the newest sample is (s): as last reported, or counted on where the reports stay away."""
    if health.last_sample is None:
        return None
    reported = health.time if health.state == "receiving" and now - health.time < REPORTED_S else now
    return reported - health.last_sample


def is_slow(health: StreamHealth) -> bool:
    """Return whether a regular stream delivers clearly less than its nominal rate."""
    return health.sfreq > 0 and health.delivered_hz < SLOW * health.sfreq


def screen_name(stream: str, use: str) -> str:
    """Return what the page calls a stream: what it is used as; one that is only recorded keeps its own name."""
    return stream if use == "record" else MODALITY_NAMES.get(use, use)
