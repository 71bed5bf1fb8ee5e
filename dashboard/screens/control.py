"""The control page: the session's state, and for whoever has the operator's key its buttons and notes."""

from typing import Final

import streamlit as st

from dashboard.charts.component import show
from dashboard.desk import Desk, Line
from dashboard.encoding import encoded
from dashboard.feed import Feed
from dashboard.screens.participant import chosen
from pipeline.streams.clock import local_clock

#: Seconds between two updates of a page.
PERIOD_S: Final = 0.25


def page(feed: Feed, desk: Desk) -> None:
    """Show the control page."""
    _control(feed, chosen(feed), desk)


@st.fragment(run_every=PERIOD_S)
def _control(feed: Feed, participant: str, desk: Desk) -> None:
    if not participant and feed.participants():
        st.rerun()  # the session is there now, and its participants with it
    line: Line = st.session_state.setdefault("line", Line())
    key = "control"  # whoever is shown: it must not lose what is being written into it

    def take() -> None:
        at = local_clock()
        desk.take(line, st.session_state[key].told, at)

    show("control", encoded(feed.control(participant) | {"reply": line.reply()}), key=key, on_told=take)
