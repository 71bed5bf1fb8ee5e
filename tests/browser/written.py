"""A session that a test writes itself, record by record, with a real store and a real dashboard on it."""

import os
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import numpy as np

from benchmarks.ports import free_port
from dashboard.launch import command
from pipeline.modalities import EMOTIONS
from pipeline.records import Estimate, ModalityUse, StreamInfo
from pipeline.states import ModelInfo, SessionInfo, StreamHealth
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import STORE_VARIABLE, connect
from pipeline.store.ids import tick_id
from pipeline.store.server import EmbeddedServer
from pipeline.store.writer import StreamWriter
from pipeline.streams.clock import local_clock
from tests.command import wait_for

HOP_S = 0.25
EEG_ALONE: Final = {"eeg": "EEG"}
MEAN = np.full(len(EMOTIONS), 1 / len(EMOTIONS), dtype=np.float32)


class WrittenSession:
    """Starts a store and a dashboard; what the page then sees is what the test puts.

    Parameters
    ----------
    directory : Path
        For the store's socket, if its path is short enough for one.
    session : str
        Name of the session.
    """

    def __init__(self, directory: Path, session: str) -> None:
        self.session = session
        self._log = directory / "dashboard.log"
        self._recordings = directory
        self._folder = tempfile.TemporaryDirectory(prefix="helo-")
        self.server = EmbeddedServer(Path(self._folder.name))
        self.port = free_port()

    def __enter__(self) -> Self:
        self.server.start()
        self.connection = connect(self.server.url)
        self.board = Board(self.connection, self.session)
        self._output = self._log.open("w")
        self.start_dashboard()
        return self

    def __exit__(self, *_: object) -> None:
        ended = self.dashboard.poll()
        self.stop_dashboard()
        self._output.close()
        self.board.close()
        self.connection.close()
        self.server.stop()
        self._folder.cleanup()
        assert ended is None, f"the dashboard ended with status {ended}: {self._log.read_text()}"

    def start_dashboard(self) -> None:
        """Start the dashboard, and wait until it answers."""
        argv = command(self.session, self.port, self._recordings)
        self.dashboard = subprocess.Popen(
            argv, env={**os.environ, STORE_VARIABLE: self.server.url}, stdout=self._output, stderr=subprocess.STDOUT
        )
        wait_for(self._answers)

    def stop_dashboard(self) -> None:
        """Stop the dashboard."""
        self.dashboard.terminate()
        self.dashboard.wait(30)

    def begin(
        self,
        *participants: str,
        uses: Mapping[str, str] = EEG_ALONE,
        display: str = "open",
        notices: tuple[str, ...] = (),
        alarms: bool = False,
    ) -> None:
        """Say what the session is: every participant has the same streams."""
        everybody = {participant: dict(uses) for participant in participants or ("P001",)}
        self.board.put_session(SessionInfo(self.session, everybody, HOP_S, display, notices, local_clock(), "", alarms))

    def live(self, ticks: range, **session: Any) -> None:
        """Say all that a page needs: a session, a stream of it, its model, and these estimates."""
        self.begin(**session)
        self.stream()
        self.model()
        self.estimates(ticks)

    def model(self, emotions: tuple[str, ...] = EMOTIONS, *, demonstration: bool = False) -> None:
        """Say what the model is."""
        self.board.put_model(ModelInfo(emotions, MEAN, "abc", "A model.", demonstration=demonstration, device="cpu"))

    def stream(
        self,
        participant: str = "P001",
        name: str = "an EEG",
        *,
        stream: str = "eeg",
        use: str = "EEG",
        sfreq: float = 300.0,
    ) -> None:
        """Say that one of the participant's streams delivers."""
        self.board.put_stream(
            participant,
            StreamInfo(stream, name, use, "source", sfreq, ("Fz",), ("uV",), "float32", "host", "uid", use),
        )
        now, received = local_clock(), round(3 * sfreq)
        self.board.put_stream_health(
            StreamHealth(f"{participant}/{stream}", "receiving", sfreq, sfreq, received, 0, 0, now, 0.0, now)
        )

    def estimates(
        self,
        ticks: range,
        participant: str = "P001",
        *,
        abstained: range = range(0),
        ahead_s: float = 0.0,
        **fields: Any,
    ) -> None:
        """Write the estimates of these ticks; the newest is as new as can be, or will be so in a while."""
        writer = StreamWriter(self.connection, keys.estimates(self.session, participant), retention_s=3600)
        start = local_clock() + ahead_s - ticks[-1] * HOP_S
        for tick in ticks:
            one = estimate(tick, start + tick * HOP_S, abstained=tick in abstained, **fields)
            assert writer.append(tick_id(tick), one)
        writer.close()

    def _answers(self) -> bool:
        assert self.dashboard.poll() is None, self._log.read_text()
        return answers(self.port)


def answers(port: int) -> bool:
    """Return whether a dashboard answers on this port."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def taken(
    *reasons: str, weight: float = 1.0, valid: float = 1.0, quality: float = 1.0, used: bool = True
) -> ModalityUse:
    """Return what an estimate took from a modality."""
    return ModalityUse(weight, valid, quality, used, reasons, 1, 0, 9)


def estimate(
    tick: int,
    time: float,
    *,
    shares: np.ndarray = MEAN,
    abstained: bool = False,
    reason: str = "",
    modalities: Mapping[str, ModalityUse] | None = None,
    model_hash: str = "abc",
) -> Estimate:
    """Return an estimate; unless said, it took everything from EEG."""
    uses = {"EEG": taken()} if modalities is None else dict(modalities)
    if abstained:
        uses = {name: msgspec.structs.replace(use, used=False) for name, use in uses.items()}
    half = np.float32(0.5)
    return Estimate(
        tick, time, shares, shares * half, shares * (1 + half), MEAN, uses, abstained, reason,
        {"arrival": 0.01, "features": 0.01, "join": 0.01, "inference": 0.01}, model_hash,
    )  # fmt: skip
