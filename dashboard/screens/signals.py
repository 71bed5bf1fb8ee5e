"""The page of signals: what the sensors send, as it comes."""

import streamlit as st

from dashboard.charts.component import show
from dashboard.encoding import encoded
from dashboard.feed import Feed
from dashboard.screens.opening import opens, to_update
from dashboard.screens.participant import chosen
from dashboard.signals.choice import Choice

#: Seconds between two updates of a page.
PERIOD_S = 0.25


def page(feed: Feed) -> None:
    """Show the signals of one participant."""
    participant = chosen(feed)
    _signals(feed, participant, opens(f"signals sent {participant}"))


@st.fragment(run_every=PERIOD_S)
def _signals(feed: Feed, participant: str, slot: str) -> None:
    if not participant and feed.participants():
        st.rerun()  # the session is there now, and its participants with it
    key = f"signals-{participant}"

    def forget() -> None:
        st.session_state[slot] = None

    choice = Choice.of(st.session_state.get(key, {}).get("choice"))
    update, st.session_state[slot] = feed.signals(participant, choice, to_update(slot))
    show("signals", encoded(update), key=key, on_resend=forget)
