"""What the server sends to a page: one JSON object an update, with only those points that are new to the page."""

import math
import os
from dataclasses import dataclass
from typing import Any, Final

from dashboard import sensors
from dashboard.history import SCALE, Minutes
from dashboard.situation import Situation
from dashboard.status import judge
from dashboard.theme import emotion_colours
from dashboard.trend import trend
from dashboard.words import ALWAYS, DEMONSTRATION, abstains
from pipeline.commands import Recording, recording_sentence
from pipeline.records import Event
from pipeline.session.ratings import in_words

#: The page lists at most so many events.
EVENTS_SHOWN: Final = 30


@dataclass(frozen=True)
class Sent:
    """What a page has been sent: of which run, and the numbers of the next points."""

    feed: str
    points: int
    state: int


def compose(situation: Situation, minutes: Minutes, epoch: float, sent: Sent | None) -> tuple[dict[str, Any], Sent]:
    """Return the next update of a page, and what the page has with it.

    Parameters
    ----------
    situation : Situation
        What is known now.
    minutes : Minutes
        The participant's last minutes.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    sent : Sent or None
        What the page has been sent; None for a new page. One that was sent another run's points gets everything.
    """
    update = base(situation, epoch)
    feed = f"{update['feed']}/{minutes.state is not None}"
    update["setup"]["state"] = {"hop": minutes.state_hop_s} if minutes.state else None
    known = sent if sent is not None and sent.feed == feed else None
    points = minutes.estimates.since(known.points if known else None)
    state = minutes.state.since(known.state if known else None) if minutes.state else []
    update |= {
        "feed": feed,
        "ahead": round(1000 * situation.ahead_s, 1),
        "points": points,
        "state": state,
        "current": _current(situation),
        "trend": trend(minutes.estimates.points, update["setup"]["hop"]),
        "truth": _truth(situation, minutes, epoch),
        "streams": sensors.rows(situation),
        "events": happened(situation, epoch),
    }
    return update, Sent(feed, minutes.estimates.made, minutes.state.made if minutes.state else 0)


def base(situation: Situation, epoch: float) -> dict[str, Any]:
    """Return what every page is sent.

    Parameters
    ----------
    situation : Situation
        What is known now.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    """
    return {
        "feed": _feed(situation, epoch),
        "sent": round((situation.now + epoch) * 1000, 1),
        "setup": _setup(situation),
        "session": _session(situation),
        "status": _status(situation),
        "notices": _notices(situation),
        "alarms": [f"{alarm.key} {alarm.since}" for alarm in situation.alarms],
    }


def happened(situation: Situation, epoch: float) -> list[dict[str, Any]]:
    """Return the newest events of the participant's streams and of the whole session, the newest first."""
    return [_event(event, situation.recording, epoch) for event in reversed(_events(situation))]


def _setup(situation: Situation) -> dict[str, Any]:
    """Return what stays the same for a whole run: the page is built from it."""
    model, session = situation.model, situation.session
    emotions = list(model.emotions) if model else []
    colours = emotion_colours(emotions)
    return {
        "emotions": [{"name": name, "colour": colour} for name, colour in zip(emotions, colours, strict=True)],
        "mean": [round(float(share), 4) for share in model.mean_label] if model else [],
        "hop": session.hop_s if session else 0.25,
        "blind": situation.blind,
        "alarms": session.alarms if session else False,
        "words": ALWAYS,
    }


def _feed(situation: Situation, epoch: float) -> str:
    """Return a name for everything that the page was built from; another name makes the page build itself anew."""
    session, model = situation.session, situation.model
    parts = (
        os.getpid(), situation.participant, session.started if session else 0, model.model_hash if model else "",
        situation.blind, round(epoch, 3),
    )  # fmt: skip
    return "/".join(map(str, parts))


def _session(situation: Situation) -> dict[str, str]:
    model = situation.model
    return {
        "name": situation.session.session if situation.session else "no session",
        "participant": situation.participant,
        "model": f"{model.description} · {model.device}" if model else "",
        "recording": recording_sentence(situation.recording, situation.recorded),
    }


def _notices(situation: Situation) -> list[str]:
    demonstration = [DEMONSTRATION] if situation.model and situation.model.demonstration else []
    blind = [ALWAYS["blind"]] if situation.blind else []
    return [*demonstration, *blind, *(situation.session.notices if situation.session else ())]


def _status(situation: Situation) -> dict[str, Any]:
    status = judge(situation)
    return {"level": status.level, "title": status.title, "reasons": list(status.reasons)}


def _current(situation: Situation) -> dict[str, Any]:
    """Return the newest estimate, or why it is not shown; nothing before the first."""
    newest = situation.newest
    if situation.blind:
        return {"message": ALWAYS["blind"]}
    if newest is None:
        return {}
    if newest.abstained:
        return {"message": abstains(newest.reason)}
    shares = {"shares": newest.distribution, "low": newest.low, "high": newest.high}
    return {name: [_number(value) for value in values] for name, values in shares.items()}


def _number(value: float) -> float | None:
    """Return a number as JSON has it, which knows no NaN."""
    return round(float(value), 4) if math.isfinite(value) else None


def _truth(situation: Situation, minutes: Minutes, epoch: float) -> list[float] | None:
    """Return the simulated state at the moment of the newest estimate."""
    if minutes.state is None or situation.newest is None or situation.blind:
        return None
    moment = (situation.newest.time + epoch) * 1000
    before = next((point for point in reversed(minutes.state.points) if point[1] <= moment), None)
    return None if before is None or before[2] is None else [share / SCALE for share in before[2]]


def _events(situation: Situation) -> list[Event]:
    """Return the newest events of the participant's streams and of the whole session, the oldest first."""
    mine = f"{situation.participant}/"
    told = [event for event in situation.events if "/" not in event.source or event.source.startswith(mine)]
    return told[-EVENTS_SHOWN:]


def _event(event: Event, recording: Recording | None, epoch: float) -> dict[str, Any]:
    at = round((event.time + epoch) * 1000)
    text = in_words(event.kind, event.text)
    # Of a trial that is marked while the recording is paused there will be no trial; nothing else of now would say so.
    left_out = event.kind == "marker" and recording is not None and recording.span(event.time) is None
    if left_out and recording.state != "off":
        text += " (not recorded)"
    # Whether it is recorded may be known half a second later than the event: then the page's line is another one.
    key = f"{at} {event.source} {event.kind} {text}"
    return {"key": key, "at": at, "kind": event.kind, "text": text}
