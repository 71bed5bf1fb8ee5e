"""The components that keep a page in the browser; see ``page.js`` beside this file, and a module for each page."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.assets import folder

#: Streamlit sends this text with every update, so it only fetches the page's own modules, once.
_BOOTSTRAP = """
const of = (module) => import(new URL(`{folder}/${{module}}.js`, document.baseURI));
{first}
const page = of("{module}");
const decoded = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
export default async ({{ data, ...component }}) => (await page).default({{ ...component, data: decoded(data) }});
"""
#: Pages that do without Plotly.
_UNDRAWN = {"rating"}


@st.cache_resource
def _component(module: str) -> Callable[..., Any]:
    first = "" if module in _UNDRAWN else 'of("plotly");'
    js = _BOOTSTRAP.format(folder=folder(), module=module, first=first)
    return st.components.v2.component(f"helo_{module}", js=js, isolate_styles=False)


def _nothing() -> None:
    """Do nothing: such a page is sent everything every time."""


def show(
    module: str,
    update: bytes,
    *,
    key: str,
    on_resend: Callable[[], None] = _nothing,
    on_told: Callable[[], None] = _nothing,
    on_choice: Callable[[], None] = _nothing,
) -> None:
    """Show a page, or bring it up to date.

    Parameters
    ----------
    module : {"live", "used", "signals", "control", "rating", "session"}
        The page's module.
    update : bytes
        What `dashboard.encoding.encoded` returned.
    key : str
        The same for the same page.
    on_resend : callable
        Called when the page lacks points and needs all of them.
    on_told : callable
        Called when the page says something: then ``st.session_state[key].told``.
    on_choice : callable
        Called when the viewer has chosen how to see the page: from then on ``st.session_state[key].choice``.
    """
    _component(module)(
        key=key, data=update, on_resend_change=on_resend, on_told_change=on_told, on_choice_change=on_choice
    )
