"""Stopping when asked to: signals set an event, or interrupt the main thread."""

import os
import signal
import stat
import threading
from types import FrameType


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


def interrupt_on_signals() -> None:
    """Raise `KeyboardInterrupt` at SIGINT, SIGTERM and SIGHUP; call it from the main thread.

    Also where a shell has started this in the background, deaf to Ctrl-C; but under nohup SIGHUP stays ignored.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _hang_up)


def ignore_signals() -> None:
    """Let none of these disturb what must be finished; call it from the main thread."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _hang_up(number: int, frame: FrameType | None) -> None:
    """Interrupt since the terminal is gone; what would be written to it is written to nobody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        if stat.S_ISCHR(os.fstat(stream).st_mode):
            os.dup2(nowhere, stream)
    os.close(nowhere)
    signal.default_int_handler(number, frame)
