"""What the server sends to the page that shows what the model used: all of it, every time."""

from typing import Any

from dashboard.history import Use
from dashboard.picture import base
from dashboard.situation import Situation
from dashboard.theme import MODALITY_COLOURS
from dashboard.words import MODALITY_NAMES, USED
from pipeline.records import Array
from pipeline.states import Explained


def compose(situation: Situation, uses: list[Use], made: Explained | None, epoch: float) -> dict[str, Any]:
    """Return an update of the page.

    Parameters
    ----------
    situation : Situation
        What is known now.
    uses : list of Use
        What estimates of the last minutes used, the oldest first.
    made : Explained or None
        What one of the newest estimates was made of, if that is known.
    epoch : float
        Epoch time (s) of the LSL clock's zero.
    """
    update = base(situation, epoch)
    update["setup"]["words"] = {**update["setup"]["words"], "used": USED}
    return {**update, "over": _over_time(uses), "made": _made(made)}


def _over_time(uses: list[Use]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for use in uses for name in use.taken))
    return {
        "modalities": [
            {"name": MODALITY_NAMES.get(name, name), "colour": MODALITY_COLOURS.get(name, "#7A8794")} for name in names
        ],
        "times": [use.time_ms for use in uses],
        "weights": [[use.taken[name][0] if name in use.taken else 0.0 for use in uses] for name in names],
        "distances": [[use.taken[name][1] if name in use.taken else None for use in uses] for name in names],
    }


def _made(made: Explained | None) -> dict[str, Any] | None:
    if made is None:
        return None
    plan = None if made.plan is None else _rows(made.plan)
    return {"plan": plan, "carried": round(made.carried, 4), "correlation": _rows(made.correlation)}


def _rows(matrix: Array) -> list[list[float]]:
    return [[round(float(value), 4) for value in row] for row in matrix]
