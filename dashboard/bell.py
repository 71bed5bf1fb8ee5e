"""What tells pages, each of which waits in the server's event loop, that a thread has read something new for them."""

import asyncio
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Bell:
    """Rung by one thread, heard by many tasks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: set[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @contextmanager
    def heard(self, participant: str, news: asyncio.Event) -> Iterator[None]:
        """Set an event of the running loop whenever the bell rings for a participant, while the block runs."""
        one = participant, asyncio.get_running_loop(), news
        with self._lock:
            self._heard.add(one)
        try:
            yield
        finally:
            with self._lock:
                self._heard.remove(one)

    def ring(self, participants: Collection[str]) -> None:
        """Tell the pages of these participants."""
        with self._lock:
            for participant, loop, news in self._heard:
                if participant in participants:
                    loop.call_soon_threadsafe(news.set)
