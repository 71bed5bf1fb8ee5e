"""The pre-flight before a recording begins: what the session's own processes know, and room on the disk.

Model, units and channels were checked before the session started; here counts what is so at this moment.
"""

from pathlib import Path
from typing import Final

from pipeline.session.config import SessionFile
from pipeline.states import ProcessHealth, StreamHealth
from pipeline.store.board import Board
from pipeline.workers.preflight import check_disk

_STREAM: Final = {"waiting": "has not been found yet", "lost": "delivers no samples"}
#: What the session can be recorded without: only somebody who looks needs it.
_SPARE: Final = {"dashboard"}


def amiss(settings: SessionFile, recordings: Path, board: Board) -> list[str]:
    """Return why a recording should not begin now, each reason in words; none for go.

    Parameters
    ----------
    settings : SessionFile
        The session.
    recordings : Path
        Where it will be recorded.
    board : Board
        The session's.

    Raises
    ------
    StoreLost
        The store does not answer.
    """
    streams = {health.stream: health for health in board.stream_health()}
    required = [
        f"{code}/{name}"
        for code, participant in settings.participants.items()
        for name, stream in participant.streams.items()
        if stream.required
    ]
    reasons = [_stream(name, streams.get(name)) for name in required]
    reasons += [_process(process) for process in board.processes()]
    chosen, model = board.chosen(), board.model()
    loaded = model is not None if chosen is None else chosen.runs(model)
    reasons.append("" if loaded else "the model is not loaded yet")
    disk = check_disk(recordings)
    reasons.append("" if disk.ok else disk.reason)
    return [reason for reason in reasons if reason]


def _stream(name: str, health: StreamHealth | None) -> str:
    state = health.state if health is not None else "waiting"
    return f"{name} {_STREAM[state]}" if state in _STREAM else ""


def _process(process: ProcessHealth) -> str:
    fine = process.state == "running" or process.kind in _SPARE
    return "" if fine else f"the {f'{process.kind} {process.what}'.strip()} process is {process.state}"
