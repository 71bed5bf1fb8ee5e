"""The recorder writes down all that the store holds, goes on after a crash, and ends every file."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import pyxdf

from pipeline.files.read import read_recording
from pipeline.records import Chunk, Estimate, Event, FeatureWindow, ModalityUse, ModelInfo, StreamInfo
from pipeline.session.config import dump_session, load_session_file, parse_session
from pipeline.session.tables import read_table
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.connection import STORE_VARIABLE, Connection
from pipeline.store.server import EmbeddedServer
from pipeline.store.writer import StreamWriter
from pipeline.workers.context import arguments

Until = Callable[..., None]
EEG = StreamInfo("eeg", "Cap", "EEG", "cap-1", 100.0, ("a", "b"), ("uV", "uV"), "float32", "lab", "u", "EEG")
MARKS = StreamInfo("marks", "Marks", "Markers", "m-1", 0.0, ("m",), ("",), "string", "lab", "v", "Markers")
SHARES = np.array([0.25, 0.75], np.float32)
OFFSET = -3.5


class Session:
    """A session whose readers and workers are played by the test, and whose recorder is a real process."""

    def __init__(self, name: str, folder: Path, server: EmbeddedServer, connection: Connection) -> None:
        streams = {
            "eeg": {"match": {"type": "EEG"}, "use": "EEG"},
            "marks": {"match": {"type": "Markers"}, "use": "Markers"},
        }
        self.settings = parse_session(
            {"session": name, "participants": {"P001": {"consent": "ICF", "streams": streams}}}, "test"
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

    def start(self) -> None:
        options = arguments(session=self.name, settings=self._settings_file, session_dir=self.folder)
        env = {**os.environ, STORE_VARIABLE: self._url}
        self.process = subprocess.Popen([sys.executable, "-m", "pipeline.workers.recorder", *options], env=env)

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
        """Put what readers and the infer worker say of streams and model."""
        self.board.put_stream("P001", EEG)
        self.board.put_stream("P001", MARKS)
        self.board.put_model(ModelInfo(("Alert", "Upset"), SHARES, "h", "simulated", True, "cpu"))

    def xdf(self) -> dict[str, dict]:
        """Load the raw file as it is, by stream name."""
        path = self.folder / "raw.xdf"
        streams, _ = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)
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


@pytest.fixture
def session(unique: str, tmp_path: Path, store_server: EmbeddedServer, connection: Connection) -> Iterator[Session]:
    made = Session(unique, tmp_path, store_server, connection)
    yield made
    made.close()


def test_a_whole_session_is_written_down(session: Session, until: Until):
    session.announce()
    session.start()
    for first in range(0, 50, 10):
        session.eeg(first)
    session.mark(0, "start clip-01")
    session.board.append_event(Event(1.5, "note", "coughs", "operator"))
    for tick in range(3):
        session.tick(tick)
    until(lambda: session.recorded() == 50)
    session.eeg(0, segment=2000)  # comes while the recorder is about to stop
    assert session.stop() == 0

    assert {entry.name for entry in session.folder.iterdir()} == {
        "session.yaml", "raw.xdf", "features.parquet", "estimates.parquet", "events.jsonl", "provenance.json",
    }  # fmt: skip
    assert load_session_file(session.folder / "session.yaml") == session.settings
    cap = session.xdf()["Cap"]
    assert cap["time_series"][:, 0].tolist() == [*range(50), *range(10)]
    assert cap["time_stamps"][:50].tolist() == (np.arange(50) / 100).tolist()
    assert set(cap["clock_values"]) == {OFFSET}
    assert cap["footer"]["info"]["sample_count"] == ["60"]
    assert session.xdf()["Marks"]["time_series"] == [["start clip-01"]]
    events = [json.loads(line) for line in (session.folder / "events.jsonl").read_text().splitlines()]
    assert [(event["kind"], event["text"]) for event in events] == [("note", "coughs")]
    features = pq.read_table(session.folder / "features.parquet").to_pylist()
    assert [(row["participant"], row["tick"], row["modality"]) for row in features] == [
        ("P001", t, "EEG") for t in range(3)
    ]
    estimates = pq.read_table(session.folder / "estimates.parquet").to_pylist()
    assert [row["abstained"] for row in estimates] == [False, True, False]


def test_estimates_are_a_stream_of_the_raw_file_on_the_recorders_clock(session: Session, until: Until):
    session.announce()
    session.start()
    for tick in range(4):
        session.tick(tick)
    until(lambda: session.recorded("helo-estimates-P001") == 4)
    assert session.stop() == 0
    found = session.xdf()["helo-estimates-P001"]
    assert found["time_stamps"].tolist() == [0.0, 0.25, 0.5, 0.75]
    assert found["clock_values"] == []
    assert found["time_series"].tolist() == [[0.25, 0.75, float(tick == 1)] for tick in range(4)]
    labels = [channel["label"][0] for channel in found["info"]["desc"][0]["channels"][0]["channel"]]
    assert labels == ["Alert", "Upset", "abstained"]


def test_provenance_holds_segments_offsets_and_the_model(session: Session, until: Until):
    session.announce()
    session.start()
    session.eeg(0)
    session.eeg(0, segment=2000)
    until(lambda: session.recorded() == 20)
    assert session.stop() == 0
    found = json.loads((session.folder / "provenance.json").read_text())
    assert found["model"]["sha256"] == "h"
    assert found["model"]["emotions"] == ["Alert", "Upset"]
    assert found["ended"] is not None
    (eeg,) = (stream for stream in found["streams"] if stream["stream"] == "eeg")
    assert eeg["segments"] == [[1000, 0, 0], [2000, 0, 10]]
    assert eeg["offsets"] == [[0, OFFSET]]


def test_a_killed_recorder_goes_on_without_loss_or_repetition(session: Session, until: Until):
    session.announce()
    session.start()
    for first in range(0, 50, 10):
        session.eeg(first)
    for tick in range(3):
        session.tick(tick)
    session.board.append_event(Event(1.0, "note", "one", "operator"))
    until(lambda: session.recorded() == 50)
    session.stop(signal.SIGKILL)
    assert read_recording(session.folder).streams[0].data.shape == (50, 2)
    assert read_table(session.folder / "features").schema.names[:2] == ["participant", "tick"]

    for first in range(50, 100, 10):
        session.eeg(first)
    for tick in range(3, 6):
        session.tick(tick)
    session.board.append_event(Event(2.0, "note", "two", "operator"))
    session.start()
    until(lambda: session.recorded() == 100)
    assert session.stop() == 0
    cap = session.xdf()["Cap"]
    assert cap["time_series"][:, 0].tolist() == list(range(100))
    assert cap["footer"]["info"]["sample_count"] == ["100"]
    assert len(session.xdf()["helo-estimates-P001"]["time_stamps"]) == 6
    for table in ("features", "estimates"):
        assert pq.read_table(session.folder / f"{table}.parquet")["tick"].to_pylist() == list(range(6))
    events = [json.loads(line)["text"] for line in (session.folder / "events.jsonl").read_text().splitlines()]
    assert events == ["one", "two"]


def test_a_store_that_dies_costs_nothing(session: Session, until: Until, store_server: EmbeddedServer):
    session.announce()
    session.start()
    session.eeg(0)
    until(lambda: session.recorded() == 10)
    os.kill(store_server.pid, signal.SIGKILL)
    store_server.wait(10)
    store_server.start()
    session.eeg(10)
    until(lambda: session.board.flush() and session.recorded() == 20)
    assert session.stop() == 0
    assert session.xdf()["Cap"]["time_series"][:, 0].tolist() == list(range(20))


def test_a_stream_that_appears_late_is_recorded_from_its_start(session: Session, until: Until):
    session.start()
    session.eeg(0)
    session.announce()
    until(lambda: session.recorded() == 10)
    assert session.stop() == 0


def test_what_is_recorded_can_be_replayed(session: Session, until: Until):
    session.announce()
    session.start()
    session.eeg(0)
    session.tick(0)
    until(lambda: session.recorded() == 10)
    assert session.stop() == 0
    recording = read_recording(session.folder)
    assert [stream.info.name for stream in recording.streams] == ["Cap"]
    assert recording.streams[0].times[0] == pytest.approx(OFFSET)
    assert recording.left_out[0].startswith("helo-estimates-P001")


def test_without_a_folder_it_says_so(session: Session):
    session.folder.rmdir()
    session.start()
    assert session.process.wait(30) == 2
