"""The component that shows recorded sessions in the browser; see ``session.js`` beside this file."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.assets import version

_BOOTSTRAP = """
const page = import(new URL("app/static/{folder}/session.js", document.baseURI));
export default async (component) => (await page).default(component);
"""


@st.cache_resource
def _component() -> Callable[..., Any]:
    js = _BOOTSTRAP.format(folder=version())
    return st.components.v2.component("helo_session", js=js, isolate_styles=False)


def session(view: dict[str, Any]) -> None:
    """Show the list of sessions or one of them.

    Parameters
    ----------
    view : dict
        What `dashboard.recorded` composed, and ``stamp``: another one draws the page anew.
    """
    _component()(key=f"session-{view['kind']}", data=view)
