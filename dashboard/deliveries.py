"""What there is to say of what the sensors deliver, and of what the estimate takes from it."""

import math
from typing import Final

from dashboard import clocks
from dashboard.situation import Situation, made_at, noisy
from dashboard.words import MODALITY_NAMES, in_sentence, listing, seconds
from pipeline.modalities import MODALITIES
from pipeline.records import Estimate, ModalityUse
from pipeline.states import StreamHealth

#: Without an estimate that was due for this long (s) the picture is not live, and without samples a sensor is silent.
SILENCE_S: Final = 2.0
#: A reader reports more often than this (s).
REPORTED_S: Final = 1.5
#: Below this share of the nominal rate a stream counts as slow.
SLOW: Final = 0.9


def current(situation: Situation) -> Estimate | None:
    """Return the newest estimate; None where it says nothing of now, since no further one came when it was due."""
    newest, session = situation.newest, situation.session
    due = SILENCE_S + (session.hop_s if session is not None else 0.0)
    return newest if newest is not None and situation.now - made_at(newest) <= due else None


def sensors(situation: Situation) -> dict[str, StreamHealth]:
    """Return the streams of the participant that are used as a modality and known by their health."""
    known = {name: use for name, use in situation.uses.items() if name in situation.streams}
    return {name: situation.streams[name] for name, use in known.items() if use in MODALITIES}


def awaited(situation: Situation) -> list[str]:
    """Return the screen names of the sensors that have not been found."""
    wanted = {name: use for name, use in situation.uses.items() if use in MODALITIES}
    return [
        screen_name(name, use)
        for name, use in wanted.items()
        if name not in situation.streams or situation.streams[name].state == "waiting"
    ]


def sensor_sentences(situation: Situation) -> list[str]:
    """Return a sentence for each sensor that is not there, silent or slow."""
    sentences = (_sensor_sentence(name, health, situation) for name, health in sensors(situation).items())
    return [sentence for sentence in sentences if sentence]


def use_sentences(situation: Situation) -> list[str]:
    """Return a sentence for each sensor that delivers and is left out of the estimate, or noisy."""
    taken = situation.newest.modalities if situation.newest else {}
    delivering = {
        name: situation.uses[name]
        for name, health in sensors(situation).items()
        if health.state == "receiving" and silence(health, situation.now) is None
    }
    sentences = (_use_sentence(name, taken[use], situation) for name, use in delivering.items() if use in taken)
    return [sentence for sentence in sentences if sentence]


def clock_sentences(situation: Situation) -> list[str]:
    """Return what an operator should know of the sensors' clocks."""
    sentences = (
        clocks.sentence(screen_name(name, situation.uses[name]), health)
        for name, health in sensors(situation).items()
        if health.state == "receiving"
    )
    return [sentence for sentence in sentences if sentence]


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
    return health.sfreq > 0 and health.delivered_hz is not None and health.delivered_hz < SLOW * health.sfreq


def delivered(health: StreamHealth) -> str | None:
    """Return the rate that a regular stream delivers, of its nominal one; None where it is not known."""
    if health.delivered_hz is None or not health.sfreq:
        return None
    digits = 0 if health.sfreq >= 100 else 1 if health.sfreq >= 1 else 2
    return f"{health.delivered_hz:.{digits}f} of {health.sfreq:g}"


def screen_name(stream: str, use: str) -> str:
    """Return what the page calls a stream: what it is used as; one that is only recorded keeps its own name."""
    return stream if use == "record" else MODALITY_NAMES.get(use, use)


def _sensor_sentence(stream: str, health: StreamHealth, situation: Situation) -> str:
    name, silent = screen_name(stream, situation.uses[stream]), silence(health, situation.now)
    if health.state == "waiting":
        return f"{name} has not been found yet." if situation.newest is not None else ""
    if silent is not None:
        return f"{name} {silent}{_from_what(situation)}"
    if is_slow(health):
        return f"{name} delivers {delivered(health)} samples a second."
    return ""


def _use_sentence(stream: str, use: ModalityUse, situation: Situation) -> str:
    modality = situation.uses[stream]
    name, reasons = screen_name(stream, modality), ", ".join(use.reasons)
    if not use.used:
        return f"{name} {_why(use)}{_for_how_long(modality, situation)}{_from_what(situation)}"
    if noisy(use):
        return f"{name} is noisy: {reasons}." if reasons else f"{name} is noisy."
    return ""


def _why(use: ModalityUse) -> str:
    return " and ".join(use.reasons) or "without usable data"


def _for_how_long(modality: str, situation: Situation) -> str:
    """Return since when a modality is so; nothing where its reasons tell a duration of their own."""
    since, newest = min(situation.amiss_since.get(modality, {}).values(), default=None), situation.newest
    if newest is None or since is None or since >= newest.time:
        return ""
    told = any(" for " in reason for reason in newest.modalities[modality].reasons)
    return "" if told else f" for {seconds(newest.time - since)}"


def _from_what(situation: Situation) -> str:
    """Return what the estimate is made from, as the end of a sentence; only its end where there is no estimate."""
    newest = situation.newest
    if newest is None or newest.abstained:
        return "."
    silent = {
        situation.uses[name]
        for name, health in sensors(situation).items()
        if silence(health, situation.now) is not None
    }
    left = [in_sentence(name) for name, use in newest.modalities.items() if use.used and name not in silent]
    return f": estimate from {listing(left)}." if left else "."
