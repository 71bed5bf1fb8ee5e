"""Sessions of the past: folders as a recorder leaves them, written by its own files, without a run."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.commands import Recording
from pipeline.modalities import EMOTIONS
from pipeline.records import Chunk, Estimate, Event, FeatureWindow, Grid, ModalityUse, StreamInfo
from pipeline.session.config import SessionFile
from pipeline.session.files import SessionFiles
from pipeline.session.settings_file import parse_session
from pipeline.states import ModelInfo

HOP_S: Final = 0.25
#: When the first sample was taken, on the host's clock, and the offset of every source's clock to it (s).
START: Final = 500.0
OFFSET: Final = 0.5
DELAY_S: Final = 0.02
RATE: Final = 128
MEAN: Final = np.full(len(EMOTIONS), 0.1, np.float32)
MARKUP: Final = "<img src=x onerror='window.hit=1'></script><script>window.hit=1</script>"

EEG: Final = StreamInfo(
    "eeg", "Cap", "EEG", "cap", float(RATE), ("counter", "Fp1", "Fz", "O1"), ("", "uV", "uV", "uV"), "float32",
    "lab", "u", "EEG",
)  # fmt: skip
GSR: Final = StreamInfo("gsr", "Skin", "GSR", "skin", 4.0, ("EDA",), ("uS",), "float32", "lab", "v", "GSR")
FACE: Final = StreamInfo(
    "face", "Cam", "Face", "cam", 30.0, ("face_found",), ("a.u.",), "float32", "lab", "w", "Face",
    can_drop_samples=True,
)  # fmt: skip
MARKS: Final = StreamInfo("marks", "Marks", "Markers", "m", 0.0, ("marker",), ("",), "string", "lab", "x", "Markers")


def settings_of(name: str, **given: Any) -> SessionFile:
    """Return the settings of a session of one participant, P001."""
    streams = {
        "eeg": {"match": {"type": "EEG"}, "use": "EEG", "delay_ms": 1000 * DELAY_S},
        "gsr": {"match": {"type": "GSR"}, "use": "GSR", "unit": "uS"},
        "face": {"match": {"type": "Face"}, "use": "Face"},
        "marks": {"match": {"type": "Markers"}, "use": "Markers"},
    }
    content = {
        "session": name,
        "participants": {"P001": {"consent": "ICF", "streams": streams}},
        "trials": {"start": "start *", "end": "end *"},
    }
    return parse_session({**content, **given}, "test")


def past_session(
    path: Path,
    *,
    seconds: int = 20,
    abstained: range = range(0),
    reason: str = "too little",
    gap_s: int = 0,
    note: str = "coughs",
    **given: Any,
) -> Path:
    """Write the folder of a session that has ended, and return it.

    Sample i of a segment of the EEG holds i in its counter; with `gap_s` a second segment begins so long after the
    first half. The clip ``joy`` lasts from the second to the sixth second.
    """
    settings = settings_of(path.name, **given)
    path.mkdir(parents=True)
    files = SessionFiles(path, settings)
    files.note_recording(Recording("recording", ((START, None),)))
    files.note_model(ModelInfo(EMOTIONS, MEAN, "a-hash", "A model.", demonstration=True, device="cpu"))
    files.note_grids({"P001": Grid(START, HOP_S)})
    half = seconds // 2
    _signals(files, 1_000_000, 0, half)
    _signals(files, 2_000_000, half + gap_s, seconds - half)
    for number, (at, text) in enumerate([(2.0, "start joy"), (6.0, "end joy")]):
        source = np.array([START + at - OFFSET])
        chunk = Chunk(1_000_000, number, source, OFFSET, np.empty((1, 0), np.float32), START + at, ((text,),))
        files.add_chunk("P001", MARKS, chunk)
        files.add_event(f"{number + 1}-0", Event(START + at, "marker", text, "P001/marks"))
    files.add_event("3-0", Event(START + 7, "note", note, "operator"))
    files.add_event("4-0", Event(START + 8, "alarm", "quality is low", "P001"))
    for tick in range(round(seconds / HOP_S)):
        files.add_window("P001", _window(tick))
        files.add_estimate("P001", _INFO, estimate(tick, abstained=tick in abstained, reason=reason))
    files.flush()
    files.close({})
    return path


def shares_at(tick: int) -> np.ndarray:
    """Return the distribution of a tick: joy comes and goes."""
    first = 0.1 + 0.08 * np.sin(tick / 10)
    return np.array([first, *[(1 - first) / 9] * 9], np.float32)


def estimate(tick: int, *, abstained: bool = False, reason: str = "") -> Estimate:
    """Return the estimate of a tick; one that abstains is the mean label."""
    shares = MEAN if abstained else shares_at(tick)
    low, high = shares * np.float32(0.5), shares * np.float32(1.5)
    uses = {
        "EEG": ModalityUse(0.75, 1.0, 0.9, not abstained, ("blink",) if tick % 7 == 0 else (), 1_000_000, 0, 9),
        "GSR": ModalityUse(0.25, 0.5, 0.6, not abstained, (), 1_000_000, 0, 9),
    }
    stages = {"arrival": 0.01, "features": 0.01, "join": 0.0, "inference": 0.01, "latency": 0.02}
    why = reason if abstained else ""
    return Estimate(tick, START + tick * HOP_S, shares, low, high, MEAN, uses, abstained, why, stages, "a-hash")


_INFO: Final = StreamInfo(
    "estimates", "helo-estimates-P001", "EmotionDistribution", "e", 4.0, (*EMOTIONS, "abstained"),
    ("share",) * (len(EMOTIONS) + 1), "float32", "", "", "record",
)  # fmt: skip


def _signals(files: SessionFiles, segment: int, begin_s: float, seconds: int) -> None:
    """Add a segment of every signal; stamps are those of the sources, which are late by their delay."""
    for info, late in ((EEG, DELAY_S), (GSR, 0.0), (FACE, 0.0)):
        count = round(seconds * info.sfreq)
        index = np.arange(count)
        times = START + begin_s + late - OFFSET + index / info.sfreq
        rest = [np.sin(index / 7 + k) for k in range(1, len(info.ch_names))]
        data = np.stack([index, *rest], axis=1).astype(np.float32)
        for first in range(0, count, 64):
            rows = slice(first, first + 64)
            arrival = float(times[rows][-1]) + OFFSET
            files.add_chunk("P001", info, Chunk(segment, first, times[rows], OFFSET, data[rows], arrival))


def _window(tick: int) -> FeatureWindow:
    features = np.arange(24, dtype=np.float32).reshape(2, 12) + tick
    return FeatureWindow(tick, START + tick * HOP_S, "GSR", features, 1.0, 0.6, ("a", "b"), 1_000_000, 0, 9)
