"""A recording that helo did not make: which of its streams serve a session, and where their segments begin."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.files.recording import RecordedStream, Recording
from pipeline.modalities import MODALITIES
from pipeline.records import StreamInfo
from pipeline.session.config import Match, SessionFile, StreamSettings
from pipeline.session.settings_file import parse_session
from pipeline.signals.offline import PIECE_S, Recorded
from pipeline.streams.segments import Pulled, Segmenter

#: Whom a recording without a session file is of.
SOMEBODY: Final = "P001"


@dataclass(frozen=True)
class Segment:
    """A stretch of a stream without a gap."""

    start: float
    """Time of its first sample (s), on the recording's clock."""
    samples: int
    began: str
    """``open``, ``gap``, ``clock jump`` or ``clock reset``; ``as recorded`` in a session, whose events say why."""


def match_streams(recording: Recording, settings: SessionFile, participant: str) -> dict[str, RecordedStream]:
    """Return the streams of a recording that a participant's session names, by these names.

    A stream is told by name, type and source id as `helo replay` would publish it.

    Raises
    ------
    BadInput
        Two streams match, a required one is not there, or one of markers sends numbers all the time.
    """
    found = {}
    for name, wanted in settings.participants[participant].streams.items():
        where = f"{recording.path}: participants.{participant}.streams.{name}"
        matching = [stream for stream in recording.streams if _matches(wanted.match, stream.info)]
        if len(matching) > 1:
            raise BadInput(
                f"{where}: {len(matching)} streams match {wanted.match}: {_named(matching)}; "
                "add what tells them apart to `match`"
            )
        if not matching and wanted.required and wanted.use in MODALITIES:
            raise BadInput(
                f"{where}: no stream with {wanted.match}; there are {_named(recording.streams)}; correct `match`, "
                "or set `required: false`"
            )
        if matching:
            found[name] = _checked(matching[0], wanted, where)
    return found


def plain_session(recording: Recording, takes: Iterable[str]) -> tuple[SessionFile, list[str]]:
    """Return a session for a recording that comes without one: of each modality the first stream of that type.

    Parameters
    ----------
    recording : Recording
        The recording.
    takes : iterable of str
        The model's modalities.

    Returns
    -------
    settings : SessionFile
        One participant; a stream that the model cannot take is in it too, so that its ticks say so.
    notes : list of str
        Which streams are not used, and why.

    Raises
    ------
    BadInput
        No stream's type is a modality of the model.
    """
    chosen: dict[str, dict[str, object]] = {}
    notes = []
    wanted = set(takes)
    for stream in recording.streams:
        info = stream.info
        if info.type not in wanted - {one["use"] for one in chosen.values()}:
            notes.append(f"{info.name} ({info.type}) is not used: no stream of this type is wanted")
            continue
        match = {"name": info.name, "type": info.type, "source_id": info.source_id}
        chosen[info.type.lower()] = {"match": match, "use": info.type, "required": False}
    if not chosen:
        raise BadInput(
            f"{recording.path}: no stream has the type of one of the model's modalities ({', '.join(takes)}); "
            "say by --session what each is"
        )
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", recording.path.stem).strip("-_")[:64] or "recording"
    content = {"session": name, "participants": {SOMEBODY: {"consent": "none-given", "streams": chosen}}}
    return parse_session(content, str(recording.path)), notes


def cut_segments(stream: RecordedStream, settings: StreamSettings) -> tuple[Recorded, list[Segment]]:
    """Return a stream of a recording cut into segments by the rules that hold live, and at resets of its clock."""
    times, info = stream.times, stream.info
    segmenter = Segmenter(info.sfreq, can_drop=info.can_drop_samples, counter=settings.counter_in(info.ch_names))
    size = max(1, round((info.sfreq or 30.0) * PIECE_S))
    began: dict[int, str] = {}
    for start, stop in pairwise(sorted({0, *range(0, len(times), size), *stream.resets, len(times)})):
        if start in stream.resets:
            segmenter.reopen()
        pulled = Pulled(times[start:stop], stream.data[start:stop], (), float(times[stop - 1]))
        row = start
        for piece in segmenter.split(pulled, offset=0.0, epoch_ms=0):
            if piece.beginning is not None:
                began[row] = "clock reset" if row in stream.resets else piece.beginning.reason
            row += len(piece.chunk.times)
    edges = [*began, len(times)]
    segments = [Segment(float(times[start]), stop - start, began[start]) for start, stop in pairwise(edges)]
    return Recorded(info, settings, times, np.asarray(stream.data), tuple(edges[1:-1])), segments


def _checked(stream: RecordedStream, wanted: StreamSettings, where: str) -> RecordedStream:
    try:
        wanted.check_rate(stream.info)
    except BadInput as error:
        raise BadInput(f"{where}.{error}") from error
    return stream


def _matches(match: Match, info: StreamInfo) -> bool:
    return all(getattr(info, field) == value for field, value in match.model_dump(exclude_none=True).items())


def _named(streams: Iterable[RecordedStream]) -> str:
    return ", ".join(f"{stream.info.name!r} ({stream.info.type})" for stream in streams)
