"""A whole session in a few thousand moments: what many ticks say together, with the least and the most of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.words import why
from pipeline.records import Array
from pipeline.session.tables import matrix

#: Moments that a chart gets at most; a screen has fewer columns of pixels.
MOST: Final = 2400


@dataclass(frozen=True)
class Moments:
    """Ticks in bins of one width; in a session with few ticks each has a bin of its own."""

    times: Array
    """Beginning of each bin that has a tick, float64 ``(n_moments,)`` (s)."""
    width: float
    """Of a bin (s)."""
    firsts: Array
    """Row of the first tick of each bin."""

    def least(self, values: Array) -> Array:
        """Return the least value of each bin, NaN where there is none; ``(n_ticks, ...)`` -> ``(n_moments, ...)``."""
        return np.asarray(np.fmin.reduceat(values, self.firsts, axis=0))

    def most(self, values: Array) -> Array:
        """Return the largest value of each bin, NaN where there is none."""
        return np.asarray(np.fmax.reduceat(values, self.firsts, axis=0))

    def mean(self, values: Array) -> Array:
        """Return the mean of each bin's values that are numbers, NaN where there is none."""
        known = np.isfinite(values)
        sums = np.add.reduceat(np.where(known, values, 0.0), self.firsts, axis=0)
        counts = np.add.reduceat(known.astype(float), self.firsts, axis=0)
        return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def moments(times: Array, hop_s: float, most: int = MOST) -> Moments:
    """Put ticks into at most `most` bins.

    Parameters
    ----------
    times : array, shape (n_ticks,)
        When they are (s), rising; at least one.
    hop_s : float
        Between two ticks (s).
    most : int
        How many bins there may be.
    """
    ticks = np.rint((times - times[0]) / hop_s).astype(np.int64)
    together = -(-int(ticks[-1] + 1) // most)
    bins = ticks // together
    firsts = np.flatnonzero(np.r_[True, np.diff(bins) > 0])
    return Moments(times[0] + bins[firsts] * together * hop_s, together * hop_s, firsts)


@dataclass(frozen=True)
class Ticks:
    """A participant's estimates as arrays; shares are NaN where the model abstained."""

    ticks: Array
    times: Array
    shares: Array
    """float64 ``(n_ticks, n_emotions)``, as are `low`, `high` and `mean`."""
    low: Array
    high: Array
    mean: Array
    abstained: Array
    reasons: tuple[str, ...]


def ticks_of(estimates: pa.Table, participant: str, n_emotions: int) -> Ticks:
    """Return the estimates of a participant, in the order of their ticks."""
    rows = estimates.filter(pc.equal(estimates["participant"], participant)).sort_by("tick")
    abstained = rows["abstained"].to_numpy().astype(bool)
    shares, low, high, mean = (
        np.array(matrix(rows[field], n_emotions), np.float64) for field in ("distribution", "low", "high", "mean_label")
    )
    for values in (shares, low, high):
        values[abstained] = np.nan
    reasons = tuple(why(reason or "") for reason in rows["reason"].to_pylist())
    return Ticks(rows["tick"].to_numpy(), rows["time"].to_numpy(), shares, low, high, mean, abstained, reasons)


def uses_of(estimates: pa.Table, participant: str) -> dict[str, dict[str, Array]]:
    """Return modality -> ``weight``, ``valid``, ``quality``, ``used``, one a tick; NaN where a tick lacks it."""
    rows = estimates.filter(pc.equal(estimates["participant"], participant)).sort_by("tick")
    column = rows["modalities"].combine_chunks()
    ticks = pc.list_parent_indices(column).to_numpy()
    uses = column.flatten()
    modalities = np.asarray(uses.field("modality").to_pylist(), dtype=object)
    found: dict[str, dict[str, Array]] = {}
    for modality in dict.fromkeys(modalities.tolist()):
        at = modalities == modality
        found[modality] = {}
        for field in ("weight", "valid", "quality", "used"):
            values = np.full(len(rows), np.nan)
            values[ticks[at]] = uses.field(field).to_numpy(zero_copy_only=False)[at].astype(float)
            found[modality][field] = values
    return found
