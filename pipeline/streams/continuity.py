"""Whether a sample continues the one before it, or why it does not.

Missing samples of a regular stream show in its stamps: the time of sample ``i`` runs ahead of ``i / sfreq``. Stamps
that come in bursts, or jitter, run no further ahead than they lately were. So a gap is where

    t[i] - i / sfreq - peak > tolerance = clip(FACTOR * jitter, MIN_SAMPLES / sfreq, max(MAX_TOLERANCE_S, 4 / sfreq))

with `peak` the highest ``t[i] - i / sfreq`` lately (it sinks with PEAK_MEMORY_S) and `jitter` the largest excess over
it, or step back in time, lately (it fades with JITTER_MEMORY_S, and starts at 50 ms, or half a sample, while nothing is
known). Some seconds after its beginning, one missing sample of a well-stamped stream is found, and a stream that is
stamped in bursts is not torn apart.

A stamp that goes back by more than the tolerance is a clock jump. So is one that leaps ahead by more than JUMP_S and
brings the stamps closer to their arrival, by half of the leap, than they ever were: after a real gap samples are as
late as before (`pipeline.streams.delay`).

A counter channel proves what is missing (`pipeline.streams.counter`): a gap is where it says so, and stamps alone begin
a segment only where they leap by more than MAX_TOLERANCE_S, or where their clock jumps.

Streams that may drop samples (webcams) or are irregular (markers) lose no countable samples: a droppable one begins a
new segment after a silence of SILENCE_S, or when its clock jumps; an irregular one only when its clock goes back by
more than BACK_S, or stamps are more than ANNOUNCED_S ahead of their arrival.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.records import Chunk
from pipeline.streams.counter import Counter
from pipeline.streams.offsets import JUMP_S

MIN_SAMPLES: Final = 0.75
FACTOR: Final = 4.0
MAX_TOLERANCE_S: Final = 1.0
JITTER_AT_START_S: Final = 0.05
JITTER_MEMORY_S: Final = 2.0
PEAK_MEMORY_S: Final = 5.0
SILENCE_S: Final = 2.0
ANNOUNCED_S: Final = 5.0
BACK_S: Final = 1.0


@dataclass(frozen=True)
class Beginning:
    """Why a segment begins."""

    reason: Literal["open", "gap", "clock jump"]
    missing: int = 0
    """Samples missing before it."""
    seconds: float = 0.0
    """How far the stamps moved, other than they should have (s)."""
    counted: bool = False
    """A counter channel says how many are missing."""
    restarted: bool = False
    """The counter channel began anew."""
    measured: bool = False
    """The clock offset was measured after the jump, and needs no correction by `seconds`."""


class Continuity:
    """Judge one stamp after the other.

    Parameters
    ----------
    sfreq : float
        Nominal rate (Hz); 0 for an irregular stream.
    regular : bool
        Its samples come at that rate, each of them.
    counter : Counter | None
        What the steps of a counter channel mean, where there is one.
    newest : Chunk | None
        What came before the first sample, if it is known.
    """

    def __init__(self, sfreq: float, *, regular: bool, counter: Counter | None, newest: Chunk | None) -> None:
        self._sfreq = sfreq
        self._regular = regular
        self._period = 1 / sfreq if sfreq > 0 else 0.0
        if regular:
            self._fade = math.exp(-1 / (sfreq * JITTER_MEMORY_S))
            self._sink = math.exp(-1 / (sfreq * PEAK_MEMORY_S))
            self._jitter = max(JITTER_AT_START_S, 0.5 / sfreq)
            self._most = max(MAX_TOLERANCE_S, 4 * self._period)
        self._counter = counter
        self._last_time: float | None = None if newest is None else float(newest.times[-1])
        self._ahead = 0.0
        self._peak = 0.0
        self._announced: Beginning | None = Beginning("open")

    def announce(self, beginning: Beginning) -> None:
        """Have a segment begin with the next sample, whatever its stamp is."""
        self._announced = beginning

    def undisturbed(self, times: Sequence[float], steps: Sequence[int | None], row: int) -> int:
        """Take samples from `row` on that simply continue, and return the row of the first one that does not.

        Parameters
        ----------
        times : sequence of float
            Stamps (s).
        steps : sequence of int or None
            By how much each sample counts on, see `Counter.read`.
        """
        last = self._last_time
        if not self._regular or last is None or self._announced is not None:
            return row
        period, fade, sink, most, least = self._period, self._fade, self._sink, self._most, MIN_SAMPLES * self._period
        ahead, peak, jitter = self._ahead, self._peak, self._jitter
        stop = len(times)
        while row < stop:  # a loop of its own, without a call a sample, min and max included: a reader does this most
            interval = times[row] - last
            step = steps[row]
            now_ahead = ahead + (interval - period)
            excess = now_ahead - peak
            strangeness = max(excess, -interval)
            tolerance = FACTOR * jitter
            tolerance = least if tolerance < least else min(tolerance, most)
            if (step is not None and step != 1) or strangeness > tolerance:
                break
            last, ahead = times[row], now_ahead
            jitter *= fade
            if strangeness > jitter:
                jitter = strangeness
            peak = ahead + (peak - ahead) * sink if peak > ahead else ahead
            row += 1
        self._last_time, self._ahead, self._peak, self._jitter = last, ahead, peak, jitter
        return row

    def judge(self, time: float, step: int | None, moved: float, closer: float) -> Beginning | None:
        """Take one sample; return why a segment begins with it, None if it continues the last one.

        Parameters
        ----------
        time : float
            Its stamp (s).
        step : int | None
            By how much it counts on.
        moved : float
            By how much the clock offset has changed since the sample before it (s).
        closer : float
            How much less late the stream is than ever before (s).
        """
        before, self._last_time = self._last_time, time
        announced, self._announced = self._announced, None
        if before is None or (announced is not None and announced.reason != "open"):
            self._ahead = self._peak = 0.0
            return announced
        interval = time - before
        if announced is not None and abs(moved) > JUMP_S:  # its source stamps by another clock than before
            self._ahead = self._peak = 0.0
            missing = max(0, round((interval + moved) * self._sfreq) - 1) if self._regular else 0
            return Beginning("clock jump", missing, -moved, measured=True)
        if not self._regular:
            return self._judge_loose(interval, closer) or announced
        return self._judge_regular(interval, step, closer) or announced

    def _judge_regular(self, interval: float, step: int | None, closer: float) -> Beginning | None:
        self._ahead += interval - self._period
        excess = self._ahead - self._peak
        strangeness = max(excess, -interval)
        strange = strangeness > min(max(FACTOR * self._jitter, MIN_SAMPLES * self._period), self._most)
        missing = self._missing(step, max(0, round(excess * self._sfreq)), strange=strange)
        if not strange and missing == 0:
            self._jitter = max(strangeness, self._jitter * self._fade)
            self._peak = max(self._ahead, self._ahead + (self._peak - self._ahead) * self._sink)
            return None
        counted = step is not None
        jumped = strange and (interval < 0 or (excess > JUMP_S and closer > excess / 2))
        if counted and missing == 0 and not jumped and excess <= self._most:
            self._peak = self._ahead  # late, but none is missing
            return None
        self._ahead = self._peak = 0.0
        if jumped:
            seconds = interval - self._period if interval < 0 else excess
            return Beginning("clock jump", (missing or 0) if counted else 0, seconds, counted=counted)
        if missing is None:
            return Beginning("gap", max(0, round(excess * self._sfreq)), excess, restarted=True)
        return Beginning("gap", missing, excess, counted=counted)

    def _missing(self, step: int | None, by_stamps: int, *, strange: bool) -> int | None:
        """Return how many samples are missing; None if the counter began anew."""
        if step is None or self._counter is None:
            return max(1, by_stamps) if strange else 0
        if step == 1 and not strange:
            return 0
        return self._counter.missing(step, by_stamps)

    def _judge_loose(self, interval: float, closer: float) -> Beginning | None:
        excess = interval - self._period
        back, ahead = (JUMP_S, JUMP_S) if self._sfreq > 0 else (BACK_S, ANNOUNCED_S)
        if interval < -back or (excess > ahead and closer > max(ahead, excess) / 2):
            return Beginning("clock jump", 0, excess)
        return Beginning("gap", 0, interval) if self._sfreq > 0 and interval > SILENCE_S else None
