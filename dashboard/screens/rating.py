"""The participant's own page: the questions at the end of a trial, and nothing else of the session."""

from typing import Any, Final

import streamlit as st

from dashboard.charts.component import follow
from dashboard.encoding import encoded
from dashboard.feed import Feed
from dashboard.push import TICKETS, Follower
from dashboard.rating import UNKNOWN
from dashboard.screens.participant import expected

#: What the page's address ends with.
ADDRESS: Final = "rating"


def is_asked_for() -> bool:
    """Return whether the viewer's address is that of the participant's page."""
    return (st.context.url or "").endswith(f"/{ADDRESS}")


def page(feed: Feed) -> None:
    """Show the page of the participant that the address names; of the only one where it names none."""
    participants, named = expected(feed), st.query_params.get("participant", "")
    whose = participants[0] if not named and len(participants) == 1 else named
    if not participants:
        ticket = TICKETS.ticket("rating of nobody yet", "", Waiting)
    elif whose in participants:
        ticket = TICKETS.ticket("rating", whose, lambda: Rating(feed, whose))
    else:
        ticket = TICKETS.ticket("rating of whom", "", lambda: OfWhom(feed))
    follow("rating", ticket, key="rating")


class Rating(Follower):
    """One participant's page, sent all of it each time: with it the page says again what is not stored yet."""

    period_s = 0.5

    def __init__(self, feed: Feed, participant: str) -> None:
        self._feed, self._participant = feed, participant

    def told(self, told: dict[str, Any], _at: float) -> None:
        """Pass on what was rated; see `dashboard.feed.Feed.rate`."""
        self._feed.rate(self._participant, told)

    def update(self) -> bytes:
        """Return all that it shows."""
        return encoded(self._feed.rating(self._participant))


class Waiting(Follower):
    """A page before anything is known: it keeps what it shows, and what is not stored yet."""

    def update(self) -> bytes:
        """Return that nothing is known."""
        return encoded(UNKNOWN)


class OfWhom(Follower):
    """A page whose address names no participant of the session."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def update(self) -> bytes:
        """Return a sentence that says what to add to the address."""
        participants = self._feed.participants()
        if not participants:
            return encoded(UNKNOWN)
        sentence = f"Add ?participant=CODE to the address of this page; there are {', '.join(participants)}."
        return encoded({"state": "told", "sentence": sentence})
