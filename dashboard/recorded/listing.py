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
        "estimated": _percent(one.estimated),
        "quality": _percent(one.quality),
        "alarms": one.alarms,
        "trials": one.trials,
        "analysed": one.analysed,
    }


def _percent(share: float | None) -> str:
    """Return a share in words: all and nothing are told apart from almost all and almost nothing."""
    if share is None:
        return "–"
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return "> 99 %"
    if rounded == 0 and share > 0:
        return "< 1 %"
    return f"{rounded} %"
