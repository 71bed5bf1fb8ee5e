"""The dashboard's server: ``streamlit run dashboard/server.py -- --recordings DIR [--session NAME]``."""

from pathlib import Path

import streamlit as st

from dashboard.assets import routes
from dashboard.push import route
from dashboard.screens import control, door, live, rating, sessions, signals, used  # noqa: F401 - see below

# What the script imports is loaded by now, not while the first viewer waits for it.
app = st.App(Path(__file__).with_name("app.py"), routes=[*routes(), route()])
