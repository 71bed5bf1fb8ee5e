"""A real session, by real processes, whose sensors have one fault after the other."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import yaml

from benchmarks.faulty import Fault, Happened, Sensor, Sensors
from pipeline.modalities import EEG_CHANNELS, FACE_CHANNELS
from pipeline.records import Array, Chunk, Estimate
from pipeline.session.runtime import running
from pipeline.signals.family import FEATURES
from pipeline.signals.windows import LEAST_QUALITY
from pipeline.store import ids, keys
from pipeline.store.connection import Connection, connect
from pipeline.store.ring import BlockingReader, last

HELO = [sys.executable, "-m", "pipeline.cli.main"]
#: Estimates must be good again after this long, beside the modality's window (s of sensor time).
WITHIN_S = 5.0
#: The longest window (s).
_LONGEST_S = 5.0
#: The run has this long for what it must do before it is given up (s).
_PATIENCE_S = 90.0


def _drop(share: float) -> Callable[[Array], Array]:
    return lambda index: np.array([np.random.default_rng(int(i)).random() >= share for i in index])


def _put(value: float, *, every: int = 1, channel: int | None = None) -> Callable[[Array], Array]:
    """Return what puts a value in place of every so many samples, of all channels or of one."""

    def change(data: Array) -> Array:
        data = data.copy()
        data[::every, slice(None) if channel is None else channel] = value
        return data

    return change


BURST = Fault("2 s arrive at once", 2.0, held=True)
HALF = Fault("half the nominal rate", 4.0, keep=lambda index: index % 2 == 0)
DROPPED = Fault("5 % of the samples dropped", 4.0, keep=_drop(0.05))
FORWARD = Fault("clock jumps by +20 s", 0.1, shift_s=20.0)
BACK = Fault("clock jumps by -20 s", 0.1, shift_s=-20.0)
NAN = Fault("1 s of NaN", 1.0, change=_put(np.nan))
SOME_INF = Fault("some infinite samples", 2.0, change=_put(np.inf, every=4))
ONE_DEAD = Fault("a constant EEG channel", 4.0, change=_put(42.0, channel=EEG_CHANNELS.index("Cz")))
CONSTANT = Fault("a constant signal", 7.0, change=_put(3.0))
GONE = Fault("stream stops and returns", 2.0, away=True)
FEWER = Fault("returns with fewer channels", 2.0, away=True, back_as=("counter", *EEG_CHANNELS[:12]))
MORE = Fault("returns with more channels", 2.0, away=True, back_as=("counter", *EEG_CHANNELS, "AUX"))
OTHER = Fault("returns with channels of no use", 2.0, away=True, back_as=("counter", "left", "right"), useless=True)

#: Participant -> modality -> when which fault comes (s).
SCRIPT: Mapping[str, Mapping[str, Sequence[tuple[float, Fault]]]] = {
    "P001": {
        "EEG": [(0, BURST), (4, ONE_DEAD), (9.5, NAN), (13, FEWER), (24, MORE)],
        "GSR": [(0, HALF), (16, GONE)],
        "PPG": [(0, NAN), (9, SOME_INF), (20, BURST)],
        "Face": [(0, DROPPED), (11, GONE)],
    },
    "P002": {
        "EEG": [(0, FORWARD), (7, BACK), (14, DROPPED), (22, HALF)],
        "GSR": [(0, CONSTANT), (17, FORWARD)],
        "PPG": [(0, GONE), (14, DROPPED)],
        "Face": [(0, BACK), (10, FORWARD)],
    },
    "P003": {"EEG": [], "GSR": [(0, OTHER), (10, GONE)]},
}
#: Its samples come, and are stamped, 0.1 s at a time.
IN_BURSTS = [("P003", "EEG")]
#: Its streams have no counter: stamps alone tell what is missing.
UNCOUNTED = ["P002"]


@dataclass(frozen=True, repr=False)
class Outcome:
    """What a session left."""

    folder: Path
    summary: dict[str, Any]
    sensors: Mapping[tuple[str, str], Sensor]
    ring: Mapping[tuple[str, str], list[Chunk]]
    """What the ring buffers held shortly before the end."""

    @cached_property
    def windows(self) -> pd.DataFrame:
        """All feature windows in the order of ticks, with `finite`: there are features."""
        windows = pq.read_table(self.folder / "features.parquet").to_pandas().sort_values("tick")
        return windows.assign(finite=[bool(np.isfinite(features).all()) for features in windows["features"]])

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """All events."""
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text().splitlines()]

    def windows_of(self, participant: str, modality: str) -> pd.DataFrame:
        """Return the windows of one stream in the order of ticks, with `good`: a whole one that is used."""
        windows = self.windows
        chosen = windows[(windows["participant"] == participant) & (windows["modality"] == modality)]
        whole = chosen["valid"] >= (0.995 if modality != "Face" else 0.5)
        return chosen.assign(good=chosen["finite"] & whole & (chosen["quality"] >= LEAST_QUALITY))

    def reasons(self, participant: str, modality: str, happened: Happened) -> str:
        """Return all that the windows said from a fault's beginning until its stream was good again."""
        windows = self.windows_of(participant, modality)
        until = happened.end + WITHIN_S + FEATURES[modality].window_s
        during = windows[(windows["end"] > happened.begin) & (windows["end"] < until)]
        return "; ".join(dict.fromkeys(reason for reasons in during["reasons"] for reason in reasons))

    def recovery(self, participant: str, modality: str, happened: Happened) -> tuple[int, float, float]:
        """Return how long it took after a fault until estimates were good again.

        Returns
        -------
        ticks : int
            From the first one that ends after the fault's end to the first from which on a second's were all good.
        sensor_s, wall_s : float
            From the fault's end to that tick's time, and to when its window was ready (s).
        """
        windows = self.windows_of(participant, modality)
        after = windows[windows["end"] > happened.end].reset_index()
        good = after["good"].to_numpy()
        lasting = [k for k in range(len(good) - 3) if good[k : k + 4].all()]
        if not lasting:
            raise ValueError(f"{participant}/{modality} was never good again after: {happened.fault.name}")
        row = after.iloc[lasting[0]]
        return lasting[0], float(row["end"] - happened.end), float(row["made"] - happened.end)


def settings(prefix: str) -> dict[str, Any]:
    """Return the session file's content."""
    channels = {"GSR": ["EDA"], "PPG": ["PPG"], "Face": list(FACE_CHANNELS)}
    participants = {
        participant: {
            "consent": "simulated",
            "streams": {
                modality.lower(): {
                    "match": {"name": f"{prefix}-{participant}-{modality}"},
                    "use": modality,
                    **({"channels": channels[modality]} if modality in channels else {}),
                }
                for modality in streams
            },
        }
        for participant, streams in SCRIPT.items()
    }
    return {"session": prefix, "readers": "shared", "resolve_timeout_s": 60, "participants": participants}


def run(folder: Path, prefix: str) -> Outcome:
    """Run the session until all faults are over and what follows them is estimated.

    Parameters
    ----------
    folder : Path
        Where it is recorded.
    prefix : str
        Names the session, and begins its streams' names.

    Raises
    ------
    TimeoutError
        A sensor or an estimate did not come back.
    """
    file = folder / "session.yaml"
    file.write_text(yaml.safe_dump(settings(prefix)), encoding="utf-8")
    sensors = Sensors(SCRIPT, prefix, IN_BURSTS, UNCOUNTED)
    sensors.start()
    command = [*HELO, "run", str(file), "--no-dashboard", "--recordings", str(folder / "recordings"), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        connection = _until(lambda: _store(process.pid), process)
        _until(lambda: all(_estimated(connection, prefix, participant) for participant in SCRIPT), process)
        sensors.begin.set()
        _until(lambda: all(sensor.over for sensor in sensors.sensors.values()), process)
        ends = {key: max((one.end for one in sensor.happened), default=0.0) for key, sensor in sensors.sensors.items()}
        until = max(ends.values()) + WITHIN_S + _LONGEST_S + 2.0
        _until(lambda: all(_estimated(connection, prefix, participant) > until for participant in SCRIPT), process)
        ring = {key: _ring(connection, prefix, *key) for key in sensors.sensors}
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=_PATIENCE_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        sensors.close()
    summary = json.loads(output)
    return Outcome(Path(summary["session_dir"]), summary, sensors.sensors, ring)


def _until(condition: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    """Return the first true value of a condition of other processes."""
    give_up = time.monotonic() + _PATIENCE_S
    while not (value := condition()):
        if process.poll() is not None:
            raise TimeoutError(f"the run ended with status {process.returncode}")
        if time.monotonic() > give_up:
            raise TimeoutError(f"still not after {_PATIENCE_S:g} s")
        time.sleep(0.2)
    return value


def _store(pid: int) -> Connection | None:
    return next((connect(run.store) for run in running() if run.pid == pid and run.store), None)


def _estimated(connection: Connection, session: str, participant: str) -> float:
    """Return the time of a participant's newest estimate (s); 0 before the first."""
    entry = last(connection, keys.estimates(session, participant), Estimate)
    return 0.0 if entry is None else entry.record.time


def _ring(connection: Connection, session: str, participant: str, modality: str) -> list[Chunk]:
    key = keys.raw(session, participant, modality.lower())
    reader = BlockingReader(connection, {key: ids.START}, Chunk)
    chunks = []
    while found := reader.read(0):
        chunks += [entry.record for entry in found]
    reader.close()
    return chunks
