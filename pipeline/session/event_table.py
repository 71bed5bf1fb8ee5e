"""A small table beside the recording that is made of events, and kept up with them while it runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.records import Event
from pipeline.session import folder


class EventTable:
    """Keep a table up with the events that come.

    Parameters
    ----------
    path : Path
        The session folder, of whose events from before a crash the table begins.
    kinds : collection of str
        Of the events that it is made of.
    write : callable
        Writes the table, whole, of all such events.
    """

    def __init__(
        self, path: Path, kinds: Collection[str], write: Callable[[Sequence[Mapping[str, Any]]], None]
    ) -> None:
        self._kinds = kinds
        self._write = write
        self._events = [event for event in folder.read_events(path) if event["kind"] in kinds]
        self._changed = True

    def add(self, event: Event) -> None:
        """Take an event."""
        if event.kind in self._kinds:
            self._events.append({"time": event.time, "kind": event.kind, "text": event.text, "source": event.source})
            self._changed = True

    def flush(self) -> None:
        """Write the table where it has changed."""
        if self._changed:
            self._write(self._events)
            self._changed = False
