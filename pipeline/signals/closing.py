"""Why a window was closed before its last sample had come: the first of its reasons, written and read here.

Live, the clock closes windows; a recomputation has none, and takes these decisions from the record.
"""

import re
from typing import Final

GAP: Final = "gap"
NOT_FOUND: Final = "stream not found"
NO_SAMPLES: Final = "no samples yet"
PAUSED: Final = "the recording is paused"
ENDED: Final = "the recording ends"

_BY_THE_CLOCK: Final = re.compile(
    rf"{NOT_FOUND}|{NO_SAMPLES}|{PAUSED}|late, -?[\d.]+ s behind|no samples for \d+ s|"
    r"stamps are \d+ s ahead of their arrival"
)


def late(behind_s: float) -> str:
    """Return the reason of a window that was not waited for, of a stream so far behind (s)."""
    return f"late, {behind_s:.1f} s behind"


def silent(seconds: float) -> str:
    """Return the reason of a window of a stream that has been silent for so long (s)."""
    return f"no samples for {seconds:.0f} s"


def ahead(seconds: float) -> str:
    """Return the reason of a window of a stream whose stamps are so far ahead of their arrival (s)."""
    return f"stamps are {seconds:.0f} s ahead of their arrival"


def closed_by_the_clock(reasons: tuple[str, ...] | list[str]) -> str:
    """Return why a window was closed, from its reasons; empty where no clock but the samples themselves did so."""
    return reasons[0] if reasons and _BY_THE_CLOCK.fullmatch(reasons[0]) else ""
