"""What the dashboard shows, run by Streamlit for each viewer; see ``server.py``.

With a session, whose store the environment names, its live page is there, too.
"""

import argparse
import os
from pathlib import Path

import streamlit as st

from dashboard.desk import Desk
from dashboard.feed import Feed
from dashboard.launch import OPERATOR_VARIABLE
from dashboard.screens import control, door, live, rating, sessions, signals, used
from pipeline.store.connection import STORE_VARIABLE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dashboard")
    parser.add_argument("--session", default="", help="name of the session that runs")
    parser.add_argument("--recordings", type=Path, required=True, help="folder of recorded sessions")
    return parser.parse_args()


@st.cache_resource(show_spinner=False)
def _feed(store: str, session: str) -> Feed:
    """One feed for all viewers."""
    return Feed(store, session)


def main() -> None:
    """Serve one run of the page."""
    arguments = _arguments()
    inside = door.admitted()
    of_participant = bool(arguments.session) and rating.is_asked_for()
    of_operator = inside and not of_participant
    title = f"{arguments.session or 'sessions'} · helo live" if of_operator else "helo live"
    st.set_page_config(page_title=title, layout="wide", initial_sidebar_state="collapsed")
    pages = []
    desk = None
    if arguments.session:
        feed = _feed(os.environ[STORE_VARIABLE], arguments.session)
        pages.append(st.Page(lambda: live.page(feed), title="Live", url_path="live", default=True))
        pages.append(st.Page(lambda: used.page(feed), title="What the model used", url_path="used"))
        pages.append(st.Page(lambda: signals.page(feed), title="Signals", url_path="signals"))
        desk = Desk(os.environ[STORE_VARIABLE], arguments.session, os.environ.get(OPERATOR_VARIABLE, ""))
        pages.append(st.Page(lambda: control.page(feed, desk), title="Control", url_path="control"))
        pages.append(st.Page(lambda: rating.page(feed), title="Rating", url_path=rating.ADDRESS, visibility="hidden"))
    pages.append(
        st.Page(
            lambda: sessions.page(arguments.recordings, desk),
            title="Sessions",
            url_path="sessions",
            default=not arguments.session,
        )
    )
    # Before the door, too: whoever is let in then gets the page whose address was opened.
    page = st.navigation(pages, position="top" if of_operator else "hidden")
    if inside:
        page.run()
    else:
        door.page(of_participant=of_participant)


main()
