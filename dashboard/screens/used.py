"""What the model used: how much each modality weighs, how strange it is, and what the newest estimate was made of."""

from dashboard.charts.component import follow
from dashboard.encoding import encoded
from dashboard.feed import Feed
from dashboard.push import TICKETS, Follower
from dashboard.screens.participant import chosen


def page(feed: Feed) -> None:
    """Show what the model used of one participant."""
    participant = chosen(feed)
    ticket = TICKETS.ticket("used", participant, lambda: Used(feed, participant))
    follow("used", ticket, key=f"used-{participant}")


class Used(Follower):
    """One page of what the model used, sent all of it each time."""

    period_s = 1.0

    def __init__(self, feed: Feed, participant: str) -> None:
        self._feed, self._participant = feed, participant

    def update(self) -> bytes:
        """Return all that it shows."""
        return encoded(self._feed.used(self._participant))
