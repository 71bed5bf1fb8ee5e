"""What was decided while a session ran: its ticks, what the clock closed, what happened."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.records import Grid
from pipeline.session import folder
from pipeline.session.recorded import RecordedSession
from pipeline.signals.closing import closed_by_the_clock
from pipeline.signals.offline import Closing


@dataclass(frozen=True)
class Decisions:
    """What was decided live of one modality: where its ticks are, and which of them the clock closed."""

    closings: tuple[Closing, ...]
    segments: frozenset[int]
    """Those of which windows were made; one whose stamps were ahead of their arrival is not among them."""
    last_tick: int


def decisions(windows: pa.Table, participant: str, modality: str) -> Decisions:
    """Return what was decided live of a modality of a participant."""
    wanted = pc.and_(pc.equal(windows["participant"], participant), pc.equal(windows["modality"], modality))
    rows = windows.select(["participant", "modality", "tick", "segment", "last", "reasons"]).filter(wanted)
    closings = []
    for row in rows.sort_by("tick").to_pylist():
        why = closed_by_the_clock(row["reasons"])
        if why:
            closings.append(Closing(row["tick"], row["segment"], row["last"], why))
    segments = frozenset(rows["segment"].to_pylist())
    return Decisions(tuple(closings), segments, max(rows["tick"].to_pylist(), default=-1))


def grid(session: RecordedSession, participant: str) -> Grid | None:
    """Return the live tick grid of a participant; None where no window was recorded."""
    windows = session.windows()
    noted = session.provenance.get("grids", {}).get(participant)
    if noted is None or not len(windows.filter(pc.equal(windows["participant"], participant))):
        return None
    start, first = noted
    return Grid(start, session.settings.hop_s, first)


def happened(path: Path, *kinds: str) -> list[dict[str, Any]]:
    """Return the events of these kinds from a session's log, as far as it goes."""
    return [event for event in folder.read_events(path) if event["kind"] in kinds]
