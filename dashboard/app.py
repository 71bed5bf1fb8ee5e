"""The dashboard: ``streamlit run dashboard/app.py -- --session NAME``; the environment says where the store is."""

import argparse
import os

import streamlit as st

from dashboard.feed import Feed
from dashboard.pages import live, used
from pipeline.store.connection import STORE_VARIABLE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dashboard")
    parser.add_argument("--session", required=True, help="name of the session")
    return parser.parse_args()


@st.cache_resource(show_spinner=False)
def _feed(store: str, session: str) -> Feed:
    """One feed for all viewers."""
    return Feed(store, session)


def main() -> None:
    """Serve one run of the page."""
    arguments = _arguments()
    st.set_page_config(page_title=f"{arguments.session} · helo live", layout="wide", initial_sidebar_state="collapsed")
    feed = _feed(os.environ[STORE_VARIABLE], arguments.session)
    pages = [
        st.Page(lambda: live.page(feed), title="Live", url_path="live", default=True),
        st.Page(lambda: used.page(feed), title="What the model used", url_path="used"),
    ]
    st.navigation(pages, position="top").run()


main()
