"""The sessions page: what is recorded, and one session looked at again, exported or taken along as a report."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.charts.component import show
from dashboard.recorded.listing import compose_list
from dashboard.recorded.view import compose, first_participant
from dashboard.report import report
from pipeline.errors import BadInput
from pipeline.session.listing import list_sessions, session_at
from pipeline.session.outline import Outline, read_outline

EXPORTS: Final = ("parquet", "csv", "bids")
#: A list is read anew after so long (s).
_LISTED_S: Final = 5.0


def page(recordings: Path) -> None:
    """Show the sessions in a folder, or the one that the address names."""
    name = st.query_params.get("session")
    if name is None:
        show("session", _listed(str(recordings)), key="sessions")
        return
    try:
        outline = read_outline(session_at(recordings, name))
        participant = first_participant(outline, st.query_params.get("participant", ""))
        _tools(outline, participant)
        view = compose(outline, participant, estimates_too=False)
    except BadInput as error:
        _back()
        st.text(str(error))  # as text: a name in an address may hold markup
        return
    stamp = f"{outline.path.name}/{participant}/{view['session']['length']}"
    show("session", {**view, "stamp": stamp}, key="session")


@st.cache_data(ttl=_LISTED_S, show_spinner=False)
def _listed(recordings: str) -> dict[str, Any]:
    """One list for all viewers."""
    listed = compose_list(list_sessions(Path(recordings)), recordings)
    return {**listed, "stamp": repr(listed["rows"])}


def _tools(outline: Outline, participant: str) -> None:
    """Offer what can be done with a session."""
    name = outline.path.name
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
        kind = st.selectbox("Export to", EXPORTS, label_visibility="collapsed", width=130)
        if st.button("Export", icon=":material/ios_share:", disabled=outline.running):
            _export(outline.path, kind)


def _back() -> None:
    st.button("All sessions", on_click=st.query_params.clear, type="tertiary", icon=":material/arrow_back:")


def _export(path: Path, kind: str) -> None:
    """Run ``helo export``, which loads what a page need not carry, and say where it went."""
    target = path / "export" / f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    command = [sys.executable, "-P", "-m", "pipeline.cli.main", "export", str(path), "--to", kind, "-o", str(target)]
    with st.spinner(f"Exporting to {kind}", show_time=True):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (done.stdout if done.returncode == 0 else done.stderr).strip()
    st.toast("Exported" if done.returncode == 0 else "Not exported", icon=":material/ios_share:", duration="long")
    st.code(said, language=None, wrap_lines=True)
