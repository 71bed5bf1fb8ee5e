"""Between filming and measuring: the newest picture, and none that is waiting."""

import threading
from types import TracebackType
from typing import Self

from pipeline.streams.webcam.capture import Frame, Source


class Newest:
    """Read a source in a thread of its own, so that a picture is stamped when it arrives however long measuring takes.

    A picture that is not taken before the next one arrives is skipped, and counted.

    Parameters
    ----------
    source : Source
        Where pictures come from.
    stop : threading.Event
        Ends it.

    Attributes
    ----------
    skipped : int
        How many pictures nobody took.
    """

    def __init__(self, source: Source, stop: threading.Event) -> None:
        self.skipped = 0
        self._source = source
        self._stop = stop
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._error: Exception | None = None
        self._ended = False
        self._filming = threading.Thread(target=self._film, name="filming", daemon=True)
        # A camera that hangs holds the filming thread, so that somebody else has to see the stop.
        self._stopping = threading.Thread(target=self._end_on_stop, name="stopping", daemon=True)

    def take(self) -> Frame | None:
        """Wait for a picture that has not been taken and return it; None after the end.

        Raises
        ------
        BadInput
            The source delivers no more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._ended)
            frame, self._frame = self._frame, None
            if frame is None and self._error is not None:
                raise self._error
            return frame

    def _film(self) -> None:
        try:
            for frame in self._source.frames(self._stop):
                with self._changed:
                    self.skipped += self._frame is not None
                    self._frame = frame
                    self._changed.notify()
        except Exception as error:  # noqa: BLE001 - it is raised again by `take`
            self._error = error
        self._end()

    def _end_on_stop(self) -> None:
        self._stop.wait()
        self._end()

    def _end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def __enter__(self) -> Self:
        self._filming.start()
        self._stopping.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop filming, and wait for the camera's release unless it hangs."""
        self._stop.set()
        self._stopping.join()
        self._filming.join(timeout=1.0)
