"""Whom a page shows."""

import streamlit as st

from dashboard.feed import Feed

#: Whether the session is there now is looked at so often (s).
LOOK_EVERY_S = 0.5


def chosen(feed: Feed) -> str:
    """Return whom to show: chosen by the viewer where there are several; empty before the session is there."""
    participants = expected(feed)
    first = participants[0] if participants else ""
    if len(participants) < 2:
        return first
    return str(
        st.segmented_control(
            "Participant", participants, default=first, required=True, key="participant", label_visibility="collapsed"
        )
    )


def expected(feed: Feed) -> list[str]:
    """Return the session's participants; where there are none yet, the page is made anew once there are."""
    participants = feed.participants()
    if not participants:
        _expect(feed)
    return participants


@st.fragment(run_every=LOOK_EVERY_S)
def _expect(feed: Feed) -> None:
    if feed.participants():
        st.rerun()
