"""Export a recorded session as a BIDS folder, by mne-bids: EEG as BrainVision, the body's signals as physio."""

import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.modalities import UNIT_FACTORS
from pipeline.records import Array
from pipeline.session.config import SessionFile, StreamSettings
from pipeline.session.export.physio import write_physio
from pipeline.session.export.regular import Regular, regular
from pipeline.session.export.signals import signal_parts
from pipeline.session.outline import Outline
from pipeline.session.ratings import RATING
from pipeline.session.raw_stream import Part
from pipeline.session.recorded import RecordedSession

_NEEDED: Final = ("mne_bids", "pybv")
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
#: MNE's word for a stretch of a file in which nothing was recorded.
_HOLE: Final = "BAD_ACQ_SKIP"


def require_mne_bids() -> None:
    """Check that what writes BIDS is installed.

    Raises
    ------
    BadInput
        It is not.
    """
    missing = [name.replace("_", "-") for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise BadInput(
            f"--to bids: {' and '.join(missing)} not installed; `pip install 'helo-live[bids]'`, or use --to parquet"
        )


def write_bids(session: RecordedSession, outline: Outline, target: Path) -> list[str]:
    """Write a session into an empty folder as a BIDS dataset, and return what is not as recorded, a sentence each.

    Raises
    ------
    BadInput
        ``task``, ``ses`` or ``run`` of the session file is no word that BIDS takes.
    """
    notes: list[str] = []
    entities = _entities(outline.settings, notes)
    if any(event["kind"] == RATING for event in outline.events):
        notes.append("ratings have no table in it; --to parquet has one, rated_items")
    for participant in outline.settings.participants:
        parts = [(stream, part) for who, stream, _, part in signal_parts(session) if who == participant]
        _write_participant(participant, parts, outline, entities, target, notes)
    return notes


def _write_participant(
    participant: str,
    parts: list[tuple[str, Part]],
    outline: Outline,
    entities: dict[str, Any],
    target: Path,
    notes: list[str],
) -> None:
    from mne_bids import BIDSPath, make_dataset_description

    settings = outline.settings.participants[participant].streams
    grids: dict[str, tuple[Part, Regular]] = {}
    for stream, part in parts:
        if settings[stream].use == "Markers":
            continue  # they are among the events
        fault = _unfit(part, stream in grids)
        if fault:
            notes.append(f"{participant}/{stream} is not in it: {fault}; --to parquet has it")
        else:
            grids[stream] = (part, regular(part, settings[stream].delay_ms / 1000))
            notes += _said(f"{participant}/{stream}", grids[stream][1])
    eeg = next((stream for stream in grids if settings[stream].use == "EEG"), None)
    path = BIDSPath(subject=participant, **entities, datatype="eeg" if eeg else "beh", root=target)
    start = grids[eeg][1].start if eeg else min((grid.start for _, grid in grids.values()), default=0.0)
    if eeg is not None:
        _write_eeg(participant, grids.pop(eeg), settings[eeg], outline, path, notes)
    make_dataset_description(path=target, name=outline.settings.session, overwrite=True, verbose="ERROR")
    for stream, (part, grid) in grids.items():
        write_physio(path, stream, part.info, grid, start)


def _write_eeg(
    participant: str,
    found: tuple[Part, Regular],
    settings: StreamSettings,
    outline: Outline,
    path: Any,
    notes: list[str],
) -> None:
    import mne
    from mne_bids import write_raw_bids

    part, grid = found
    names, kinds, volts = _channels(part, settings, grid.data)
    info = mne.create_info(names, grid.sfreq, kinds)
    raw = mne.io.RawArray(np.nan_to_num(volts.T), info, verbose="ERROR")
    raw.set_meas_date(part.segment / 1000)
    length = len(volts) / grid.sfreq
    told = [told for told in _annotations(participant, outline) if 0 <= told[0] - grid.start < length]
    left = len(list(_annotations(participant, outline))) - len(told)
    if left:
        notes.append(
            f"{participant}: {left} events before the first or after the last EEG sample are not in events.tsv"
        )
    rows = [(onset - grid.start, duration, text) for onset, duration, text in told]
    rows += [(place / grid.sfreq, count / grid.sfreq, _HOLE) for place, count in grid.holes]
    onsets, durations, texts = zip(*sorted(rows), strict=True) if rows else ((), (), ())
    raw.set_annotations(mne.Annotations(onsets, durations, texts))
    with warnings.catch_warnings():
        # A counter has no unit, which is as it should be.
        warnings.filterwarnings("ignore", "Encountered unsupported non-voltage units", UserWarning)
        write_raw_bids(raw, path, format="BrainVision", allow_preload=True, verbose="ERROR")


def _channels(part: Part, settings: StreamSettings, data: Array) -> tuple[list[str], list[str], Array]:
    """Return names and MNE types of a cap's channels, and its samples: EEG in volts, the rest as it came."""
    names, kinds, scaled = list(part.info.ch_names), ["misc"] * data.shape[1], data.copy()
    picks, given = settings.pick(part.info.ch_names)
    known = UNIT_FACTORS["EEG"]
    for pick, name in zip(picks, given, strict=True):
        factor = known.get(settings.unit or part.info.units[pick], 1.0) * 1e-6
        calibration = settings.calibration
        scale, shift = (calibration.scale, calibration.offset) if calibration else (1.0, 0.0)
        scaled[:, pick] = (data[:, pick] * scale + shift) * factor
        names[pick], kinds[pick] = name, "eeg"
    return names, kinds, scaled


def _annotations(participant: str, outline: Outline) -> list[tuple[float, float, str]]:
    """Return onset (s), duration (s) and text of what happened to a participant, or to all."""
    mine = [e for e in outline.events if "/" not in e["source"] or e["source"].startswith(f"{participant}/")]
    told = [
        (event["time"], 0.0, _line(event["text"] if event["kind"] == "marker" else f"{event['kind']}: {event['text']}"))
        for event in mine
    ]
    trials = [trial for trial in outline.trials if trial.source.startswith(f"{participant}/") and trial.duration]
    return told + [(trial.onset, float(trial.duration or 0), _line(f"trial: {trial.name}")) for trial in trials]


def _line(text: str) -> str:
    """Return a text that a cell of a table can hold."""
    return " ".join(text.split()) or "n/a"


def _unfit(part: Part, before: bool) -> str:
    """Return why BIDS has no place for a stream; empty where it has one."""
    if part.info.format == "string":
        return "it is text"
    if before:
        return "it came back with other channels, and this is what came then"
    if part.info.sfreq <= 0 or part.info.can_drop_samples:
        return "it has no constant rate"
    return ""


def _said(name: str, grid: Regular) -> list[str]:
    """Say how the grid differs from what was recorded."""
    missing = sum(count for _, count in grid.holes)
    notes = [f"{name}: {missing} places hold no sample, in {len(grid.holes)} gaps"] if missing else []
    if grid.shift_s > 1 / grid.sfreq:
        notes.append(
            f"{name}: at one rate of {grid.sfreq:.3f} Hz its samples are up to {1000 * grid.shift_s:.1f} ms off"
        )
    return notes


def _entities(settings: SessionFile, notes: list[str]) -> dict[str, Any]:
    words = {"task": settings.task, "session": settings.ses, "run": settings.run}
    for field, word in words.items():
        if word is not None and not _WORD.fullmatch(word):
            name = "ses" if field == "session" else field
            raise BadInput(f"session.yaml: {name}: {word!r} is no word that BIDS takes; use letters and digits only")
    if settings.task is None:
        words["task"] = "".join(_WORD.findall(settings.session))
        notes.append(f"the session file names no task, so that it is called {words['task']} as the session is")
    return words
