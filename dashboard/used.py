"""What the server sends to the page that shows what the model used: all of it, every time."""

from typing import Any, Final

from dashboard.history import USE_EVERY_MS, Use
from dashboard.picture import base
from dashboard.situation import Situation, made_at
from dashboard.theme import MODALITY_COLOURS
from dashboard.words import ALWAYS, ASKED, MODALITY_NAMES, USED, WITHOUT_PLAN, abstains, seconds
from pipeline.records import Array
from pipeline.states import Explained

#: A plan is of the newest estimate while it is older by at most this, and a hop (s): one is made a second.
OLD_S: Final = 3.0
#: Between moments that are further apart than so many times the usual, time is missing.
APART: Final = 1.6


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
    return {**update, "over": _over_time(uses, situation), "made": _made(made, situation)}


def _over_time(uses: list[Use], situation: Situation) -> dict[str, Any]:
    uses = _with_holes(uses, _hop_s(situation))
    names = list(dict.fromkeys(name for use in uses for name in use.taken))
    return {
        "modalities": [
            {"name": MODALITY_NAMES.get(name, name), "colour": MODALITY_COLOURS.get(name, "#7A8794")} for name in names
        ],
        "times": [use.time_ms for use in uses],
        "weights": None if situation.blind else [[use.weight(name) for use in uses] for name in names],
        "distances": [[use.distance(name) for use in uses] for name in names],
    }


def _with_holes(uses: list[Use], hop_s: float) -> list[Use]:
    """Return what was used, with a moment of nothing wherever time is missing: it is never drawn as data."""
    made: list[Use] = []
    for use in uses:
        if made and use.time_ms - made[-1].time_ms > APART * (USE_EVERY_MS + 1000 * hop_s):
            made.append(Use(made[-1].time_ms + 1, {}, estimated=False))
        made.append(use)
    return made


def _hop_s(situation: Situation) -> float:
    return situation.session.hop_s if situation.session is not None else 0.0


def _made(made: Explained | None, situation: Situation) -> dict[str, Any]:
    """Return plan and correlation, each None where it is not known; and why there is no plan, in words."""
    model = situation.model
    if made is not None and (model is None or made.model_hash != model.model_hash):
        made = None  # the model that was chosen since has not answered yet
    without = _without_plan(made, situation)
    plan = None if made is None or made.plan is None or without else _rows(made.plan)
    return {
        "plan": plan,
        "carried": None if made is None or plan is None else round(made.carried, 4),
        "without": without,
        "correlation": None if made is None else _rows(made.correlation),
        "asked": ASKED,
    }


def _without_plan(made: Explained | None, situation: Situation) -> str:
    """Return why no plan is shown: it must be of the newest estimate, as the panel says."""
    newest = situation.newest
    if situation.blind:
        return ALWAYS["blind"]
    if newest is not None and newest.abstained:
        return abstains(newest.reason)
    if made is None:
        return ASKED
    # What estimates take to be made, which may be seconds where sensors are late, makes none of them old.
    age = situation.now - made.time - (made_at(newest) - newest.time if newest is not None else 0.0)
    if age > OLD_S + _hop_s(situation):
        return f"{ASKED} The last answer is of {seconds(age)} ago."
    return "" if made.plan is not None else WITHOUT_PLAN


def _rows(matrix: Array) -> list[list[float]]:
    return [[round(float(value), 4) for value in row] for row in matrix]
