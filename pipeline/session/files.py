"""All files of a session that is being recorded: what is added waits until it is flushed to the disk."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.commands import Recording
from pipeline.records import Array, Chunk, Estimate, Event, FeatureWindow, Grid, StreamInfo, array
from pipeline.session import folder
from pipeline.session.config import SessionFile
from pipeline.session.event_table import EventTable
from pipeline.session.provenance import describe_model, provenance
from pipeline.session.ratings import ratings_table
from pipeline.session.raw import RawFile
from pipeline.session.tables import ArrowTable, estimate_row, feature_row, to_parquet
from pipeline.session.trials import trials_table
from pipeline.session.xdf_format import EVENTS_TYPE
from pipeline.states import ModelInfo

#: The session's events as a stream of the raw file, so that whoever opens it sees pauses and notes among the samples.
_EVENTS: Final = StreamInfo(
    stream="",
    name="helo-events",
    type=EVENTS_TYPE,
    source_id="helo-events",
    sfreq=0.0,
    ch_names=("kind", "text", "source"),
    units=("", "", ""),
    format="string",
    host="",
    uid="",
    use="record",
)


class SessionFiles:
    """Write the folder of a session; one that is begun already, from before a crash, is taken over.

    Parameters
    ----------
    path : Path
        The folder.
    settings : SessionFile
        The session.

    Attributes
    ----------
    last_window, last_estimate : dict
        (participant, modality), and participant -> last tick in the table.
    """

    def __init__(self, path: Path, settings: SessionFile) -> None:
        self._path = path
        before = folder.read_provenance(path)
        self._provenance: dict[str, Any] = before or provenance(settings)
        if not before:
            folder.write_settings(path, settings)
            folder.write_provenance(path, self._provenance)
        self._raw = RawFile(path / folder.RAW, before.get("streams", ()))
        self._features = ArrowTable(path / folder.FEATURES)
        self._estimates = ArrowTable(path / folder.ESTIMATES)
        self._events = folder.EventLog(path / folder.EVENTS)
        self._small: list[EventTable] = []
        """Tables that are written anew when an event changes them."""
        if settings.trials is not None:
            self._small.append(trials_table(path, settings.trials))
        if settings.rating is not None:
            self._small.append(ratings_table(path, settings))
        self.last_window = _last_ticks(self._features.taken_over, "participant", "modality")
        self.last_estimate = {
            one: tick for (one,), tick in _last_ticks(self._estimates.taken_over, "participant").items()
        }
        self._changed = False

    @property
    def last_event(self) -> str:
        """The store's id of the last event."""
        return self._events.last_id

    @property
    def bytes(self) -> int:
        """How much of the raw file is on the disk."""
        return self._raw.bytes

    def samples(self) -> dict[str, int]:
        """Return ``participant/stream`` -> samples."""
        return self._raw.samples()

    def last(self, participant: str, stream: str) -> tuple[int, int] | None:
        """Return segment and index of the last sample of a stream, None before its first; of estimates: 1 and tick."""
        return self._raw.last(participant, stream)

    def info(self, participant: str, stream: str) -> StreamInfo | None:
        """Return what a stream was when its last sample was added; None before its first."""
        return self._raw.info(participant, stream)

    def add_chunk(self, participant: str, info: StreamInfo, chunk: Chunk) -> int:
        """Add samples; return how many of their segment are missing before them."""
        return self._raw.add(participant, info, chunk)

    def add_window(self, participant: str, window: FeatureWindow) -> None:
        """Add a feature window that is not in the table yet."""
        if window.tick > self.last_window.get((participant, window.modality), -1):
            self._features.append(feature_row(participant, window))

    def add_estimate(self, participant: str, info: StreamInfo, estimate: Estimate) -> None:
        """Add an estimate to its table and to the raw file, where it is not there yet; `info` is its stream."""
        if estimate.tick > self.last_estimate.get(participant, -1):
            self._estimates.append(estimate_row(participant, estimate))
        in_raw = self._raw.last(participant, "")
        if in_raw is None or estimate.tick > in_raw[1]:
            self._raw.add(participant, info, _as_chunk(estimate), synchronized=True)

    def add_event(self, entry_id: str, event: Event) -> None:
        """Add an event to the log and to the raw file, unless the store was told it a second time."""
        if self._events.holds(event):
            return
        number = self._events.count
        self._events.append(entry_id, event)
        in_raw = self._raw.last("", "")
        if in_raw is None or number > in_raw[1]:
            texts = ((event.kind, event.text, event.source),)
            chunk = Chunk(1, number, array([event.time], float), 0.0, np.empty((1, 0), np.float32), event.time, texts)
            self._raw.add("", _EVENTS, chunk, synchronized=True)
        for table in self._small:
            table.add(event)

    def boundary(self) -> None:
        """Write a mark from which a reader of the raw file can go on after a damaged place."""
        self._raw.boundary()

    def note_recording(self, recording: Recording) -> None:
        """Note when it was recorded, and when paused."""
        self._note("recorded", [list(span) for span in recording.spans])

    def note_model(self, model: ModelInfo) -> None:
        """Note what estimated."""
        self._note("model", describe_model(model))

    def note_grids(self, grids: Mapping[str, Grid]) -> None:
        """Note each participant's tick grid: its start (s) and the first tick that is recorded."""
        self._note("grids", {participant: [grid.start, grid.first] for participant, grid in grids.items()})

    def flush(self) -> None:
        """Write what waits, to the disk itself.

        Raises
        ------
        OSError
            There is no room, say.
        """
        if self._changed or self._raw.changed:
            self._write_provenance()
        self._raw.flush()
        self._features.flush()
        self._estimates.flush()
        self._events.flush()
        for table in self._small:
            table.flush()

    def close(self, corrupt: Mapping[str, int], stopped: str = "") -> None:
        """End every file, what cannot be replaced first.

        Parameters
        ----------
        corrupt : mapping of str to int
            Stream of the store -> entries that could not be read.
        stopped : str
            Why the session goes on unrecorded, if it does.

        Raises
        ------
        OSError
            There is no room, say.
        """
        self._write_provenance()
        self._raw.close()
        for file in (self._features, self._estimates, self._events):
            file.close()
        for table in self._small:
            table.flush()
        ended = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._provenance |= {"ended": ended, "stopped": stopped or None, "corrupt_entries": dict(corrupt)}
        self._write_provenance()
        for name in (folder.FEATURES, folder.ESTIMATES):
            to_parquet(self._path / name)

    def abandon(self) -> None:
        """Close every file as it is on the disk, since nothing more can be written."""
        for file in (self._raw, self._features, self._estimates, self._events):
            with contextlib.suppress(OSError):  # a disk that is gone says so at every file; each is closed nevertheless
                file.abandon()

    def _note(self, what: str, value: Any) -> None:
        if self._provenance.get(what) != value:
            self._provenance[what] = value
            self._changed = True

    def _write_provenance(self) -> None:
        self._provenance["streams"] = self._raw.provenance()
        folder.write_provenance(self._path, self._provenance)
        self._changed = False


def _last_ticks(table: Any, *columns: str) -> dict[tuple[str, ...], int]:
    """Return the last tick of each combination of values of `columns`."""
    found = table.group_by(list(columns)).aggregate([("tick", "max")]).to_pylist()
    return {tuple(row[column] for column in columns): row["tick_max"] for row in found}


def _as_chunk(estimate: Estimate) -> Chunk:
    """Return an estimate as one sample whose index is its tick."""
    values: Array = array([[*estimate.distribution.tolist(), float(estimate.abstained)]])
    return Chunk(
        segment=1,
        first=estimate.tick,
        times=array([estimate.time], float),
        offset=0.0,
        data=values,
        arrival=estimate.time,
    )
