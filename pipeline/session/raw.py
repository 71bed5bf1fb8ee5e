"""The raw streams of a session: chunks go into an XDF file, and where each sample came from is kept beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.records import Chunk, StreamInfo
from pipeline.session.durable import DurableFile
from pipeline.session.xdf import XdfWriter
from pipeline.session.xdf_chunks import SurveyedStream, survey

#: LabRecorder writes a clock offset every 5 s and a boundary every 10 s.
OFFSET_EVERY_S: Final = 5.0
#: What makes a stream another one in the file, should it come back with a new description.
_DESCRIPTION: Final = ("name", "type", "source_id", "sfreq", "ch_names", "units", "format")


@dataclass
class RecordedFrom:
    """One stream of the file, and where its samples come from."""

    number: int
    """Its number in the file."""
    participant: str
    stream: str
    """The session's name for it; empty for the participant's estimates."""
    description: dict[str, Any]
    segments: list[list[int]]
    """``[segment, index within it, sample of the file's stream]`` wherever a run of consecutive samples begins."""
    offsets: list[list[float]]
    """``[sample of the file's stream, clock offset (s)]`` from each sample on: every offset as used."""
    samples: int = 0

    @property
    def last(self) -> tuple[int, int]:
        """Segment and index of the last sample."""
        segment, first, sample = self.segments[-1]
        return segment, first + self.samples - sample - 1

    def use_offset(self, offset: float) -> bool:
        """Note the clock offset of the next sample; return whether it differs from that of the last one."""
        if self.offsets and self.offsets[-1][1] == offset:
            return False
        if self.offsets and self.offsets[-1][0] == self.samples:
            self.offsets.pop()  # no sample came under it
        if not self.offsets or self.offsets[-1][1] != offset:
            self.offsets.append([self.samples, offset])
        return True


class RawFile:
    """Write chunks to an XDF file.

    What is added waits in memory until `flush`. A file that is there already, from before a crash, is taken over: what
    is cut off is removed, and samples are added. For that, `provenance` must have been written down before each
    `flush`.

    Parameters
    ----------
    path : Path
        The file.
    before : sequence of dict
        What `provenance` returned last, for a file that is there already.

    Attributes
    ----------
    changed : bool
        `provenance` has something new, other than offsets, since it was called last. The file itself tells of these.
    """

    def __init__(self, path: Path, before: Sequence[dict[str, Any]] = ()) -> None:
        self.changed = False
        self._streams: dict[tuple[str, str], RecordedFrom] = {}
        self._left: list[RecordedFrom] = []
        self._offset_at: dict[int, float] = {}
        if path.exists() and path.stat().st_size:
            found = survey(path)
            self._file = DurableFile(path, found.body)
            self._writer = XdfWriter(self._file, found.streams)
            self._take_over(before, found.streams)
        else:
            self._file = DurableFile(path)
            self._writer = XdfWriter(self._file)
            self.flush()

    def last(self, participant: str, stream: str) -> tuple[int, int] | None:
        """Return segment and index of the last sample of a stream; None before its first."""
        found = self._streams.get((participant, stream))
        return found.last if found and found.segments else None

    def info(self, participant: str, stream: str) -> StreamInfo | None:
        """Return what a stream was when its last sample was added; None before its first."""
        found = self._streams.get((participant, stream))
        if found is None or not found.segments:
            return None
        ch_names, units = tuple(found.description["ch_names"]), tuple(found.description["units"])
        described = {**found.description, "ch_names": ch_names, "units": units}
        return StreamInfo(stream=stream, host="", uid="", use="record", **described)

    def add(self, participant: str, info: StreamInfo, chunk: Chunk, *, synchronized: bool = False) -> int:
        """Add a chunk.

        Parameters
        ----------
        participant : str
            Whose it is.
        info : StreamInfo
            The stream as it is now; a new description begins a new stream in the file.
        chunk : Chunk
            Its samples.
        synchronized : bool
            Its timestamps are on the recorder's clock already, so no clock offsets are written.

        Returns
        -------
        int
            How many samples of the segment are missing before it.

        Raises
        ------
        ValueError
            The samples are not of the shape or the dtype that `info` says.
        """
        stream = self._stream(participant, "" if synchronized else info.stream, info)
        segment, following = stream.last if stream.segments else (None, 0)
        missing = chunk.first - following - 1 if segment == chunk.segment else 0
        if segment != chunk.segment or missing:
            stream.segments.append([chunk.segment, chunk.first, stream.samples])
            self._offset_at.pop(stream.number, None)
            self.changed = True
        if not synchronized:
            self._offset(stream, chunk)
        self._writer.samples(stream.number, chunk.times, chunk.strings if info.format == "string" else chunk.data)
        stream.samples += len(chunk.times)
        return missing

    def boundary(self) -> None:
        """Write a mark from which a reader can go on after a damaged place."""
        self._writer.boundary()

    def provenance(self) -> list[dict[str, Any]]:
        """Return for every stream of the file where its samples come from, and every clock offset as used."""
        self.changed = False
        return [
            {
                "number": stream.number,
                "participant": stream.participant,
                "stream": stream.stream,
                **stream.description,
                "segments": stream.segments,
                "offsets": stream.offsets,
            }
            for stream in [*self._left, *self._streams.values()]
        ]

    def samples(self) -> dict[str, int]:
        """Return ``participant/stream`` -> samples recorded, of all that the stream was."""
        found: dict[str, int] = {}
        for one in [*self._left, *self._streams.values()]:
            if one.stream:
                name = f"{one.participant}/{one.stream}"
                found[name] = found.get(name, 0) + one.samples
        return found

    def flush(self) -> None:
        """Write what waits, to the disk itself."""
        self._file.sync()

    @property
    def bytes(self) -> int:
        """How much is on the disk."""
        return self._file.synced

    def close(self) -> None:
        """Write what waits and the footers, and close the file."""
        self._writer.close()
        self._file.finish()

    def abandon(self) -> None:
        """Close the file as it is on the disk, without footers."""
        self._file.close()

    def _stream(self, participant: str, name: str, info: StreamInfo) -> RecordedFrom:
        description = {field: getattr(info, field) for field in _DESCRIPTION}
        description |= {"ch_names": list(info.ch_names), "units": list(info.units)}
        stream = self._streams.get((participant, name))
        if stream is not None and stream.description == description:
            return stream
        if stream is not None:
            self._left.append(stream)
        number = self._writer.add_stream(info, participant=participant)
        self._streams[participant, name] = RecordedFrom(number, participant, name, description, [], [])
        self.changed = True
        return self._streams[participant, name]

    def _offset(self, stream: RecordedFrom, chunk: Chunk) -> None:
        """Write the clock offset where it changed, at a segment's start, and now and then."""
        written = self._offset_at.get(stream.number)
        if stream.use_offset(chunk.offset) or written is None or chunk.arrival - written >= OFFSET_EVERY_S:
            self._writer.clock_offset(stream.number, chunk.arrival, chunk.offset)
            self._offset_at[stream.number] = chunk.arrival

    def _take_over(self, before: Sequence[dict[str, Any]], written: Mapping[int, SurveyedStream]) -> None:
        """Go on where the file ends, whatever else was noted of samples that never reached it."""
        for noted in before:
            found = written.get(noted["number"])
            if found is None:
                continue
            stream = RecordedFrom(
                noted["number"],
                noted["participant"],
                noted["stream"],
                {field: noted[field] for field in _DESCRIPTION},
                [place for place in noted["segments"] if place[2] < found.samples],
                [],
            )
            for stream.samples, _, offset in found.offsets:
                stream.use_offset(offset)
            stream.samples = found.samples
            self._keep(stream)

    def _keep(self, stream: RecordedFrom) -> None:
        """Go on with a stream; with an earlier one of its name where it is still empty."""
        key = (stream.participant, stream.stream)
        former = self._streams.get(key)
        if former is None or stream.segments:
            self._streams[key] = stream
            stream = former or stream
        if stream is not self._streams[key]:
            self._left.append(stream)
