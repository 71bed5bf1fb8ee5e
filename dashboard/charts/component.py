"""The components that keep a page in the browser; see ``page.js`` beside this file, and a module for each page."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.assets import folder
from dashboard.encoding import encoded

#: Streamlit sends this text with every run of the script, so it only fetches the page's own module, once; and Plotly,
#: which is larger, together with it, not after it.
_BOOTSTRAP = """
const of = (name) => import(new URL(`{folder}/${{name}}`, document.baseURI));
{first}
const page = of("{module}.js");
const decoded = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
export default async ({{ data, ...component }}) => (await page).default({{ ...component, data: decoded(data) }});
"""
#: Pages that do without Plotly.
_UNDRAWN = {"rating"}


@st.cache_resource
def _component(module: str) -> Callable[..., Any]:
    first = "" if module in _UNDRAWN else 'of("plotly.min.js");'
    js = _BOOTSTRAP.format(folder=folder(), module=module, first=first)
    return st.components.v2.component(f"helo_{module}", js=js, isolate_styles=False)


def _nothing() -> None:
    """Do nothing but run the script again."""


def show(module: str, data: bytes, *, key: str, on_told: Callable[[], None] = _nothing) -> None:
    """Show a page.

    Parameters
    ----------
    module : str
        The page's module.
    data : bytes
        What it is to show, as `dashboard.encoding.encoded` returned it.
    key : str
        The same for the same page.
    on_told : callable
        Called when the page says something: then ``st.session_state[key].told``.
    """
    _component(module)(key=key, data=data, on_told_change=on_told, on_again_change=_nothing)


def follow(module: str, ticket: str, *, key: str) -> None:
    """Show a page that is kept up to date.

    Parameters
    ----------
    module : {"live", "used", "signals", "control", "rating"}
        The page's module.
    ticket : str
        Of what it is to follow.
    key : str
        The same for the same page.
    """
    show(module, encoded({"ticket": ticket}), key=key)
