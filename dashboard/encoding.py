"""How an update travels from the server to a page."""

import json
from typing import Any


def encoded(update: dict[str, Any]) -> bytes:
    """Return an update as it travels, made once for many. Streamlit, too, passes bytes on; a dict it would take apart.

    Parameters
    ----------
    update : dict
        What `compose` of `dashboard.picture`, `dashboard.used`, `dashboard.signals`, `dashboard.controlled`,
        `dashboard.rating` or `dashboard.recorded` returned.
    """
    return json.dumps(update, separators=(",", ":")).encode()
