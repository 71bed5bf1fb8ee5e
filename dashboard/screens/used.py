"""What the model used: how much each modality weighs, how strange it is, and what the newest estimate was made of."""

import streamlit as st

from dashboard.charts.component import show
from dashboard.encoding import encoded
from dashboard.feed import Feed
from dashboard.screens.participant import chosen

#: Seconds between two updates of a page.
PERIOD_S = 1.0


def page(feed: Feed) -> None:
    """Show what the model used of one participant."""
    _used(feed, chosen(feed))


@st.fragment(run_every=PERIOD_S)
def _used(feed: Feed, participant: str) -> None:
    if not participant and feed.participants():
        st.rerun()  # the session is there now, and its participants with it
    show("used", encoded(feed.used(participant)), key=f"used-{participant}")
