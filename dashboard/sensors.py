"""The table of sensors: what each delivers, in words, and what the estimate took from it."""

from typing import Any

from dashboard import clocks
from dashboard.deliveries import is_slow, sample_age, screen_name, silence
from dashboard.situation import Situation, noisy
from pipeline.modalities import MODALITIES
from pipeline.records import ModalityUse
from pipeline.states import StreamHealth


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
    used = situation.newest.modalities.get(use) if situation.newest is not None else None
    age = sample_age(health, situation.now) if health else None
    level, state = _state(health, used, situation.now)
    clock, figures = clocks.cell(health)
    return {
        "key": stream,
        "name": screen_name(stream, use),
        "source": info.name if info else "",
        "level": level,
        "state": state,
        "note": _note(use, used, estimated=situation.newest is not None),
        "rate": _rate(health),
        "age": None if age is None else round(age, 2),
        "gaps": health.gaps if health else 0,
        "lost": health.samples_lost if health else None,
        "clock": clock,
        "clock_figures": figures,
        "coverage": round(used.valid, 3) if used else None,
        "quality": round(used.quality, 3) if used else None,
        "sensor": use in MODALITIES,
        "weight": round(used.weight, 3) if used and used.used else None,
    }


def _note(use: str, used: ModalityUse | None, *, estimated: bool) -> str:
    """Return what else there is to say of a sensor."""
    if use == "record":
        return "recorded only"
    if used is not None:
        return "; ".join(used.reasons)
    return "recorded only: the model does not know it" if use in MODALITIES and estimated else ""


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
        return "–"
    if not health.sfreq:
        return "irregular"
    return f"{health.delivered_hz:.{1 if health.sfreq < 100 else 0}f} of {health.sfreq:g} Hz"
