"""Read an XDF file: every stream under its own name, on the recorder's clock."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyxdf

from pipeline.errors import BadInput
from pipeline.files.recording import RecordedStream, Recording, source_id
from pipeline.files.xdf_samples import joined, whole_chunks
from pipeline.records import StreamInfo
from pipeline.session.xdf_chunks import Survey, survey
from pipeline.session.xdf_format import ESTIMATES_TYPE, EVENTS_TYPE, FORMATS

#: pyxdf says this of every stream with a clock reset or without clock offsets; the resets are told in our own words.
_EXPECTED: Final = "Segments and clock-segments differ"


def read_xdf(path: Path) -> Recording:
    """Read an XDF file by pyxdf.

    Timestamps are put on the recorder's clock by the file's clock offsets; their jitter stays, as the devices sent it.
    Streams without samples, and estimates of an earlier session, are left out. A file that is cut off is read up to
    its last whole chunk, a damaged one as far as pyxdf can.

    Parameters
    ----------
    path : Path
        An .xdf file.

    Raises
    ------
    BadInput
        It cannot be read, or no stream has samples.
    """
    loaded, _, notes = load_xdf(path, synchronize=True)
    streams: list[RecordedStream] = []
    left_out: list[str] = []
    for index, content in enumerate(loaded):
        info = _info(path, index, content)
        fault = _fault(info, content)
        if fault:
            left_out.append(f"{info.name} ({info.type}): {fault}; left out")
            continue
        resets = tuple(int(first) for first, _ in content["info"]["clock_segments"][1:])
        streams.append(_stream(info, content, resets))
        notes += [f"{info.name} ({info.type}): its clock was reset, {len(resets)} time(s)"] if resets else []
    if not streams:
        what = "; ".join(left_out) or "it has no streams"
        raise BadInput(f"{path}: holds nothing to use: {what}; give another recording")
    return Recording(path, tuple(streams), tuple(left_out), tuple(notes))


def load_xdf(path: Path, *, synchronize: bool) -> tuple[list[dict[str, Any]], Survey, list[str]]:
    """Load an XDF file by pyxdf, as far as it is whole.

    Parameters
    ----------
    path : Path
        An .xdf file.
    synchronize : bool
        Put timestamps on the recorder's clock; otherwise they stay as they are written.

    Returns
    -------
    streams : list of dict
        As pyxdf gives them.
    survey : Survey
        What the walk over its chunks found.
    notes : list of str
        What is amiss with the file, a sentence each.

    Raises
    ------
    BadInput
        It cannot be read.
    """
    try:
        found = survey(path)
        # A chunk that is cut off must not reach pyxdf, which would fill its last sample with old bytes.
        if found.cut:
            source: Any = io.BytesIO(path.read_bytes()[: found.end])
        else:
            source = path if found.damaged else joined(path)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path}: is not an XDF file that can be read ({error}); give a file that LabRecorder or helo wrote"
        ) from error
    with _messages() as messages, whole_chunks():
        try:
            loaded, _ = pyxdf.load_xdf(source, synchronize_clocks=synchronize, dejitter_timestamps=False)
        except Exception as error:
            raise BadInput(f"{path}: is damaged, and pyxdf does not read it ({error}); give another copy") from error
    notes = ["the file is cut off, and was read as far as it goes"] if found.cut else []
    notes += ["the file is damaged, and was read as far as it goes"] if found.damaged else []
    notes += [f"pyxdf says: {message}" for message in dict.fromkeys(messages)]
    return loaded, found, notes


def can_drop_samples(content: dict[str, Any]) -> bool:
    """Return whether the header of a stream, as pyxdf gives it, says that samples may be left out."""
    synchronization = (_desc(content).get("synchronization") or [None])[0] or {}
    return _text(synchronization, "can_drop_samples").lower() == "true"


def _desc(content: dict[str, Any]) -> dict[str, Any]:
    return (content["info"].get("desc") or [None])[0] or {}


def _info(path: Path, index: int, content: dict[str, Any]) -> StreamInfo:
    header = content["info"]
    name, type_ = _text(header, "name"), _text(header, "type")
    n_channels = int(_text(header, "channel_count"))
    channels = [
        channel or {}
        for group in _desc(content).get("channels") or []
        if group
        for channel in group.get("channel") or []
    ]
    if len(channels) != n_channels:
        channels = [{}] * n_channels
    return StreamInfo(
        stream=name,
        name=name,
        type=type_,
        source_id=source_id(path, index, name, type_),
        sfreq=float(_text(header, "nominal_srate") or 0.0),
        ch_names=tuple(_text(channel, "label") or str(number) for number, channel in enumerate(channels, start=1)),
        units=tuple(_text(channel, "unit") for channel in channels),
        format=_text(header, "channel_format"),
        host="",
        uid="",
        use="record",
        can_drop_samples=can_drop_samples(content),
    )


def _fault(info: StreamInfo, content: dict[str, Any]) -> str:
    """Return why a stream cannot be used, or an empty text."""
    times = content["time_stamps"]
    if info.type == ESTIMATES_TYPE:
        return "is what helo estimated, not what a device sent"
    if info.type == EVENTS_TYPE:
        return "is what happened in an earlier session, not what a device sent"
    if not len(times):
        return "holds no samples"
    if not info.name or not info.ch_names or not 0 <= info.sfreq < np.inf:
        return "has a header that lacks a name, channels or a rate"
    if info.format not in FORMATS:
        return f"has the unknown format {info.format!r}"
    if not np.isfinite(times).all():
        return "has timestamps that are not numbers"
    return ""


def _stream(info: StreamInfo, content: dict[str, Any], resets: tuple[int, ...]) -> RecordedStream:
    times = np.asarray(content["time_stamps"], np.float64)
    if info.format != "string":
        return RecordedStream(info, times, np.ascontiguousarray(content["time_series"]), resets=resets)
    strings = tuple(tuple(sample) for sample in content["time_series"])
    return RecordedStream(info, times, np.empty((len(times), 0), np.float32), strings, resets)


def _text(element: dict[str, Any], key: str) -> str:
    """Return the text of an element's first child of a name, as pyxdf keeps XML; empty where there is none."""
    value = (element.get(key) or [None])[0]
    return value.strip() if isinstance(value, str) else ""


@contextmanager
def _messages() -> Iterator[list[str]]:
    """Collect pyxdf's warnings and errors, which it only logs, as lines without tracebacks."""
    log = logging.getLogger("pyxdf")
    messages: list[str] = []

    class _Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage().splitlines()[0]
            if _EXPECTED not in message:
                messages.append(message)

    collector = _Collector(logging.WARNING)
    propagated = log.propagate
    log.addHandler(collector)
    log.propagate = False
    try:
        with warnings.catch_warnings():
            # pyxdf divides by the duration of a stream for a rate that is not used here.
            warnings.filterwarnings("ignore", category=RuntimeWarning, module="pyxdf")
            yield messages
    finally:
        log.removeHandler(collector)
        log.propagate = propagated
