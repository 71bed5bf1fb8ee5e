"""The recorder writes down all that the store holds, goes on after a crash, and ends every file."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from pipeline.files.read import read_recording
from pipeline.records import Chunk, Event
from pipeline.session.settings_file import load_session_file
from pipeline.session.tables import read_table
from pipeline.store import ids, keys
from pipeline.store.connection import Connection
from pipeline.store.server import EmbeddedServer
from tests.played import EEG, OFFSET, Session

Until = Callable[..., None]


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


def test_events_are_recorded_once_although_the_store_forgets_them(session: Session, until: Until, store_server):
    file = session.folder / "events.jsonl"
    session.announce()
    session.start()
    session.board.append_event(Event(1.0, "note", "read", "operator"))
    until(lambda: file.exists() and "read" in file.read_text())
    session.stop(signal.SIGKILL)
    session.board.append_event(Event(2.0, "note", "not read", "operator"))
    os.kill(store_server.pid, signal.SIGKILL)
    store_server.wait(10)
    store_server.start()
    session.eeg(0)
    session.start()
    until(lambda: session.board.flush() and session.recorded() == 10)
    until(lambda: "not read" in file.read_text())
    assert session.stop() == 0
    assert [json.loads(line)["text"] for line in file.read_text().splitlines()] == ["read", "not read"]


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


def test_a_stream_that_came_back_as_another_one_while_the_recorder_was_dead_is_recorded_as_both(
    session: Session, until: Until
):
    session.announce()
    session.start()
    session.eeg(0)
    until(lambda: session.recorded() == 10)
    session.stop(signal.SIGKILL)
    session.eeg(10)
    other = replace(EEG, name="Band", ch_names=("a", "b", "c"), units=("uV", "uV", "uV"))
    session.board.put_stream("P001", other)
    session.put(
        keys.raw(session.name, "P001", "eeg"),
        ids.raw_id(2000, 0),
        Chunk(2000, 0, np.arange(10) / 100 + 5, OFFSET, np.zeros((10, 3), np.float32), 5.1 + OFFSET),
    )
    session.start()
    until(lambda: session.recorded("Band") == 10)
    assert session.recorded() == 20
    assert session.stop() == 0


def test_samples_that_no_known_stream_can_have_sent_are_left_out_in_words(session: Session, until: Until):
    session.announce()
    session.put(
        keys.raw(session.name, "P001", "eeg"),
        ids.raw_id(500, 0),
        Chunk(500, 0, np.arange(10) / 100, OFFSET, np.zeros((10, 3), np.float32), 0.1 + OFFSET),
    )
    session.eeg(0)
    session.start()
    until(lambda: session.recorded() == 10)
    until(lambda: len(session.events()) == 1)
    (gap,) = session.events()
    assert (gap["kind"], gap["source"]) == ("gap", "recorder")
    assert gap["text"] == "Samples of P001/eeg are not recorded: of what stream they are is not known."
    assert session.stop() == 0
