"""What a page has been sent, from its opening on."""

from typing import Any, Final

import streamlit as st

#: So many updates hold everything when a page opens: Streamlit drops some while it still fetches what shows them. A
#: page that got none of these asks, and waits for the runs that are queued before the answer.
OPENING: Final = 3


def opens(slot: str) -> str:
    """Take it that a page opens; return where in the viewer's session it stands what the page has been sent."""
    st.session_state[slot] = None
    st.session_state[_left(slot)] = OPENING
    return slot


def to_update(slot: str) -> Any:
    """Return what it has been sent, once for each update; None while it may have got nothing of it."""
    if st.session_state[_left(slot)] > 0:
        st.session_state[_left(slot)] -= 1
        return None
    return st.session_state[slot]


def _left(slot: str) -> str:
    return f"{slot}, opening"
