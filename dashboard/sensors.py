"""The table of sensors: what each delivers, in words, and what the estimate took from it."""

from typing import Any, Final

from dashboard import clocks
from dashboard.deliveries import REPORTED_S, current, delivered, is_slow, sample_age, screen_name, silence
from dashboard.situation import Situation, noisy, unknown_to_model
from pipeline.modalities import MODALITIES
from pipeline.records import ModalityUse
from pipeline.states import StreamHealth

UNKNOWN: Final = "–"


def rows(situation: Situation) -> list[dict[str, Any]]:
    """Return a row for each of the participant's streams, found or not.

    Parameters
    ----------
    situation : Situation
        What is known.

    Returns
    -------
    list of dict
        Text and numbers only; what the page shows of it becomes text, never markup.
    """
    return [_row(stream, use, situation) for stream, use in situation.uses.items()]


def _row(stream: str, use: str, situation: Situation) -> dict[str, Any]:
    health, info = situation.streams.get(stream), situation.infos.get(stream)
    newest = current(situation)
    used = newest.modalities.get(use) if newest is not None else None
    found = health is not None and health.state != "waiting"
    age = sample_age(health, situation.now) if health else None
    level, state = _state(health, used, situation.now)
    reported = health is not None and situation.now - health.time <= REPORTED_S
    clock, figures = clocks.cell(health) if reported else (UNKNOWN if found else "", "")
    weighed = newest is not None and not newest.abstained and not situation.blind
    return {
        "key": stream,
        "name": screen_name(stream, use),
        "source": info.name if info else "",
        "level": level,
        "state": state,
        "note": _note(use, used, situation),
        "rate": _rate(health) if reported else UNKNOWN,
        "age": None if age is None else round(age, 2),
        "gaps": health.gaps if health and found else None,
        "lost": health.samples_lost if health else None,
        "clock": clock,
        "clock_figures": figures,
        "coverage": round(used.valid, 6) if used else None,
        "quality": round(used.quality, 6) if used else None,
        "left_out": weighed and use in MODALITIES and not (used and used.used),
        "weight": round(used.weight, 3) if weighed and used and used.used else None,
    }


def _note(use: str, used: ModalityUse | None, situation: Situation) -> str:
    """Return what else there is to say of a sensor."""
    if use == "record":
        return "recorded only"
    if used is not None:
        return "; ".join(used.reasons)
    unknown = use in MODALITIES and unknown_to_model(use, situation)
    return "recorded only: the model does not know it" if unknown else ""


def _state(health: StreamHealth | None, used: ModalityUse | None, now: float) -> tuple[str, str]:
    if health is None or health.state == "waiting":
        return "waiting", "not found yet"
    silent = silence(health, now)
    if silent is not None:
        return "red", silent
    if is_slow(health):
        return "amber", "delivers too few samples"
    if used is not None and not used.used:
        return "amber", "delivers, but is not used"
    if used is not None and noisy(used):
        return "amber", "delivers, but is noisy"
    return "green", "delivers" if health.sfreq else "connected"


def _rate(health: StreamHealth | None) -> str:
    if health is None or health.state == "waiting":
        return UNKNOWN
    if not health.sfreq:
        return "irregular"
    rate = delivered(health)
    return UNKNOWN if rate is None else f"{rate} Hz"
