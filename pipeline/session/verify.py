"""Verify a recorded session: compute every estimate again, and say what differs."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from model.estimating import Helpers
from model.header import model_hash, model_path
from model.predictor import Predictor, choose_device
from pipeline.errors import BadInput
from pipeline.session.decided import happened
from pipeline.session.folder import SETTINGS
from pipeline.session.provenance import provenance
from pipeline.session.recompute import Track, recompute
from pipeline.session.recorded import RecordedSession, open_session
from pipeline.session.tables import ESTIMATES, estimate_row

#: The numbers of an estimate, of which the largest difference is told.
_NUMBERS: Final = ("distribution", "low", "high", "mean_label")
#: Everything that must come out the same; the seconds that stages took cannot.
_COMPARED: Final = ("time", *_NUMBERS, "modalities", "abstained", "reason", "model_hash")

Row = dict[str, Any]


@dataclass
class Comparison:
    """Recorded estimates beside the same, computed again."""

    compared: int = 0
    different: int = 0
    max_abs_diff: float = 0.0
    """Of shares and their intervals."""
    fields: Counter[str] = field(default_factory=Counter)
    """Field -> estimates in which it differs; ``missing`` for those that did not come out at all."""
    first: str = ""
    """Participant and tick of the first that differs."""

    def add(self, recorded: Row, again: Row | None) -> None:
        """Compare an estimate."""
        self.compared += 1
        fields = ["missing"] if again is None else [name for name in _COMPARED if recorded[name] != again[name]]
        if not fields:
            return
        self.different += 1
        self.fields.update(fields)
        self.first = self.first or f"{recorded['participant']}, tick {recorded['tick']}"
        if again is not None:
            self.max_abs_diff = max(self.max_abs_diff, *(_distance(recorded[name], again[name]) for name in _NUMBERS))


@dataclass(frozen=True)
class Verdict:
    """What came of a verification."""

    comparison: Comparison
    notes: list[str]
    """What may explain a difference, or limits what was shown, a sentence each."""


def verify(path: Path, track: Track) -> Verdict:
    """Compute every estimate of a recorded session again, from its samples, settings and model, and compare.

    Parameters
    ----------
    path : Path
        The session folder.
    track : callable
        Is told of the progress.

    Raises
    ------
    BadInput
        It is no recorded session, holds no estimates, or its model is not there.
    """
    session = open_session(path)
    if session.running:
        raise BadInput(f"{path}: is still being recorded; verify it when the session has ended (`helo control stop`)")
    recorded = session.estimates()
    if not len(recorded):
        raise BadInput(f"{path}: holds no estimates, so there is nothing to verify; `helo analyze` computes some")
    notes = [*session.notes, *_elsewhere(session), *_what_happened(path)]
    predictor = _predictor(session, notes)
    comparison = Comparison()
    with Helpers(model_path(session.settings.model)) as helpers:
        for participant in session.settings.participants:
            made = recompute(session, participant, predictor, helpers, track)
            again = {row["tick"]: row for row in _rows(estimate_row(participant, one) for one in made.estimates)}
            for row in recorded.to_pylist():
                if row["participant"] == participant:
                    comparison.add(row, again.get(row["tick"]))
    for row in recorded.to_pylist():
        if row["participant"] not in session.settings.participants:
            comparison.add(row, None)
    return Verdict(comparison, notes)


def _predictor(session: RecordedSession, notes: list[str]) -> Predictor:
    """Return the model by which the session was estimated, on the device on which that was done, if it is there."""
    noted = session.provenance.get("model")
    if not noted:
        raise BadInput(f"{session.path / 'provenance.json'}: names no model, so that no estimate can be recomputed")
    path = model_path(session.settings.model)
    found = model_hash(path)
    if found != noted["sha256"]:
        raise BadInput(
            f"{path}: is not the model of this session (SHA-256 {found[:12]}..., recorded {noted['sha256'][:12]}...); "
            "put that one there"
        )
    device = noted["device"]
    try:
        choose_device(device)
    except BadInput:
        device = choose_device("auto")
        notes.append(f"it was estimated on {noted['device']}, which is not here; on {device} the last bits may differ")
    return Predictor.load(path, device)


def _elsewhere(session: RecordedSession) -> list[str]:
    """Say in what machine, versions and settings differ from those of the recording."""
    now, then = provenance(session.settings), session.provenance
    notes = []
    # Of the file, as it was written: a later version of helo may know more fields.
    if then.get("settings_sha256") != hashlib.sha256((session.path / SETTINGS).read_bytes()).hexdigest():
        notes.append("session.yaml is not as it was run: it was changed afterwards")
    before = then.get("versions") or {}
    changed = [
        f"{name} {before[name]} -> {version}"
        for name, version in now["versions"].items()
        if name in before and before[name] != version
    ]
    if changed:
        notes.append(f"recorded with other versions ({', '.join(changed)}): the last bits may differ")
    machines = [(record.get("machine") or {}).get("processor") for record in (then, now)]
    if machines[0] != machines[1]:
        notes.append(f"recorded on another processor ({machines[0]}, here {machines[1]}): the last bits may differ")
    return notes


def _what_happened(path: Path) -> list[str]:
    """Name the events of the run that cannot be computed again."""
    notes = []
    for event in happened(path, "restart", "gap", "pause"):
        text = event["text"].rstrip(".")
        if event["kind"] == "pause":
            notes.append(f"{text}: what came then is not recorded, and not in any estimate")
        elif (event["kind"], event["source"]) == ("restart", "preprocess"):
            notes.append(f"{text}: what it had learned of the participant was lost, so that later estimates may differ")
        elif (event["kind"], event["source"]) == ("gap", "recorder"):
            notes.append(f"{text}: windows of these samples cannot be recomputed")
    return notes


def _rows(rows: Iterable[Row]) -> list[Row]:
    """Return rows as they would be read from their table."""
    found: list[Row] = pa.Table.from_pylist(list(rows), ESTIMATES).to_pylist()
    return found


def _distance(one: list[float], other: list[float]) -> float:
    """Return the largest absolute difference of two lists of numbers; infinite where they cannot be compared."""
    if len(one) != len(other):
        return math.inf
    differences = [0.0 if a == b else abs(a - b) for a, b in zip(one, other, strict=True)]
    return max((math.inf if math.isnan(value) else value for value in differences), default=0.0)
