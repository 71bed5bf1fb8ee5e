"""The sessions page: what is recorded; one session looked at again, exported, taken along as a report, learned from."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.charts.component import show
from dashboard.desk import Desk
from dashboard.encoding import encoded
from dashboard.recorded.helo import export, may_personalize, personalize
from dashboard.recorded.listing import compose_list
from dashboard.recorded.view import compose, first_participant
from dashboard.report import report
from pipeline.errors import BadInput
from pipeline.session.listing import list_sessions, session_at
from pipeline.session.outline import Outline, read_outline
from pipeline.store.connection import StoreLost

EXPORTS: Final = ("parquet", "csv", "bids")
_PERSONALIZE: Final = (
    "Make this participant's own model from the trials that were rated, if that helps on those held out."
)
#: In a tab's state: it has shown the run's key.
_OPERATOR: Final = "operator"
#: A list is read anew after so long (s).
_LISTED_S: Final = 5.0


def page(recordings: Path, desk: Desk | None) -> None:
    """Show the sessions in a folder, or the one that the address names.

    Parameters
    ----------
    recordings : Path
        The folder.
    desk : Desk or None
        Of the run beside which they are shown: then only its operator may write something. None without a run.
    """
    name = st.query_params.get("session")
    if name is None:
        show("session", encoded(_listed(str(recordings))), key="sessions")
        return
    try:
        outline = read_outline(session_at(recordings, name))
        participant = first_participant(outline, st.query_params.get("participant", ""))
        _tools(outline, participant, desk)
        view = compose(outline, participant, estimates_too=False)
    except BadInput as error:
        _back()
        st.text(str(error))  # as text: a name in an address may hold markup
        return
    stamp = f"{outline.path.name}/{participant}/{view['session']['length']}"
    key = "session"

    def hear() -> None:
        told = st.session_state[key].told
        if desk is not None and desk.knows(str(told.get("key"))):
            st.session_state[_OPERATOR] = True

    asks = desk is not None and _OPERATOR not in st.session_state
    show("session", encoded({**view, "stamp": stamp, "asks_key": asks}), key=key, on_told=hear)


@st.cache_data(ttl=_LISTED_S, show_spinner=False)
def _listed(recordings: str) -> dict[str, Any]:
    """One list for all viewers."""
    listed = compose_list(list_sessions(Path(recordings)), recordings)
    return {**listed, "stamp": repr(listed["rows"])}


def _tools(outline: Outline, participant: str, desk: Desk | None) -> None:
    """Offer what can be done with a session."""
    name, said = outline.path.name, ""
    operates = desk is None or _OPERATOR in st.session_state
    with st.container(horizontal=True, vertical_alignment="center"):
        _back()
        others = list(outline.settings.participants)
        if len(others) > 1:
            chosen = st.segmented_control(
                "Participant", others, default=participant, required=True, label_visibility="collapsed"
            )
            if chosen != participant:
                st.query_params["participant"] = chosen
                st.rerun()
        st.space("stretch")
        if not outline.blind:
            st.download_button(
                "Report", lambda: report(outline.path).encode(), f"{name}.html", "text/html", on_click="ignore",
                icon=":material/description:",
            )  # fmt: skip
        if operates:
            kind = st.selectbox("Export to", EXPORTS, label_visibility="collapsed", width=130)
            if st.button("Export", icon=":material/ios_share:", disabled=outline.running):
                said = _export(outline.path, kind)
        if operates and desk is not None:
            why_not = may_personalize(outline)
            icon = ":material/person:"
            if st.button("Personalize", icon=icon, disabled=bool(why_not), help=why_not or _PERSONALIZE):
                said = _personalize(outline, participant, desk)
    if said:
        st.code(said, language=None, wrap_lines=True)  # as text


def _back() -> None:
    st.button("All sessions", on_click=st.query_params.clear, type="tertiary", icon=":material/arrow_back:")


def _export(path: Path, kind: str) -> str:
    """Run ``helo export``; return where it went."""
    with st.spinner(f"Exporting to {kind}", show_time=True):
        done, said = export(path, kind, path / "export" / f"{kind}-{_now()}")
    st.toast("Exported" if done else "Not exported", icon=":material/ios_share:", duration="long")
    return said


def _personalize(outline: Outline, participant: str, desk: Desk) -> str:
    """Run ``helo personalize``; return what came of it."""
    try:
        folder = desk.models()
    except (BadInput, StoreLost) as error:
        return f"Not done: {error}."
    if folder is None:
        return "Not done: the session that runs has not begun yet; try again in a moment."
    with st.spinner(f"Personalizing for {participant}", show_time=True):
        helps, said = personalize(
            outline, participant, folder / f"{participant}-{outline.path.name}-{_now()}.safetensors"
        )
    st.toast("Personalized" if helps else "Not personalized", icon=":material/person:", duration="long")
    return said


def _now() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
