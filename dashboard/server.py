"""The dashboard's server: ``streamlit run dashboard/server.py -- --recordings DIR [--session NAME]``."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard.assets import routes
from dashboard.early import Early
from dashboard.push import route

app = st.App(Path(__file__).with_name("app.py"), routes=[*routes(), route()], middleware=[Middleware(Early)])
