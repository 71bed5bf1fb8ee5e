"""How much of a window is real data, and why not all of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.records import Array
from pipeline.signals.buffer import ABSENT, GOOD, SETTLING

#: A sample of a stream that may drop some stands for at most this many nominal periods.
COVERS: Final = 2.5

#: The same for a stream without a nominal rate (s).
COVERS_S: Final = 0.1

#: Share of time from which a window counts as whole: stamps are never exact.
WHOLE: Final = 0.995


@dataclass(frozen=True)
class Coverage:
    """Judge the windows of one modality.

    Parameters
    ----------
    absent : str
        What to say of samples that are no data.
    window_s : float
        Length of a window (s).
    sfreq : float
        Nominal rate (Hz), 0 for an irregular stream.
    n_times : int
        Samples of a whole window; 0 where a window is made by time.
    """

    absent: str
    window_s: float
    sfreq: float
    n_times: int

    def share(self, end: float, times: Array, status: Array, before: float | None) -> float:
        """Return the share of a window that is real data, 0..1.

        Of a fixed number of samples, the share of good ones. Else the share of time: a sample stands for the time since
        the one before it, the last one for that up to the window's end, neither for more than `COVERS` periods; so a
        camera that films at half its nominal rate covers all, and one that stops does not.

        Parameters
        ----------
        end : float
            Where the window ends (s).
        times, status : Array
            ``(n_times,)``, the window's samples.
        before : float | None
            Time of the sample before the window (s), None where the segment has none.
        """
        good = status == GOOD
        if self.n_times:
            return float(np.count_nonzero(good)) / self.n_times
        if not len(times):
            return 0.0
        most = COVERS / self.sfreq if self.sfreq > 0 else COVERS_S
        start = end - self.window_s
        previous = max(float(times[0]) - most if before is None else before, start)
        stands_for = np.clip(np.diff(times, prepend=previous), 0.0, most)
        covered = float(stands_for[good].sum()) + (min(end - float(times[-1]), most) if good[-1] else 0.0)
        return min(max(covered / self.window_s, 0.0), 1.0)

    def reasons(self, valid: float, status: Array, why: str, *, after_gap: bool) -> list[str]:
        """Return in words why a window is not all data; nothing for a whole one.

        Parameters
        ----------
        valid : float
            The share of real data.
        status : Array
            ``(n_times,)``, the window's samples.
        why : str
            Why more samples are not there; empty when all are that will come.
        after_gap : bool
            The segment is not the stream's first.
        """
        if valid >= (1.0 if self.n_times else WHOLE) and not why:
            return []
        reasons = [why] if why else []
        if (status == SETTLING).any():
            reasons.append("filter settling after a gap" if after_gap else "filter settling")
        absent = float((status == ABSENT).mean()) if len(status) else 0.0
        if absent:
            reasons.append(f"{self.absent} in {absent:.0%} of the window")
        if not reasons:
            reasons.append(f"{1 - valid:.1%} of the window is missing")
        return reasons
