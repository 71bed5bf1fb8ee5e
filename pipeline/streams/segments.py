"""Cut what arrives of one stream into segments: stretches without a gap.

A new segment begins when the stream opens, when samples are missing, and when its clock jumps. Missing samples of a
regular stream show in its stamps: the time of sample ``i`` runs ahead of ``i / sfreq``. Stamps that come in bursts, or
jitter, run no further ahead than they lately were. So a gap is where

    t[i] - i / sfreq - peak > tolerance = clip(FACTOR * jitter, MIN_SAMPLES / sfreq, max(MAX_TOLERANCE_S, 4 / sfreq))

with `peak` the highest ``t[i] - i / sfreq`` lately (it sinks with PEAK_MEMORY_S) and `jitter` the largest excess over
it, or step back in time, lately (it fades with JITTER_MEMORY_S, and starts at 50 ms, or half a sample, while nothing is
known). Some seconds after its beginning, one missing sample of a well-stamped stream is found, and a stream that is
stamped in bursts is not torn apart. A stamp that goes back by more than the tolerance is a clock jump; so is one that
leaps ahead by more than JUMP_S while the arrival times say that nothing like it has passed.

Streams that may drop samples (webcams) or are irregular (markers) lose no countable samples: a droppable one begins a
new segment after a silence of SILENCE_S, an irregular one only when its clock goes back.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from pipeline.records import Array, Chunk

MIN_SAMPLES: Final = 0.75
FACTOR: Final = 4.0
MAX_TOLERANCE_S: Final = 1.0
JITTER_AT_START_S: Final = 0.05
JITTER_MEMORY_S: Final = 2.0
PEAK_MEMORY_S: Final = 5.0
JUMP_S: Final = 5.0
SILENCE_S: Final = 2.0
BACK_S: Final = 1.0


@dataclass(frozen=True)
class Pulled:
    """What one pull brought: consecutive samples as they arrived."""

    times: Array
    """Source timestamps, float64 ``(n_times,)`` (s)."""
    data: Array
    """In the stream's own format, ``(n_times, n_channels)``; ``(n_times, 0)`` for strings."""
    strings: tuple[tuple[str, ...], ...]
    """Samples of a string stream, one tuple of channels a sample; else empty."""
    arrival: float
    """When they were pulled, on the host's LSL clock (s)."""

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Beginning:
    """Why a segment begins."""

    reason: Literal["open", "gap", "clock jump"]
    missing: int = 0
    """Samples missing before it."""
    seconds: float = 0.0
    """How far the stamps moved, other than they should have (s)."""


@dataclass(frozen=True)
class Piece:
    """Samples of one segment; `beginning` says why it began where these are its first."""

    chunk: Chunk
    beginning: Beginning | None


class Segmenter:
    """Give every sample its segment and its index within it.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz); 0 for an irregular stream.
    can_drop : bool
        The stream may leave out samples.
    newest : Chunk | None
        The newest chunk known of this stream, from before a restart: a new segment begins after it, and the samples
        that are missing in between are counted.

    Attributes
    ----------
    samples : int
        Samples seen.
    lost : int | None
        Samples missing between the first and the last one seen; None where they cannot be counted.
    gaps : int
        Segments begun, after the first.
    """

    def __init__(self, sfreq: float, *, can_drop: bool = False, newest: Chunk | None = None) -> None:
        self._sfreq = sfreq
        self._counted = sfreq > 0 and not can_drop
        if self._counted:
            self._fade = math.exp(-1 / (sfreq * JITTER_MEMORY_S))
            self._sink = math.exp(-1 / (sfreq * PEAK_MEMORY_S))
            self._jitter = max(JITTER_AT_START_S, 0.5 / sfreq)
        self._segment = 0 if newest is None else newest.segment
        self._next = 0
        self._last_time: float | None = None if newest is None else float(newest.times[-1])
        self._ahead = 0.0
        self._peak = 0.0
        self._last_arrival = 0.0 if newest is None else newest.arrival
        self._reopened = True
        self.samples = 0
        self.lost: int | None = 0 if self._counted else None
        self.gaps = 0

    def reopen(self) -> None:
        """Begin a new segment with the next sample: the stream was opened anew."""
        self._reopened = True

    def split(self, pulled: Pulled, *, offset: float, epoch_ms: int) -> list[Piece]:
        """Return the samples as chunks, cut where a segment begins.

        How the input is cut moves no border; only how a leap of more than JUMP_S is named hangs on the arrivals.

        Parameters
        ----------
        pulled : Pulled
            Consecutive samples.
        offset : float
            Clock offset in force (s).
        epoch_ms : int
            Wall clock in milliseconds, from which a new segment takes its number.
        """
        waited = 0.0 if self._last_time is None else pulled.arrival - self._last_arrival
        beginnings: dict[int, Beginning] = {}
        for index, time in enumerate(pulled.times.tolist()):
            beginning = self._beginning(time, waited)
            if beginning is not None:
                beginnings[index] = beginning
            self._last_time = time
        self._last_arrival = pulled.arrival
        cuts = sorted({0, *beginnings, len(pulled)})
        return [
            self._piece(pulled, start, stop, beginnings.get(start), offset, epoch_ms) for start, stop in pairwise(cuts)
        ]

    def _beginning(self, time: float, waited: float) -> Beginning | None:
        """Return why a segment begins with the sample at `time`; None if it continues the last one."""
        reopened, self._reopened = self._reopened, False
        if self._last_time is None:
            return Beginning("open")
        interval = time - self._last_time
        beginning = self._regular(interval, waited) if self._counted else self._irregular(interval, waited)
        if beginning is None and reopened:
            return Beginning("open")
        return beginning

    def _regular(self, interval: float, waited: float) -> Beginning | None:
        period = 1 / self._sfreq
        self._ahead += interval - period
        excess = self._ahead - self._peak
        strangeness = max(excess, -interval)
        tolerance = max(FACTOR * self._jitter, MIN_SAMPLES * period)
        if strangeness <= min(tolerance, max(MAX_TOLERANCE_S, 4 * period)):
            self._jitter = max(strangeness, self._jitter * self._fade)
            self._peak = max(self._ahead, self._ahead + (self._peak - self._ahead) * self._sink)
            return None
        self._ahead = self._peak = 0.0
        if interval < 0:
            return Beginning("clock jump", 0, interval)
        if _is_jump(excess, waited):
            return Beginning("clock jump", 0, excess)
        return Beginning("gap", max(1, round(excess * self._sfreq)), excess)

    def _irregular(self, interval: float, waited: float) -> Beginning | None:
        if interval < -BACK_S:
            return Beginning("clock jump", 0, interval)
        if self._sfreq > 0 and interval > SILENCE_S:
            return Beginning("clock jump" if _is_jump(interval, waited) else "gap", 0, interval)
        return None

    def _piece(
        self, pulled: Pulled, start: int, stop: int, beginning: Beginning | None, offset: float, epoch_ms: int
    ) -> Piece:
        if beginning is not None:
            self._segment = max(epoch_ms, self._segment + 1)
            self._next = 0
            self.gaps += self.samples > 0
            if self.lost is not None:
                self.lost += beginning.missing
        chunk = Chunk(
            segment=self._segment,
            first=self._next,
            times=pulled.times[start:stop],
            offset=offset,
            data=pulled.data[start:stop],
            arrival=pulled.arrival,
            strings=pulled.strings[start:stop],
        )
        self._next += stop - start
        self.samples += stop - start
        return Piece(chunk, beginning)


def _is_jump(seconds: float, waited: float) -> bool:
    """Return whether the stamps leapt ahead although no such time has passed."""
    return seconds > JUMP_S and waited < seconds / 2
