"""A recorded session read back: its settings, its raw streams as chunks, and what was decided while it ran."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import BadInput
from pipeline.files.xdf import can_drop_samples, load_xdf
from pipeline.records import Array, StreamInfo
from pipeline.session import folder
from pipeline.session.config import SessionFile
from pipeline.session.raw_stream import Part, RawStream, runs
from pipeline.session.settings_file import load_session_file
from pipeline.session.tables import SCHEMAS, read_table, to_parquet


@dataclass(frozen=True)
class RecordedSession:
    """A session folder, opened by `open_session`."""

    path: Path
    settings: SessionFile
    provenance: Mapping[str, Any]
    streams: Mapping[tuple[str, str], RawStream]
    """By participant and the session's name of the stream."""
    notes: tuple[str, ...]
    """What is amiss with the folder, a sentence each."""
    running: bool = False
    """It is being recorded at this moment."""

    def windows(self) -> pa.Table:
        """Return the feature windows as recorded; none where there is no such table."""
        return self._table("features")

    def estimates(self) -> pa.Table:
        """Return the estimates as recorded; none where there is no such table."""
        return self._table("estimates")

    def last_estimate(self, participant: str) -> int | None:
        """Return the tick of a participant's last estimate as recorded; None where there is none."""
        rows = self.estimates().select(["participant", "tick"])
        return max(rows.filter(pc.equal(rows["participant"], participant))["tick"].to_pylist(), default=None)

    @property
    def duration_s(self) -> float:
        """From the first sample of all to the last one (s)."""
        spans = [stream.span for stream in self.streams.values()]
        return max(last for _, last in spans) - min(first for first, _ in spans)

    def _table(self, stem: str) -> pa.Table:
        if any((self.path / f"{stem}.{kind}").exists() for kind in ("parquet", "arrows")):
            return read_table(self.path / stem)
        return pa.Table.from_batches([], SCHEMAS[stem])


def is_session(path: Path) -> bool:
    """Tell whether a path is the folder of a recorded session."""
    return path.is_dir() and (path / folder.RAW).exists()


def open_session(path: Path) -> RecordedSession:
    """Read the folder of a recorded session, one that was cut off as far as it goes.

    Tables that a recorder which was killed has left as Arrow streams are turned into Parquet; those of a session that
    is running are not touched.

    Raises
    ------
    BadInput
        It is no such folder, or a file that is needed is missing or damaged.
    """
    if path.is_file():
        raise BadInput(f"{path}: is a file; give the folder of the session, {path.parent}")
    if not is_session(path):
        raise BadInput(f"{path}: is no recorded session, it has no {folder.RAW}; give a folder that `helo run` wrote")
    running = folder.being_recorded(path)
    settings = load_session_file(path / folder.SETTINGS)
    provenance = _provenance(path)
    ended = [] if running else _end_tables(path)
    loaded, survey, notes = load_xdf(path / folder.RAW, synchronize=False)
    contents = {int(content["info"]["stream_id"]): content for content in loaded}
    found: dict[tuple[str, str], RawStream] = {}
    for noted in sorted(provenance["streams"], key=lambda noted: noted["number"]):
        content = contents.get(noted["number"])
        if not noted["stream"] or content is None or not len(content["time_stamps"]):
            continue
        # The file tells of every offset where it came into force, even one that was cut off.
        offsets = [(samples, value) for samples, _, value in survey.streams[noted["number"]].offsets]
        try:
            part = _part(noted, content, offsets)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BadInput(
                f"{path / folder.PROVENANCE}: streams: number {noted['number']} is not as helo writes it "
                f"({error!r}); give the recording as it was written"
            ) from error
        key = (noted["participant"], noted["stream"])
        before = found.get(key)
        found[key] = RawStream((part,)) if before is None else before.join(part)
    if not found:
        raise BadInput(f"{path / folder.RAW}: holds no samples of the session's streams; there is nothing to recompute")
    if running:
        notes.append("the session is still running; this is what it has so far")
    elif provenance.get("ended") is None:
        notes.append("the recorder was not closed; the last second may be missing")
    if provenance.get("stopped"):
        notes.append(provenance["stopped"].rstrip("."))
    return RecordedSession(path, settings, provenance, found, (*notes, *ended), running)


def _provenance(path: Path) -> dict[str, Any]:
    file = path / folder.PROVENANCE
    try:
        content = folder.read_provenance(path)
    except (OSError, ValueError) as error:
        raise BadInput(f"{file}: cannot be read ({error}); give the recording as it was written") from error
    if not isinstance(content.get("streams"), list):
        raise BadInput(f"{file}: `streams` is missing, which says to what segment each sample belongs; it is needed")
    return content


def _part(noted: dict[str, Any], content: dict[str, Any], offsets: list[tuple[int, float]]) -> Part:
    info = StreamInfo(
        stream=noted["stream"],
        name=noted["name"],
        type=noted["type"],
        source_id=noted["source_id"],
        sfreq=noted["sfreq"],
        ch_names=tuple(noted["ch_names"]),
        units=tuple(noted["units"]),
        format=noted["format"],
        host="",
        uid="",
        use="record",
        can_drop_samples=can_drop_samples(content),
    )
    times = np.asarray(content["time_stamps"], np.float64)
    data: Array = np.asarray(content["time_series"], object if info.format == "string" else None)
    segments = [(segment, first, row) for segment, first, row in noted["segments"]]
    pieces = tuple(
        (run, times[run.start : run.stop], data[run.start : run.stop]) for run in runs(segments, offsets, len(times))
    )
    return Part(info, pieces)


def _end_tables(path: Path) -> list[str]:
    """Turn tables that were not ended into Parquet; return what was done, a sentence each."""
    notes = []
    for name in (folder.FEATURES, folder.ESTIMATES):
        if (path / name).exists():
            try:
                done = to_parquet(path / name)
            except OSError as error:
                notes.append(f"{name} could not be turned into Parquet ({error.strerror}), and is read as it is")
            else:
                notes.append(f"{name}, which the recorder had not ended, is now {done.name}")
    return notes
