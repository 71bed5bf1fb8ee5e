"""The live page: whose session it is, whether to believe what is seen, the mixture and what it is made from."""

import streamlit as st

from dashboard.charts.component import show
from dashboard.feed import Feed
from dashboard.screens.opening import opens, to_update
from dashboard.screens.participant import chosen

#: Seconds between two updates of a page.
PERIOD_S = 0.25
#: An update waits at most so long for the next estimate (s): the pages' periods begin at any moment between two, and an
#: estimate would stay unseen for up to a period. Less than that, so that the next one can begin in time.
WAIT_S = 0.2


def page(feed: Feed) -> None:
    """Show the live page of one participant."""
    participant = chosen(feed)
    _picture(feed, participant, opens(f"sent {participant}"))


@st.fragment(run_every=PERIOD_S)
def _picture(feed: Feed, participant: str, slot: str) -> None:
    if not participant and feed.participants():
        st.rerun()  # the session is there now, and its participants with it

    def forget() -> None:
        st.session_state[slot] = None

    update, st.session_state[slot] = feed.update(participant, to_update(slot), wait_s=WAIT_S)
    show("live", update, key=f"live-{participant}", on_resend=forget)
