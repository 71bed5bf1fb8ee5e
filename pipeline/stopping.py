"""Stopping when asked to: SIGTERM and SIGINT set an event."""

import os
import signal
import threading


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` at SIGTERM and at SIGINT, however often they come; call it from the main thread.

    A signal handler must not set an event itself: it runs between two steps of the main thread, which may hold the
    event's lock just then, or be in the handler of an earlier signal, and would wait for itself for ever. So the
    interpreter writes each signal into a pipe, and a thread that reads it sets the event.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_relay, args=(reading, stop), name="signals", daemon=True).start()


def _relay(reading: int, stop: threading.Event) -> None:
    while os.read(reading, 1):
        stop.set()
