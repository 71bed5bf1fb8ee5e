"""How streams that were found are doing: whether they answer, and how fast they deliver."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.streams.clock import local_clock
from pipeline.streams.discovery import Found
from pipeline.streams.inlet import Inlet, StreamLost
from pipeline.streams.source_clock import LSL, SourceClock

#: Time to answer (s).
_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Delivery:
    """What one stream delivered while it was watched."""

    found: Found
    delivered_hz: float | None
    """Samples a second by their stamps; None when the stream did not answer, or is irregular."""
    health: str
    """In words."""


def survey(found: Sequence[Found], seconds: float) -> list[Delivery]:
    """Watch all streams at once, each in a thread of its own.

    Parameters
    ----------
    found : sequence of Found
    seconds : float
        How long to watch (s).
    """
    if not found:
        return []
    with ThreadPoolExecutor(len(found)) as pool:
        return list(pool.map(lambda one: _watch(one, seconds), found))


def _watch(found: Found, seconds: float) -> Delivery:
    first = last = clock = None
    samples = 0
    try:
        with Inlet(found, timeout=_TIMEOUT_S) as inlet:
            end = local_clock() + seconds
            while (left := end - local_clock()) > 0:
                pulled = inlet.pull(left)
                if pulled is not None:
                    clock = clock or SourceClock(inlet.first_probe, regular=found.sfreq > 0)
                    clock.recognize(pulled.times, pulled.arrival)
                    first = pulled.times[0] if first is None else first
                    last = pulled.times[-1]
                    samples += len(pulled)
    except StreamLost as error:
        return Delivery(found, None, str(error))
    if found.sfreq == 0:
        return Delivery(found, None, f"answers{_stamped(clock)}")
    if first is None or last is None or last <= first:
        return Delivery(found, 0.0, f"no sample in {seconds:g} s" if not samples else "too few samples to tell a rate")
    rate = float((samples - 1) / (last - first))
    slow = rate < 0.9 * found.sfreq
    words = f"only {rate:.1f} of {found.sfreq:g} Hz" if slow else "delivers"
    return Delivery(found, rate, words + _stamped(clock))


def _stamped(clock: SourceClock | None) -> str:
    return f", stamped by {clock.kind}" if clock is not None and clock.kind != LSL else ""
