"""Time probes: how far a source's LSL clock is from ours, as liblsl measures it in the background.

liblsl sends eight small packets every two seconds and keeps the one that came back soonest. pylsl gives only its
offset; `lsl_time_correction_ex` of liblsl's C interface also says when it was measured, and how long it took.
"""

import ctypes
from dataclasses import dataclass
from typing import Any

from pipeline.streams.liblsl import pylsl

_measure = pylsl.lib.lib.lsl_time_correction_ex
_measure.restype = ctypes.c_double
_measure.argtypes = [
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_double),
    ctypes.POINTER(ctypes.c_double),
    ctypes.c_double,
    ctypes.POINTER(ctypes.c_int),
]


@dataclass(frozen=True)
class Probe:
    """One measurement of a clock offset."""

    time: float
    """When, on the host's LSL clock (s)."""
    offset: float
    """A source timestamp plus it is on the host's LSL clock (s)."""
    round_trip: float
    """How long question and answer took (s): the offset is wrong by at most half of it."""


def newest_probe(inlet: Any, timeout: float) -> Probe:
    """Return liblsl's newest measurement for an inlet of pylsl; wait for the first one at most `timeout` seconds.

    Raises
    ------
    pylsl.util.TimeoutError
        There is none yet.
    pylsl.util.LostError
        The outlet is gone.
    """
    measured, round_trip, error = ctypes.c_double(), ctypes.c_double(), ctypes.c_int()
    offset = float(_measure(inlet.obj, ctypes.byref(measured), ctypes.byref(round_trip), timeout, ctypes.byref(error)))
    pylsl.util.handle_error(error)
    return Probe(measured.value + offset, offset, round_trip.value)
