"""The one line that says whether to believe what is seen: a level and the reasons in words."""

from dataclasses import dataclass
from typing import Final, Literal

from dashboard.deliveries import awaited, clock_sentences, current, sensor_sentences, sensors, use_sentences
from dashboard.situation import Situation, made_at
from dashboard.words import abstains, listing, seconds
from pipeline.commands import recording_sentence, recording_state
from pipeline.states import Alarm, ProcessHealth

Level = Literal["waiting", "green", "amber", "red"]

#: Without one of these there are no estimates, of any participant.
_CHART: Final = {"store", "preprocess", "infer"}
#: States from which no process comes back.
_GONE: Final = {"stopped": "stopped", "failed": "stopped and was given up"}
_WITHOUT: Final = {
    "recorder": "Nothing is recorded meanwhile.",
    "alarms": "No alarm sounds meanwhile.",
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
    processes, silent_sensors = process_sentences(situation), sensor_sentences(situation)
    stopped = [sentence for process, sentence in processes if _stops_the_chart(process)]
    alarms = [f"{_whose(alarm, situation)}: {alarm.text}" for alarm in situation.alarms]
    others = alarms + [sentence for process, sentence in processes if not _stops_the_chart(process)]
    if stopped:
        return Status("red", stopped[0], (*stopped[1:], *others, *silent_sensors))
    recording = recording_state(situation.recording, situation.recorded)
    said = recording_sentence(situation.recording, situation.recorded)
    if recording == "paused":
        return Status("amber", said, (*others, *silent_sensors))
    if recording == "stopped":
        others.append(said)
    if situation.newest is None:
        return _before_the_first(situation, (*others, *silent_sensors))
    if current(situation) is None:
        silent = situation.now - made_at(situation.newest)
        return Status("red", f"No new estimate for {seconds(silent)}.", (*others, *silent_sensors))
    if situation.newest.abstained:
        return Status("amber", abstains(situation.newest.reason), (*others, *silent_sensors))
    amiss = (*others, *silent_sensors, *use_sentences(situation))
    if amiss:
        first, *more = amiss
        return Status("amber", first, (*more, *clock_sentences(situation)))
    used = sum(stream.state == "receiving" for stream in sensors(situation).values())
    title = f"All {used} sensors deliver." if used > 1 else "The sensor delivers."
    return Status("green", title, tuple(clock_sentences(situation)))


def _whose(alarm: Alarm, situation: Situation) -> str:
    return "Alarm" if alarm.participant == situation.participant else f"Alarm for {alarm.participant}"


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
    missing = awaited(situation)
    if missing:
        return Status("waiting", f"Waiting for the sensors: {listing(missing)}.", reasons)
    if situation.model is None:
        return Status("waiting", "The sensors deliver. The model is being loaded.", reasons)
    return Status("waiting", "The sensors deliver. The first estimate comes when every window is full.", reasons)
