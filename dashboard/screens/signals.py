"""The page of signals: what the sensors send, as it comes."""

from typing import Any

from dashboard.charts.component import follow
from dashboard.encoding import encoded
from dashboard.feed import Feed
from dashboard.push import TICKETS, Follower
from dashboard.screens.participant import chosen
from dashboard.signals.choice import Choice
from dashboard.signals.compose import SentSignals


def page(feed: Feed) -> None:
    """Show the signals of one participant."""
    participant = chosen(feed)
    ticket = TICKETS.ticket("signals", participant, lambda: Signals(feed, participant))
    follow("signals", ticket, key=f"signals-{participant}")


class Signals(Follower):
    """One page of signals, as its viewer chose to see them, sent only what is new."""

    def __init__(self, feed: Feed, participant: str) -> None:
        self._feed, self._participant = feed, participant
        self._choice = Choice()
        self._sent: SentSignals | None = None

    def chosen(self, choice: dict[str, Any]) -> None:
        """Take how the viewer wants to see them."""
        self._choice = Choice.of(choice)

    def update(self) -> bytes:
        """Return what is new to the page."""
        update, self._sent = self._feed.signals(self._participant, self._choice, self._sent)
        return encoded(update)
