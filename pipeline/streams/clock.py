"""The host's LSL clock: the time of everything that helo-live stores."""

from pipeline.streams.liblsl import pylsl


def local_clock() -> float:
    """Return the time on this machine's LSL clock (s): monotonic, with an arbitrary start."""
    return float(pylsl.local_clock())
