"""A session of which all is well at one moment, to be changed in one respect by a test."""

import msgspec
import numpy as np

from dashboard.situation import Situation
from pipeline.records import Estimate, ModalityUse
from pipeline.states import ModelInfo, ProcessHealth, SessionInfo, StreamHealth

NOW = 1000.0
replace_use = msgspec.structs.replace
USES = {"eeg": "EEG", "gsr": "GSR", "marks": "Markers", "state": "record"}
RATES = {"eeg": 300.0, "gsr": 4.0, "marks": 0.0, "state": 4.0}


def stream(name: str, **changes) -> StreamHealth:
    known = {"state": "receiving", "delivered_hz": RATES[name], "last_sample": NOW - 0.1, "time": NOW, **changes}
    return StreamHealth(
        stream=f"P001/{name}",
        sfreq=RATES[name],
        samples_received=9,
        samples_lost=0,
        gaps=0,
        offset=0,
        **known,
    )


def taken(*reasons: str, quality: float = 1.0, used: bool = True) -> ModalityUse:
    return ModalityUse(
        weight=float(used), valid=1, quality=quality, used=used, reasons=reasons, segment=1, first=0, last=9
    )


def estimate(age: float = 0.4, *, abstained: bool = False, reason: str = "", **uses: ModalityUse) -> Estimate:
    shares = np.full(2, 0.5, dtype=np.float32)
    return Estimate(
        tick=7, time=NOW - age, distribution=shares, low=shares, high=shares, mean_label=shares,
        modalities=uses or {"EEG": taken("F7 railed")},
        abstained=abstained, reason=reason, stages={"arrival": 0.1, "join": 0.1}, model_hash="abc",
    )  # fmt: skip


def process(kind: str, state: str = "running", what: str = "") -> ProcessHealth:
    return ProcessHealth(kind=kind, what=what, pid=1, state=state, restarts=0, time=NOW)


LIVE = Situation(
    now=NOW,
    participant="P001",
    session=SessionInfo("demo", {"P001": USES}, 0.25, "open", (), 900.0),
    model=ModelInfo(("Alert", "Upset"), np.full(2, 0.5, dtype=np.float32), "abc", "", demonstration=True, device="cpu"),
    newest=estimate(),
    streams={name: stream(name) for name in USES},
    processes=(process("infer"), process("preprocess")),
)
