"""What the page of signals says of the skin: its parts, and which rises are told as responses."""

import math

import numpy as np
import pytest

from dashboard.signals import says
from tests.signals_samples import START
from tests.watched import EPOCH, watched_of


def test_tonic_level_phasic_part_and_responses_are_those_of_the_features():
    times = np.arange(120) / 4
    peaks = sum(0.4 * np.exp(-(((times - peak) / 1.0) ** 2)) for peak in (12, 18, 24))
    data = (5 - 0.001 * times + peaks)[:, np.newaxis]
    windows = watched_of("GSR", data.astype(np.float32)).windows["GSR"]
    skin = says.skin(windows, "live", EPOCH, 30, now_known=True)
    level = math.exp(windows[-1].features[0][0])
    assert skin["tonic"][-1] + skin["phasic"][-1] == pytest.approx(level, abs=2e-4)
    assert skin["tonic"][-1] == pytest.approx(5.1, abs=0.1)
    before_any = next(k for k, time in enumerate(skin["times"]) if time > (START + 9 + EPOCH) * 1000)
    assert skin["responses"][before_any] == 0
    assert max(count for count in skin["responses"] if count is not None) >= 1
    assert says.skin(windows, "dmer", EPOCH, 30, now_known=True) is None


@pytest.mark.parametrize("begins", np.arange(14.0, 17.0, 0.25))
def test_each_response_is_marked_once_also_where_one_leaves_the_window_as_another_comes(begins):
    times = np.arange(120) / 4
    rises = [(height, begin) for height, begin in ((0.17, 10.0), (1.3, begins))]
    data = 5 - 0.01 * times + sum(height * np.clip((times - begin) / 1.5, 0, 1) for height, begin in rises)
    skin = says.skin(
        watched_of("GSR", data[:, np.newaxis].astype(np.float32)).windows["GSR"], "live", EPOCH, 30, now_known=True
    )
    marks = np.array(skin["marks"]) / 1000 - EPOCH - START
    assert len(marks) == 2
    assert ((marks - [10.0, begins] > 0) & (marks - [10.0, begins] < 2)).all()


def test_a_response_that_began_while_nothing_was_counted_is_marked_when_it_is():
    times = np.arange(120) / 4
    off = (times >= 10) & (times < 20)
    data = np.where(off, 0.0, 5.0 - 0.01 * times) + 0.4 * np.clip((times - 22.5) / 1.5, 0, 1)
    windows = watched_of("GSR", data[:, np.newaxis].astype(np.float32)).windows["GSR"]
    skin = says.skin(windows, "live", EPOCH, 30, now_known=True)
    (counted, *_) = (k for k, count in enumerate(skin["responses"]) if count == 1)
    assert skin["responses"][counted - 1] is None
    assert skin["marks"] == [skin["times"][counted]]


@pytest.mark.parametrize("level", [2.0, 5.0, 30.0])
def test_an_electrode_that_comes_back_to_the_skin_is_no_response(level):
    times = np.arange(160) / 4
    off = (times >= 10) & (times < 20)
    data = np.where(off, 0.0, level - 0.01 * times) + 0.4 * np.clip((times - 32) / 1.5, 0, 1)
    windows = watched_of("GSR", data[:, np.newaxis].astype(np.float32)).windows["GSR"]
    skin = says.skin(windows, "live", EPOCH, 40, now_known=True)
    marks = np.array(skin["marks"]) / 1000 - EPOCH - START
    assert len(marks) == 1
    assert 32 < marks[0] < 34
    ends = np.array(skin["times"]) / 1000 - EPOCH - START
    assert [skin["responses"][np.searchsorted(ends, at)] for at in (9, 22, 30, 36)] == [0, None, 0, 1]
    assert {count for count, end in zip(skin["responses"], ends, strict=True) if end < 32} == {0, None}
