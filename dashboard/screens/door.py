"""What a viewer sees before the password is given: nothing else."""

import streamlit as st

from dashboard.access import Door, asks


@st.cache_resource(show_spinner=False)
def _door() -> Door:
    """One door for all viewers."""
    return Door()


def admitted() -> bool:
    """Return whether this viewer may see the pages."""
    return not asks() or bool(st.session_state.get("admitted", False))


def page() -> None:
    """Ask for the password."""
    with st.form("door", width=360):
        given = st.text_input("Password of this session's pages", type="password")
        asked = st.form_submit_button("Open")
    if asked and _door().opens(given):
        st.session_state["admitted"] = True
        st.rerun()
    if asked:
        st.error("That is not the password.")
