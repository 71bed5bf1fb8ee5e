"""What the session itself sends out as LSL markers: its alarms, and what an operator notes."""

from typing import Literal

from pipeline.records import StreamInfo


def marker_stream(session: str, kind: Literal["alarm", "note"]) -> StreamInfo:
    """Return the description of the stream that carries a session's alarms or notes.

    Its type is not ``Markers``, so that no session takes it for its own markers.
    """
    return StreamInfo(
        stream=f"{kind}s", name=f"helo-{kind}s-{session}", type=f"{kind.title()}Markers",
        source_id=f"helo-{session}-{kind}s", sfreq=0.0, ch_names=(kind,), units=("",), format="string", host="",
        uid="", use="record",
    )  # fmt: skip
