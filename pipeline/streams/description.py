"""Between an LSL stream's description (XML) and a `StreamInfo`.

Labels, units and the ``can_drop_samples`` flag stand where the XDF meta-data specification puts them:
``desc/channels/channel/{label,unit,type}`` and ``desc/synchronization/can_drop_samples``.
"""

from typing import Any, Final
from xml.etree import ElementTree

from pipeline.records import StreamInfo
from pipeline.streams.liblsl import pylsl

#: Channel formats by their number in liblsl.
FORMATS: Final = ("undefined", "float32", "double64", "string", "int32", "int16", "int8", "int64")


def to_lsl(info: StreamInfo) -> Any:
    """Return the pylsl stream description of `info`, with labels, units and flags in its ``desc``."""
    described = pylsl.StreamInfo(
        info.name, info.type, len(info.ch_names), info.sfreq, info.format, info.source_id or f"helo-{info.name}"
    )
    desc = described.desc()
    channels = desc.append_child("channels")
    for label, unit in zip(info.ch_names, info.units, strict=True):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", unit)
        channel.append_child_value("type", info.type)
    if info.can_drop_samples:
        desc.append_child("synchronization").append_child_value("can_drop_samples", "true")
    return described


def from_xml(xml: str, *, stream: str = "", use: str = "record", unit: str | None = None) -> StreamInfo:
    """Return what a stream's full XML description says.

    Parameters
    ----------
    xml : str
        The document whose root is ``<info>``, as liblsl gives it.
    stream, use : str
        The session file's name and use of the stream.
    unit : str | None
        The session file's unit, for channels of which the stream names none.
    """
    root = ElementTree.fromstring(xml)  # noqa: S314 - expat does not fetch external entities, and limits expansion
    desc = root.find("desc")
    channels = [] if desc is None else desc.findall("channels/channel")
    n_channels = int(root.findtext("channel_count") or 0)
    labels = [(channel.findtext("label") or "").strip() for channel in channels]
    units = [(channel.findtext("unit") or "").strip() for channel in channels]
    if len(channels) != n_channels:
        labels, units = [""] * n_channels, [""] * n_channels
    flag = "" if desc is None else (desc.findtext("synchronization/can_drop_samples") or "")
    return StreamInfo(
        stream=stream,
        name=root.findtext("name") or "",
        type=root.findtext("type") or "",
        source_id=root.findtext("source_id") or "",
        sfreq=float(root.findtext("nominal_srate") or 0.0),
        ch_names=tuple(label or str(index) for index, label in enumerate(labels, start=1)),
        units=tuple(own or unit or "" for own in units),
        format=root.findtext("channel_format") or "",
        host=root.findtext("hostname") or "",
        uid=root.findtext("uid") or "",
        use=use,
        can_drop_samples=flag.strip().lower() == "true",
        desc="" if desc is None else ElementTree.tostring(desc, encoding="unicode"),
    )
