"""Whom to ask about which trial, and what the participant's page is sent: nothing of the session but the questions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pipeline.commands import Recording
from pipeline.records import Event
from pipeline.session.ratings import (
    RATING,
    ItemRating,
    Plan,
    TrialRating,
    check_items,
    rating_in,
    trials_of_participant,
)
from pipeline.session.trials import Trial, delimits, trials_of
from pipeline.states import SessionInfo

#: While nothing is known the page stays as it is.
UNKNOWN: dict[str, Any] = {"state": "unknown"}


class Said(msgspec.Struct, frozen=True):
    """What the page says when its button is pressed."""

    trial: str
    """The key that it was sent."""
    seconds_ago: float
    """It says so again until the rating is stored (s)."""
    items: tuple[ItemRating, ...]


class Ratings:
    """Follows a session's markers and ratings.

    Parameters
    ----------
    session : SessionInfo
        What the session is.
    """

    def __init__(self, session: SessionInfo) -> None:
        self._session = session
        self._plan = Plan.model_validate_json(session.rating) if session.rating else None
        self._markers: dict[object, dict[str, Any]] = {}
        self._rated: set[tuple[str, float]] = set()
        self._complete = False
        self._told = 0
        self._pages: dict[str, tuple[object, dict[str, Any]]] = {}
        """What each page was sent last, and what was known then."""
        self._counted: tuple[object, dict[str, int]] = (None, {})
        """How many trials wait, and what was known then."""

    def take(self, events: Iterable[Event]) -> None:
        """Take what is new of the session's events; nothing new means that this knows all."""
        if self._plan is None:
            return
        new = list(events)
        if not new and not self._complete:
            self._complete = True
            self._told += 1
        for event in new:
            if event.kind == "marker" and delimits(event.text, self._plan.trials):
                told = {"time": event.time, "kind": event.kind, "text": event.text, "source": event.source}
                self._markers[event.identity] = told  # a store that came back empty is told some again
                self._told += 1
            elif event.kind == RATING:
                self.note(rating_in(event.text))

    def note(self, rating: TrialRating) -> None:
        """Take it that a trial is rated."""
        self._rated.add((rating.participant, rating.onset))
        self._told += 1

    def page(self, participant: str, recording: Recording | None, epoch: float) -> dict[str, Any]:
        """Return what a participant's page is to be sent now.

        Parameters
        ----------
        participant : str
            Whose page it is.
        recording : Recording or None
            Of what is recorded only such trials are asked for that are.
        epoch : float
            Epoch time (s) of the LSL clock's zero.
        """
        known = (self._told, recording and (recording.state, recording.spans), epoch)
        before, page = self._pages.get(participant, (None, UNKNOWN))
        if before != known:
            page = self._page(participant, recording, epoch)
            self._pages[participant] = (known, page)
        return page

    def _page(self, participant: str, recording: Recording | None, epoch: float) -> dict[str, Any]:
        if self._plan is None:
            return {"state": "told", "sentence": "This session asks for no ratings; its session file has no `rating`."}
        if not self._complete or recording is None:
            return UNKNOWN
        scale = self._plan.scale
        trials = self._trials(participant, recording)
        waiting = self._waiting(participant, trials)
        trial = next(iter(waiting), None)
        update = {"language": scale.language, "words": scale.words.model_dump()}
        if trial is None:
            rated = bool(trials) and (participant, trials[-1].onset) in self._rated
            return update | {"state": "thanks" if rated else "wait"}
        items = scale.asked(self._session.session, participant, trial.onset)
        asked = [{"name": item.name, "text": item.text, "anchors": item.anchors or scale.anchors} for item in items]
        return update | {
            "state": "ask", "trial": self._key(participant, trial), "question": scale.question, "items": asked,
            "answers": list(range(scale.least, scale.most + 1)), "late": _late(waiting, epoch),
        }  # fmt: skip

    def unrated(self, recording: Recording | None) -> dict[str, int]:
        """Return how many trials wait for each participant who has such."""
        if not self._complete or recording is None:
            return {}
        known = (self._told, recording.state, recording.spans)
        if self._counted[0] != known:
            counts = {one: len(self._waiting(one, self._trials(one, recording))) for one in self._session.participants}
            self._counted = (known, {participant: count for participant, count in counts.items() if count})
        return self._counted[1]

    def rating(self, participant: str, recording: Recording | None, said: Mapping[str, Any]) -> TrialRating | None:
        """Return what a page says was rated, None for a trial that waits for no rating (any more).

        Raises
        ------
        ValueError
            No page of ours says such a thing.
        """
        told = msgspec.convert(said, Said)
        if self._plan is None or recording is None:
            return None
        scale = self._plan.scale
        for trial in self._waiting(participant, self._trials(participant, recording)):
            if self._key(participant, trial) == told.trial:
                check_items(scale, told.items)
                return TrialRating(
                    participant, trial.name, trial.onset, scale.title, scale.least, scale.most, told.items
                )
        return None

    def _trials(self, participant: str, recording: Recording) -> list[Trial]:
        """Return a participant's trials in the order of their onsets: where anything is recorded, those that are."""
        if self._plan is None:
            return []
        markers = [
            marker
            for marker in self._markers.values()
            if recording.state == "off" or recording.span(marker["time"]) is not None
        ]
        return trials_of_participant(trials_of(markers, self._plan.trials), participant)

    def _waiting(self, participant: str, trials: Iterable[Trial]) -> list[Trial]:
        """Return the trials that have ended and are not rated, the one that ended first first."""
        ended = [trial for trial in trials if trial.duration is not None]
        unrated = [trial for trial in ended if (participant, trial.onset) not in self._rated]
        return sorted(unrated, key=lambda trial: trial.onset + (trial.duration or 0.0))

    def _key(self, participant: str, trial: Trial) -> str:
        """Return by what a page knows a trial again: nothing that it shows."""
        return f"{self._session.started:.6f} {participant} {trial.onset:.6f}"


def _late(waiting: Sequence[Trial], epoch: float) -> dict[str, Any] | None:
    """Return when the first of several trials that wait was (epoch ms), and how many wait: it is not the last one."""
    if len(waiting) < 2:
        return None
    begin = waiting[0].onset + epoch
    return {"of": len(waiting), "from": round(1000 * begin), "to": round(1000 * (begin + (waiting[0].duration or 0.0)))}
