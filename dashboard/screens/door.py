"""What a viewer sees who has not shown who it is: nothing else."""

import streamlit as st

from dashboard.access import Door, asks, has_password
from dashboard.openid import admits, allowed, openid_file


@st.cache_resource(show_spinner=False)
def _door() -> Door:
    """One door for all viewers."""
    return Door()


def admitted() -> bool:
    """Return whether this viewer may see the pages."""
    return not asks() or bool(st.session_state.get("admitted", False)) or _signed_in()


def page(*, of_participant: bool) -> None:
    """Ask who it is.

    Parameters
    ----------
    of_participant : bool
        Whether the participant's page was opened: whoever signs in comes back to the first page, which is not theirs.
    """
    if openid_file() is not None and not of_participant:
        _sign_in()
    if has_password():
        _ask()


def _signed_in() -> bool:
    file = openid_file()
    return file is not None and admits(allowed(file), st.user)


def _sign_in() -> None:
    if st.user.is_logged_in:
        st.text(f"{st.user.get('email') or st.user.get('sub')} is not among those who may see this session's pages.")
        st.button("Sign out", on_click=st.logout)
    else:
        st.button("Sign in", on_click=st.login)


def _ask() -> None:
    with st.form("door", width=360):
        given = st.text_input("Password of this session's pages", type="password")
        asked = st.form_submit_button("Open")
    if asked and _door().opens(given):
        st.session_state["admitted"] = True
        st.rerun()
    if asked:
        st.error("That is not the password.")
