"""The recorded sessions of a folder, and one of them by its name."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import BadInput
from pipeline.modalities import MODALITIES
from pipeline.session.config import LONGEST_NAME
from pipeline.session.outline import Outline, is_recorded, read_outline
from pipeline.signals.closing import PAUSED

_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True)
class Listed:
    """A recorded session in a few words."""

    name: str
    fault: str = ""
    """Why it cannot be read, a sentence; the rest is empty then."""
    begun: datetime | None = None
    state: str = ""
    """``running``, ``ended``, ``cut off`` or ``stopped`` (the disk was full, say)."""
    length_s: float = 0.0
    participants: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    ticks: int = 0
    estimated: float | None = None
    """Share of the ticks with an estimate, 0..1; None without ticks."""
    quality: float | None = None
    """Mean quality of the sensors, pauses left out, 0..1; None where nothing but pauses was recorded."""
    alarms: int = 0
    trials: int = 0
    analysed: bool = False


def list_sessions(root: Path) -> list[Listed]:
    """Return the sessions recorded in a folder, the newest first; one that cannot be read is among them and says why.

    Parameters
    ----------
    root : Path
        Where sessions are recorded; one that does not exist has none.
    """
    if not root.is_dir():
        return []
    folders = [entry for entry in root.iterdir() if _may_be_shown(entry) and is_recorded(entry)]
    found = [_listed(entry) for entry in folders]
    return sorted(found, key=lambda one: (one.begun.timestamp() if one.begun else 0.0, one.name), reverse=True)


def session_at(root: Path, name: str) -> Path:
    """Return the folder of a session by a name that somebody typed, or that stands in an address.

    Raises
    ------
    BadInput
        There is no such session, or the name could lead out of the folder.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no session's name; use letters, digits, - and _")
    path = root / name
    if not (_may_be_shown(path) and is_recorded(path)):
        raise BadInput(f"{root}: holds no recorded session {name!r}; choose one of the list")
    return path


def _may_be_shown(path: Path) -> bool:
    """Return whether a path is a folder of its own: a link may lead anywhere."""
    return bool(_NAME.fullmatch(path.name)) and path.is_dir() and not path.is_symlink()


def _listed(path: Path) -> Listed:
    try:
        outline = read_outline(path)
        return _of(outline, outline.estimates())
    except BadInput as error:
        return Listed(path.name, fault=str(error))


def _of(outline: Outline, estimates: pa.Table) -> Listed:
    times = estimates["time"].to_numpy()
    kinds = Counter(event["kind"] for event in outline.events)
    settings = outline.settings
    wanted = {stream.use for one in settings.participants.values() for stream in one.streams.values()}
    begun = outline.provenance.get("begun")
    return Listed(
        name=outline.path.name,
        begun=datetime.fromisoformat(begun) if begun else None,
        state=_state(outline),
        length_s=float(times.max() - times.min()) + settings.hop_s if len(times) else 0.0,
        participants=tuple(settings.participants),
        modalities=tuple(modality for modality in MODALITIES if modality in wanted),
        ticks=len(times),
        estimated=1 - float(np.mean(estimates["abstained"].to_numpy().astype(float))) if len(times) else None,
        quality=_quality(estimates),
        alarms=kinds["alarm"],
        trials=len(outline.trials),
        analysed=len(outline.again()) > 0,
    )


def _state(outline: Outline) -> str:
    if outline.running:
        return "running"
    if outline.provenance.get("stopped"):
        return "stopped"
    return "ended" if outline.provenance.get("ended") else "cut off"


def _quality(estimates: pa.Table) -> float | None:
    """Return the mean quality of the modalities, pauses left out; one that was not there counts as 0."""
    uses = estimates["modalities"].combine_chunks().flatten()
    reasons = uses.field("reasons")
    paused = pc.list_parent_indices(reasons).filter(pc.equal(reasons.flatten(), PAUSED)).to_numpy()
    quality = np.delete(uses.field("quality").to_numpy(zero_copy_only=False), paused)
    return float(quality.mean()) if len(quality) else None
