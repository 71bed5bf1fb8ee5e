"""What the page says of rising and falling."""

import numpy as np
import pytest

from dashboard.history import History
from dashboard.trend import trend


def history(shares, hop_s: float = 0.25) -> History:
    """Return a history of one emotion's share (None: no estimate) and the rest."""
    made = History()
    for number, share in enumerate(shares):
        made.add(1000 * hop_s * number, None if share is None else np.array([share, 1 - share]), [])
    return made


def test_the_newest_mean_is_compared_with_that_of_half_a_minute_before():
    shares = [0.2] * 60 + [0.9] * 80 + [0.3] * 20
    assert trend(history(shares).points, 0.25) == [pytest.approx(0.1), pytest.approx(-0.1)]


def test_without_half_a_minute_nothing_is_said():
    assert trend(history([0.2] * 90).points, 0.25) is None
    assert trend(history([]).points, 0.25) is None


@pytest.mark.parametrize(("gap", "said"), [(9, True), (11, False)])
def test_a_mean_needs_half_of_its_estimates(gap, said):
    shares = [0.2] * 140 + [None] * gap + [0.3] * (20 - gap)
    assert (trend(history(shares).points, 0.25) is not None) == said


def test_a_longer_hop_needs_fewer_estimates():
    assert trend(history([0.2] * 10, hop_s=5.0).points, 5.0) == [0.0, 0.0]
