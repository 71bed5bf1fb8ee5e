"""The control page: the session's state, and for whoever has the operator's key its buttons and notes."""

from typing import Any

from dashboard.charts.component import follow
from dashboard.desk import Desk, Line
from dashboard.encoding import encoded
from dashboard.feed import Feed
from dashboard.push import TICKETS, Follower
from dashboard.screens.participant import chosen


def page(feed: Feed, desk: Desk) -> None:
    """Show the control page."""
    participant = chosen(feed)
    # One place whoever is shown: it must not lose what is being written into it.
    ticket = TICKETS.ticket("control", participant, lambda: Control(feed, participant, desk))
    follow("control", ticket, key="control")


class Control(Follower):
    """One control page, sent all of it each time, and what came of what it asked for."""

    def __init__(self, feed: Feed, participant: str, desk: Desk) -> None:
        self._feed, self._participant, self._desk = feed, participant, desk
        self._line = Line()

    def told(self, told: dict[str, Any], at: float) -> None:
        """Do what the page asks for; see `dashboard.desk.Desk.take`."""
        self._desk.take(self._line, told, at)

    def update(self) -> bytes:
        """Return all that it shows."""
        return encoded(self._feed.control(self._participant) | {"reply": self._line.reply()})
