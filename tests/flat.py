"""Whether something grows: the measure of all tests that look at memory for long."""

from collections.abc import Sequence

from scipy.stats import theilslopes


def growth(times: Sequence[float], values: Sequence[float]) -> float:
    """Return by which share a line through the values rises, by the median of all slopes (Theil and Sen)."""
    slope, intercept, *_ = theilslopes(values, times)
    return float(slope * (times[-1] - times[0]) / (intercept + slope * times[0]))
