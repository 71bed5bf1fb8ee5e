"""What the page gets of all sessions: a row each."""

from typing import Any

from dashboard.words import MODALITY_NAMES, seconds
from pipeline.session.listing import Listed

_STATES = {
    "running": "is being recorded",
    "ended": "whole",
    "cut off": "not closed",
    "stopped": "stopped before the session did",
}


def compose_list(found: list[Listed], where: str) -> dict[str, Any]:
    """Return the list of sessions as the page shows it; `where` is the folder."""
    return {"kind": "list", "where": where, "rows": [_row(one) for one in found]}


def _row(one: Listed) -> dict[str, Any]:
    return {
        "name": one.name,
        "fault": one.fault,
        "begun": one.begun.isoformat() if one.begun else "",
        "state": _STATES.get(one.state, ""),
        "length": seconds(one.length_s) if one.ticks else "no estimate",
        "participants": ", ".join(one.participants),
        "modalities": ", ".join(MODALITY_NAMES.get(modality, modality) for modality in one.modalities),
        "estimated": None if one.estimated is None else round(one.estimated, 3),
        "quality": None if one.quality is None else round(one.quality, 3),
        "alarms": one.alarms,
        "trials": one.trials,
        "analysed": one.analysed,
    }
