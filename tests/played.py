"""A session whose readers and workers are played by a test, and whose recorder is a real process."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyxdf

from pipeline.commands import Recording
from pipeline.records import Chunk, Estimate, FeatureWindow, Grid, ModalityUse, StreamInfo
from pipeline.session.settings_file import dump_session, parse_session
from pipeline.states import ModelInfo
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import STORE_VARIABLE, Connection
from pipeline.store.server import EmbeddedServer
from pipeline.store.writer import StreamWriter
from pipeline.workers.context import arguments

EEG = StreamInfo("eeg", "Cap", "EEG", "cap-1", 100.0, ("a", "b"), ("uV", "uV"), "float32", "lab", "u", "EEG")
MARKS = StreamInfo("marks", "Marks", "Markers", "m-1", 0.0, ("m",), ("",), "string", "lab", "v", "Markers")
SHARES = np.array([0.25, 0.75], np.float32)
OFFSET = -3.5


class Session:
    """One session, with one participant, P001."""

    def __init__(
        self, name: str, folder: Path, server: EmbeddedServer, connection: Connection, **settings: object
    ) -> None:
        streams = {
            "eeg": {"match": {"type": "EEG"}, "use": "EEG"},
            "marks": {"match": {"type": "Markers"}, "use": "Markers"},
        }
        self.settings = parse_session(
            {"session": name, "participants": {"P001": {"consent": "ICF", "streams": streams}}, **settings}, "test"
        )
        self.name = name
        self.folder = folder / "recorded"
        self.folder.mkdir()
        self.board = Board(connection, name)
        self._settings_file = folder / "session.yaml"
        self._settings_file.write_text(dump_session(self.settings))
        self._url = server.url
        self._connection = connection
        self._writers: dict[str, StreamWriter] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, wrapper: Sequence[str] = ()) -> None:
        options = arguments(session=self.name, settings=self._settings_file, session_dir=self.folder)
        env = {**os.environ, STORE_VARIABLE: self._url}
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "pipeline.workers.recorder", *options], env=env
        )

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def put(self, key: str, entry_id: str, record: object) -> None:
        if key not in self._writers:
            self._writers[key] = StreamWriter(self._connection, key, retention_s=600)
        self._writers[key].append(entry_id, record)

    def eeg(self, first: int, n_times: int = 10, *, segment: int = 1000) -> None:
        """Sample i holds i and -i."""
        index = np.arange(first, first + n_times)
        data = np.stack([index, -index], axis=1).astype(np.float32)
        chunk = Chunk(segment, first, index / 100, OFFSET, data, float(index[-1] / 100 + OFFSET))
        self.put(keys.raw(self.name, "P001", "eeg"), ids.raw_id(segment, first), chunk)

    def events(self) -> list[dict]:
        """Return the events that are on the disk."""
        file = self.folder / "events.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def mark(self, first: int, text: str) -> None:
        chunk = Chunk(1000, first, np.array([first / 2]), 0.0, np.empty((1, 0), np.float32), first / 2, ((text,),))
        self.put(keys.raw(self.name, "P001", "marks"), ids.raw_id(1000, first), chunk)

    def tick(self, tick: int) -> None:
        """Store the feature window and the estimate of a tick."""
        window = FeatureWindow(tick, tick / 4, "EEG", np.full((2, 2, 5), tick, np.float32), 1.0, 1.0, (), 1000, 0, 9)
        self.put(keys.features(self.name, "P001", "EEG"), ids.tick_id(tick), window)
        uses = {"EEG": ModalityUse(1.0, 1.0, 1.0, True, (), 1000, 0, 9)}
        estimate = Estimate(tick, tick / 4, SHARES, SHARES, SHARES, SHARES, uses, tick == 1, "", {"latency": 0.1}, "h")
        self.put(keys.estimates(self.name, "P001"), ids.tick_id(tick), estimate)

    def announce(self) -> None:
        """Put what the supervisor, readers, preprocess and the infer worker say."""
        self.board.put_recording(Recording("recording", ((-100.0, None),)))
        self.board.put_grid("P001", Grid(0.0, 0.25, begun=-100.0))
        self.board.put_stream("P001", EEG)
        self.board.put_stream("P001", MARKS)
        self.board.put_model(ModelInfo(("Alert", "Upset"), SHARES, "h", "simulated", True, "cpu"))

    def xdf(self) -> dict[str, dict]:
        """Load the raw file as it is, by stream name."""
        content = io.BytesIO((self.folder / "raw.xdf").read_bytes())
        streams, _ = pyxdf.load_xdf(content, synchronize_clocks=False, dejitter_timestamps=False)
        return {stream["info"]["name"][0]: stream for stream in streams}

    def recorded(self, name: str = "Cap") -> int:
        """Return how many samples of a stream reached the disk."""
        for writer in self._writers.values():
            writer.flush()
        path = self.folder / "raw.xdf"
        if not path.exists() or not path.stat().st_size:
            return 0
        streams = self.xdf()
        return len(streams[name]["time_stamps"]) if name in streams else 0

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for writer in self._writers.values():
            writer.close()
        self.board.close()
