"""The live page: whose session it is, whether to believe what is seen, the mixture and what it is made from."""

import asyncio
from contextlib import AbstractContextManager

from dashboard.charts.component import follow
from dashboard.feed import Feed
from dashboard.picture import Sent
from dashboard.push import TICKETS, Follower
from dashboard.screens.participant import chosen


def page(feed: Feed) -> None:
    """Show the live page of one participant."""
    participant = chosen(feed)
    ticket = TICKETS.ticket("live", participant, lambda: Live(feed, participant))
    follow("live", ticket, key=f"live-{participant}")


class Live(Follower):
    """One live page, sent each estimate as soon as it is there, and how old it is while none comes."""

    #: Somewhat more than between two estimates: where they come when they are due, nothing is sent between them.
    period_s = 0.3
    #: Estimates that come late come close to one another: they are drawn together.
    least_s = 0.2

    def __init__(self, feed: Feed, participant: str) -> None:
        self._feed, self._participant = feed, participant
        self._sent: Sent | None = None

    def news(self, news: asyncio.Event) -> AbstractContextManager[None]:
        """Have an event set when there is an estimate."""
        return self._feed.bell.heard(self._participant, news)

    def update(self) -> bytes:
        """Return what is new to the page."""
        update, self._sent = self._feed.update(self._participant, self._sent)
        return update
