"""The host's LSL clock: the time of everything that helo-live stores."""

import ctypes

from pipeline.streams.liblsl import without_yielding

_read = without_yielding("lsl_local_clock", ctypes.c_double)


def local_clock() -> float:
    """Return the time on this machine's LSL clock (s): monotonic, with an arbitrary start."""
    return float(_read())
