"""What a reader says of its stream."""

from pipeline.records import StreamInfo
from pipeline.streams.continuity import Beginning
from pipeline.streams.source_clock import LSL

_BY_ARRIVAL = "its stamps are mapped to this machine's clock by their arrival"


def begun(source: str, beginning: Beginning, *, mapped: bool) -> str:
    """Return why a segment begins that does not begin with the stream.

    Parameters
    ----------
    source : str
        The stream.
    beginning : Beginning
        Why.
    mapped : bool
        Its stamps are mapped by their arrival.
    """
    if beginning.reason == "gap":
        by = " by its counter" if beginning.counted else ""
        anew = "; its counter began anew, so the device was restarted" if beginning.restarted else ""
        return f"Stream {source}: {beginning.missing} samples missing{by} ({beginning.seconds:.2f} s){anew}."
    missing = f"; {beginning.missing} samples missing" if beginning.missing else ""
    now = f"; {_BY_ARRIVAL}" if mapped else ""
    return f"Stream {source}: its clock jumped by {beginning.seconds:+.2f} s{missing}{now}."


def clock(source: str, kind: str) -> str:
    """Return what a stream stamps by."""
    if kind == LSL:
        return f"Stream {source} is stamped by the LSL clock of its machine again."
    return f"Stream {source} is not stamped by LSL's clock but by {kind}; {_BY_ARRIVAL}."


def renamed(source: str, before: StreamInfo, now: StreamInfo) -> str:
    """Return that a stream came back with another source id."""
    return (
        f"Stream {source} came back with source id {now.source_id!r} instead of {before.source_id!r}; "
        f"it is taken for the same device, since name and type are the same."
    )
