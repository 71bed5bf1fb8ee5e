"""Whom a page shows."""

import streamlit as st

from dashboard.feed import Feed


def chosen(feed: Feed) -> str:
    """Return whom to show: chosen by the viewer where there are several; empty before the session is there."""
    participants = feed.participants()
    first = participants[0] if participants else ""
    if len(participants) < 2:
        return first
    return str(
        st.segmented_control(
            "Participant", participants, default=first, required=True, key="participant", label_visibility="collapsed"
        )
    )
