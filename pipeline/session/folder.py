"""The folder of a recorded session: its name, and the small files in it."""

import json
import os
from itertools import chain, count
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.errors import BadInput
from pipeline.records import Event
from pipeline.session.config import LONGEST_NAME, SessionFile
from pipeline.session.durable import DurableFile
from pipeline.session.holding import held
from pipeline.session.settings_file import dump_session

RAW: Final = "raw.xdf"
FEATURES: Final = "features.arrows"
ESTIMATES: Final = "estimates.arrows"
EVENTS: Final = "events.jsonl"
TRIALS: Final = "trials.tsv"
RATINGS: Final = "ratings.csv"
PROVENANCE: Final = "provenance.json"
SETTINGS: Final = "session.yaml"
#: What the processes said; its run holds it from beginning to end.
LOG: Final = "log.txt"
#: So many events are remembered, to know one that comes a second time: as many as the store keeps.
_REMEMBERED: Final = 10_000


def reserve(root: Path, session: str) -> Path:
    """Make the folder of a session that is about to be recorded.

    Parameters
    ----------
    root : Path
        Where sessions are recorded; made if need be.
    session : str
        The session's name.

    Returns
    -------
    Path
        ``root/session``, or where that is taken, ``root/session-2`` and so on: nothing recorded is ever overwritten.

    Raises
    ------
    BadInput
        The folder cannot be made.
    """
    endings = chain([""], (f"-{number}" for number in count(2)))
    names = (session[: LONGEST_NAME - len(ending)] + ending for ending in endings)
    try:
        root.mkdir(parents=True, exist_ok=True)
        return next(root / name for name in names if _claimed(root / name))
    except OSError as error:
        raise BadInput(f"{root}: cannot record there ({error.strerror}); give another folder") from error


def being_recorded(folder: Path) -> bool:
    """Return whether a session that is running is recorded in a folder, be it another user's or another machine's."""
    return held(folder / LOG)


def write_settings(folder: Path, settings: SessionFile) -> None:
    """Write the session file as run, defaults included."""
    write_whole(folder / SETTINGS, dump_session(settings))


def write_provenance(folder: Path, provenance: dict[str, Any]) -> None:
    """Write the provenance anew; a crash leaves either the old file or the new one."""
    # By msgspec: Python's own encoder has no fast way to indent, and a stream that drops samples has ten thousands of
    # segments an hour, which are written whenever there is a new one.
    text = msgspec.json.format(msgspec.json.encode(provenance), indent=1)
    write_whole(folder / PROVENANCE, text.decode())


def read_provenance(folder: Path) -> dict[str, Any]:
    """Return what `write_provenance` wrote last, or an empty mapping."""
    file = folder / PROVENANCE
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the events of a session as far as they go: ``id``, ``time`` (s), ``kind``, ``text``, ``source``.

    Raises
    ------
    BadInput
        A line that is not cut off is no event.
    """
    try:
        return [json.loads(line) for line in _whole_lines(folder / EVENTS)]
    except ValueError as error:
        raise BadInput(f"{folder / EVENTS}: is damaged ({error}); give the recording as it was written") from error


class EventLog:
    """Append events to a file, one JSON object a line.

    A file that is there already, from before a crash, is taken over up to its last whole line.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    last_id : str
        The store's id of the last event in the file; ``0-0`` where there is none.
    count : int
        Events in the file.
    """

    def __init__(self, path: Path) -> None:
        lines = _whole_lines(path)
        self._file = DurableFile(path, sum(map(len, lines)))
        before = [json.loads(line) for line in lines[-_REMEMBERED:]]
        self.last_id: str = before[-1]["id"] if before else "0-0"
        self.count = len(lines)
        said = (Event(line["time"], line["kind"], line["text"], line["source"]) for line in before)
        self._known = dict.fromkeys(event.identity for event in said)

    def holds(self, event: Event) -> bool:
        """Return whether the event is among the newest of the file."""
        return event.identity in self._known

    def append(self, entry_id: str, event: Event) -> None:
        """Add an event; `entry_id` is its id in the store."""
        line = {"id": entry_id, "time": event.time, "kind": event.kind, "text": event.text, "source": event.source}
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self.last_id = entry_id
        self.count += 1
        self._known[event.identity] = None
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def flush(self) -> None:
        """Write what waits, to the disk itself."""
        self._file.sync()

    def close(self) -> None:
        """Write what waits and close the file."""
        self._file.finish()

    def abandon(self) -> None:
        """Close the file as it is on the disk."""
        self._file.close()


def _whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a file but one that is cut off; of bytes: a text may hold what Unicode calls a line's end."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return lines if not lines or lines[-1].endswith(b"\n") else lines[:-1]


def _claimed(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700)  # signals of people: nobody else on this machine is to read them
    except FileExistsError:
        return False
    return True


def write_whole(path: Path, text: str) -> None:
    """Write a file anew; a crash leaves either the old one or the new one."""
    fresh = path.with_name(f"{path.name}.part")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
