"""The XML documents within an XDF file: the headers and footers of its streams."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree

from pipeline.records import StreamInfo

#: Characters that XML 1.0 cannot hold.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def file_header() -> bytes:
    """Return the header of a file that is begun now."""
    root = ElementTree.Element("info")
    _child(root, "version", "1.0")
    _child(root, "datetime", datetime.now(UTC).isoformat(timespec="seconds"))
    return _document(root)


def stream_header(info: StreamInfo, participant: str) -> bytes:
    """Return the header of a stream; its own description is kept where it has one."""
    root = ElementTree.Element("info")
    _child(root, "name", info.name)
    _child(root, "type", info.type)
    _child(root, "channel_count", str(len(info.ch_names)))
    _child(root, "nominal_srate", repr(info.sfreq))
    _child(root, "channel_format", info.format)
    _child(root, "source_id", info.source_id)
    _child(root, "uid", info.uid)
    _child(root, "hostname", info.host)
    desc = ElementTree.fromstring(info.desc) if info.desc else _description(info)  # noqa: S314 - expat limits expansion
    if participant:
        ours = ElementTree.SubElement(desc, "helo")
        _child(ours, "participant", participant)
        _child(ours, "stream", info.stream)
        _child(ours, "use", info.use)
    root.append(desc)
    return _document(root)


def stream_footer(
    samples: int, first: float | None, last: float | None, offsets: Sequence[tuple[float, float]]
) -> bytes:
    """Return the footer of a stream.

    Parameters
    ----------
    samples : int
        How many it has.
    first, last : float | None
        Timestamps of the first and the last one (s), as far as they are known.
    offsets : sequence of tuple
        Collection time and value of every clock offset (s).
    """
    root = ElementTree.Element("info")
    _child(root, "writer", "helo-live")
    if first is not None:
        _child(root, "first_timestamp", repr(first))
    if last is not None:
        _child(root, "last_timestamp", repr(last))
    _child(root, "sample_count", str(samples))
    group = ElementTree.SubElement(root, "clock_offsets")
    for time, value in offsets:
        offset = ElementTree.SubElement(group, "offset")
        _child(offset, "time", repr(time))
        _child(offset, "value", repr(value))
    return _document(root)


def read_stream_header(document: bytes) -> tuple[int, str, str, str]:
    """Return channel count, channel format, participant and the session's name of a stream, from its header."""
    root = ElementTree.fromstring(document)  # noqa: S314 - expat limits expansion
    return (
        int(root.findtext("channel_count") or 0),
        root.findtext("channel_format") or "",
        root.findtext("desc/helo/participant") or "",
        root.findtext("desc/helo/stream") or "",
    )


def _description(info: StreamInfo) -> ElementTree.Element:
    """Return the description that XDF's meta-data specification asks for, of a stream that brings none."""
    desc = ElementTree.Element("desc")
    channels = ElementTree.SubElement(desc, "channels")
    for label, unit in zip(info.ch_names, info.units, strict=True):
        channel = ElementTree.SubElement(channels, "channel")
        _child(channel, "label", label)
        _child(channel, "unit", unit)
        _child(channel, "type", info.type)
    if info.can_drop_samples:
        _child(ElementTree.SubElement(desc, "synchronization"), "can_drop_samples", "true")
    return desc


def _child(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = _NOT_XML.sub("\ufffd", text)


def _document(root: ElementTree.Element) -> bytes:
    return f'<?xml version="1.0"?>{ElementTree.tostring(root, encoding="unicode")}'.encode()
