"""How an update travels from the server to a page."""

import json
from typing import Any


def encoded(update: dict[str, Any]) -> bytes:
    """Return an update as it travels: Streamlit passes bytes on; of a dict it would ask of each part if it is a table.

    Parameters
    ----------
    update : dict
        What `compose` of `dashboard.picture`, `dashboard.used`, `dashboard.signals`, `dashboard.controlled`,
        `dashboard.rating` or `dashboard.recorded` returned.
    """
    return json.dumps(update, separators=(",", ":")).encode()
