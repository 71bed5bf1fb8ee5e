"""What the control page is sent: in which state the session is since when, its sensors, and what happened."""

from collections.abc import Mapping
from typing import Any, Final

from dashboard import sensors
from dashboard.picture import base, happened
from dashboard.situation import Situation
from pipeline.commands import recording_state

#: State -> how the page says it in large words.
STATES: Final = {
    "": "Not begun",
    "off": "Not recorded",
    "set-up": "Set-up",
    "recording": "Recording",
    "paused": "Paused",
    "stopped": "Recording stopped",
}


def compose(situation: Situation, epoch: float, unrated: Mapping[str, int]) -> dict[str, Any]:
    """Return what the page is sent; no estimate is in it.

    Parameters
    ----------
    situation : Situation
        What is known now.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    unrated : mapping
        How many trials each participant has not rated yet, of those who have such.
    """
    state, since = recording_state(situation.recording, situation.recorded), _since(situation)
    return base(situation, epoch) | {
        "state": {
            "name": state,
            "word": STATES[state],
            "since": None if since is None else round((since + epoch) * 1000),
        },
        "unrated": _unrated(unrated),
        "labels": list(situation.session.notes) if situation.session else [],
        "model": _model(situation),
        "streams": sensors.rows(situation),
        "events": happened(situation, epoch),
    }


def _unrated(unrated: Mapping[str, int]) -> str:
    """Return what the operator is told of trials that wait for their rating; empty where none does."""
    if not unrated:
        return ""
    return f"Trials that are not rated yet: {', '.join(f'{count} of {one}' for one, count in unrated.items())}."


def _model(situation: Situation) -> dict[str, Any] | None:
    """Return which model estimates where, and what else may be chosen; None while none may."""
    chosen, model = situation.chosen, situation.model
    if chosen is None or model is None or not situation.offered:
        return None
    name = next((name for name, offer in situation.offered.items() if offer == chosen.model), "")
    return {
        "names": list(situation.offered),
        "name": name,
        "devices": list(model.devices),
        "device": model.device if chosen.device == "auto" else chosen.device,
        "runs": chosen.runs(model),
    }


def _since(situation: Situation) -> float | None:
    """Return since when the session is in its state (s); None where that is not known."""
    recording, session = situation.recording, situation.session
    if recording is None or session is None or (situation.recorded is not None and situation.recorded.stopped):
        return None
    if not recording.spans:
        return session.started
    begin, end = recording.spans[-1]
    return begin if end is None else end
