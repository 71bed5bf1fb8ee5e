"""The participant's own page: the questions at the end of a trial, and nothing else of the session."""

import time
from typing import Any, Final

import streamlit as st

from dashboard.charts.component import show
from dashboard.encoding import encoded
from dashboard.feed import Feed

#: What the page's address ends with.
ADDRESS: Final = "rating"
#: Seconds between two updates of the page.
PERIOD_S: Final = 0.5


def is_asked_for() -> bool:
    """Return whether the viewer's address is that of the participant's page."""
    return (st.context.url or "").endswith(f"/{ADDRESS}")


def page(feed: Feed) -> None:
    """Show the page of the participant that the address names; of the only one where it names none."""
    _ask(feed, st.query_params.get("participant", ""))


@st.fragment(run_every=PERIOD_S)
def _ask(feed: Feed, participant: str) -> None:
    participants = feed.participants()
    whose = participants[0] if not participant and len(participants) == 1 else participant
    key = "rating"

    def take() -> None:
        feed.rate(whose, st.session_state[key].told)

    # The page hears only of updates that differ, and must hear of each: with it it says again what is not stored yet.
    update = _update(feed, whose, participants) | {"sent": time.time()}
    show("rating", encoded(update), key=key, on_told=take)


def _update(feed: Feed, whose: str, participants: list[str]) -> dict[str, Any]:
    if not participants or whose in participants:
        return feed.rating(whose)
    return {
        "state": "told",
        "sentence": f"Add ?participant=CODE to the address of this page; there are {', '.join(participants)}.",
    }
