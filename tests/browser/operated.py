"""A running session that an operator controls from its page, with what a test wants to know of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.records import Estimate
from pipeline.store import keys
from pipeline.store.board import Board
from pipeline.store.connection import Connection
from pipeline.store.ring import last
from pipeline.streams.inlet import Inlet


@dataclass
class Running:
    """A session in set-up, its page, and who receives its notes over LSL."""

    process: Any
    port: int
    address: str
    folder: Path
    connection: Connection
    board: Board
    inlet: Inlet

    @property
    def state(self) -> str:
        """Whether it is recorded."""
        recording = self.board.recording()
        assert recording is not None
        return recording.state

    @property
    def begun(self) -> float:
        """When the recording began."""
        recording = self.board.recording()
        assert recording is not None
        assert recording.begun is not None
        return recording.begun

    def process_id(self, kind: str) -> int:
        """Return the id of the one process of a kind."""
        (process,) = (process for process in self.board.processes() if process.kind == kind)
        return process.pid

    def estimated_by(self) -> str:
        """Return the hash of the model that made the newest estimate."""
        newest = last(self.connection, keys.estimates(self.folder.name, "P001"), Estimate)
        return newest.record.model_hash if newest else ""

    def stream_states(self) -> set[str]:
        """Return in which states the regular streams are."""
        return {health.state for health in self.board.stream_health() if health.sfreq}

    def marker(self) -> tuple[float, str]:
        """Return time and text of the next marker."""
        pulled = self.inlet.pull(60)
        assert pulled is not None
        ((text,),) = pulled.strings
        return float(pulled.times[0]), text

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind that have reached the disk."""
        file = self.folder / "events.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [event for event in map(json.loads, lines) if event["kind"] == kind]
