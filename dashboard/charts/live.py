"""The component that keeps the live page in the browser; see ``live.js`` beside this file."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.assets import version

#: Streamlit sends this text with every update, so it only fetches the page's own modules, once.
_BOOTSTRAP = """
const page = import(new URL("app/static/{folder}/live.js", document.baseURI));
export default async (component) => (await page).default(component);
"""


@st.cache_resource
def _component() -> Callable[..., Any]:
    js = _BOOTSTRAP.format(folder=version())
    return st.components.v2.component("helo_live", js=js, isolate_styles=False)


def live(update: dict[str, Any], *, key: str, on_resend: Callable[[], None]) -> None:
    """Show the live page, or bring it up to date.

    Parameters
    ----------
    update : dict
        What `dashboard.picture.compose` returned.
    key : str
        The same for the same page.
    on_resend : callable
        Called when the page lacks points and needs all of them.
    """
    _component()(key=key, data=update, on_resend_change=on_resend)
