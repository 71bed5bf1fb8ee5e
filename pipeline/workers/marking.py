"""A stream's samples as markers of the session: events that delimit trials."""

from collections.abc import Iterable

from pipeline.errors import BadInput
from pipeline.records import Chunk, Event, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.store.board import Board


class Marking:
    """Turn the samples of one stream into events, where the session file says that they are markers.

    Parameters
    ----------
    board : Board
        Takes the events.
    settings : StreamSettings
        The stream's.
    source : str
        Whose they are: ``<participant>/<stream>``.
    """

    def __init__(self, board: Board, settings: StreamSettings, source: str) -> None:
        self._board = board
        self._settings = settings
        self._source = source
        self._marks = False

    def open(self, info: StreamInfo) -> str:
        """Take up what the stream is now; return why its samples cannot be markers, where they should be."""
        self._marks = self._settings.use == "Markers"
        try:
            self._settings.check_rate(info)
        except BadInput as reason:  # pre-flight refuses it; later it may come, or come back, as another stream
            self._marks = False
            return f"Stream {self._source}: {reason}; it is recorded, and no marker comes of it."
        return ""

    def take(self, chunks: Iterable[Chunk]) -> None:
        """Say what was marked: strings as they are, numbers as text."""
        if not self._marks:
            return
        for chunk in chunks:
            texts = [sample[0] for sample in chunk.strings] or [str(value) for value in chunk.data[:, 0].tolist()]
            times = chunk.times + chunk.offset - self._settings.delay_ms / 1000
            for at, text in zip(times.tolist(), texts, strict=True):
                self._board.append_event(Event(at, "marker", text, self._source))
