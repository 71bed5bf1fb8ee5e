"""What a recorded session says in words and figures: why it abstained, its clocks, where it comes from."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.deliveries import screen_name
from dashboard.words import FIGURE, MODALITY_NAMES, seconds, why
from pipeline.session.outline import Outline

Row = list[str]

#: At most so many reasons are told of estimates, and of each modality.
SHOWN: Final = 8


def reasons(estimates: pa.Table, participant: str, outline: Outline) -> list[Row]:
    """Return what was amiss, for how long, most of it first: of the estimates that abstained, then of each modality.

    What has several reasons counts for each of them.
    """
    hop = outline.settings.hop_s
    none: Counter[str] = Counter()
    told: Counter[tuple[str, str]] = Counter()
    mine = estimates.filter(pc.equal(estimates["participant"], participant))
    for tick in mine.select(["abstained", "reason", "modalities"]).to_pylist():
        lacks = [(use["modality"], reason) for use in tick["modalities"] for reason in use["reasons"]]
        told.update(lacks)
        if tick["abstained"]:
            none.update([*_own(tick), *(why(f"{modality}: {reason}") for modality, reason in lacks)])
    rows = _most("No estimate", none, hop)
    for modality in dict.fromkeys(modality for modality, _ in told):
        of = Counter({reason: count for (one, reason), count in told.items() if one == modality})
        rows += _most(MODALITY_NAMES.get(modality, modality), of, hop)
    return rows


def _own(tick: Mapping[str, Any]) -> list[str]:
    """Return the model's own reasons for an estimate that abstained: behind them stands what the modalities lack."""
    lacks = "; ".join(f"{use['modality']}: {', '.join(use['reasons'])}" for use in tick["modalities"] if use["reasons"])
    own = (tick["reason"] or "").removesuffix(lacks).removesuffix("; ")
    return own.split("; ") if own else [] if lacks else ["no reason given"]


def _most(where: str, reasons: Counter[str], hop: float) -> list[Row]:
    """Return a row for each of the reasons that held longest, and one that says how many are not told."""
    found = sorted(alike(reasons), key=lambda one: -one[1])
    rows = [[where, reason, seconds(count * hop)] for reason, count in found[:SHOWN]]
    if len(found) > SHOWN:
        longest = seconds(found[SHOWN][1] * hop)
        rows.append([where, f"and {len(found) - SHOWN} more", f"{longest} or less each"])
    return rows


def alike(reasons: Counter[str]) -> list[tuple[str, int]]:
    """Return reasons that differ in their figures alone as one each, with the range of the figures and their count.

    Parameters
    ----------
    reasons : Counter of str
        A sentence -> how often.
    """
    groups: dict[tuple[str, ...], list[tuple[list[str], int]]] = {}
    for reason, count in reasons.items():
        words = FIGURE.split(reason)
        groups.setdefault(tuple(words[::2]), []).append((words[1::2], count))
    found = []
    for between, members in groups.items():
        ranges = [_range([figures[k] for figures, _ in members]) for k in range(len(between) - 1)]
        sentence = between[0] + "".join(f"{one}{after}" for one, after in zip(ranges, between[1:], strict=True))
        found.append((sentence, sum(count for _, count in members)))
    return found


def _range(figures: list[str]) -> str:
    least, most = min(figures, key=float), max(figures, key=float)
    return least if least == most else f"{least} to {most}"


def clocks(outline: Outline, participant: str) -> list[Row]:
    """Return a row for each of a participant's streams: how its clock stood to the host's, and its segments."""
    rows = []
    for noted in outline.provenance.get("streams", ()):
        if noted.get("participant") != participant or not noted.get("stream"):
            continue
        offsets = [offset for _, offset in noted["offsets"]]
        settings = outline.settings.participants[participant].streams.get(noted["stream"])
        rate = f"{noted['sfreq']:g} Hz" if noted["sfreq"] else "irregular"
        rows.append(
            [
                screen_name(noted["stream"], settings.use) if settings else noted["stream"],
                noted["name"],
                rate,
                _milliseconds(offsets[0]) if offsets else "–",
                _milliseconds(offsets[-1] - offsets[0], signed=True) if offsets else "–",
                str(len({segment for segment, *_ in noted["segments"]})),
            ]
        )
    return rows


def facts(outline: Outline) -> list[Row]:
    """Return where a session comes from, a name and a value a row."""
    provenance, model = outline.provenance, outline.model
    versions = provenance.get("versions") or {}
    machine = provenance.get("machine") or {}
    rows = [
        ["Session", str(provenance.get("session", outline.path.name))],
        ["Begun", str(provenance.get("begun") or "")],
        ["Ended", _ended(outline)],
        ["Model", str(model.get("description", ""))],
        ["Model's SHA-256", str(model.get("sha256", ""))],
        ["Estimated on", str(model.get("device", ""))],
        ["helo-live", f"{versions.get('helo-live', '')} {provenance.get('commit') or ''}".strip()],
        ["Versions", ", ".join(f"{name} {version}" for name, version in versions.items() if name != "helo-live")],
        ["Machine", ", ".join(str(machine[key]) for key in ("system", "processor") if machine.get(key))],
        ["Settings' SHA-256", str(provenance.get("settings_sha256", ""))],
        *[[f"Consent of {code}", one.consent] for code, one in outline.settings.participants.items()],
    ]
    return [row for row in rows if row[1]]


def _ended(outline: Outline) -> str:
    if outline.running:
        return "is still being recorded"
    stopped = outline.provenance.get("stopped")
    ended = outline.provenance.get("ended") or "not closed: the last second may be missing"
    return f"{ended} ({stopped})" if stopped else str(ended)


def _milliseconds(value: float, *, signed: bool = False) -> str:
    return f"{1000 * value:{'+' if signed else ''}.3f} ms"
