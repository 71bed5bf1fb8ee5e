"""How a viewer sees signals: as which voltages, and filtered how."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.signals.display_filter import DisplayFilter
from dashboard.signals.montages import AVERAGE, LONGITUDINAL, montages
from pipeline.modalities import EEG_CHANNELS
from tests.signals_samples import samples

PLAIN = tuple(name.lower() for name in EEG_CHANNELS)


def test_montages_are_the_voltages_they_say():
    data = samples("EEG", 1).astype(float)
    data[5, 3] = np.nan
    offered = montages(EEG_CHANNELS, PLAIN)
    average = offered[AVERAGE].derive(data)
    assert np.nansum(average, axis=1) == pytest.approx(np.zeros(len(data)), abs=1e-9)
    assert np.isnan(average).sum() == 1
    bipolar = offered[LONGITUDINAL]
    assert bipolar.labels[0] == "Fp1–F7"
    assert "Fz–Cz" in bipolar.labels
    assert len(bipolar.labels) == 17  # the demo's cap has no Pz
    assert np.array_equal(bipolar.derive(data)[:, 0], data[:, 0] - data[:, 2])
    assert list(montages(("x", "y"), ())) == ["as recorded", AVERAGE]


@given(st.lists(st.integers(0, 255), max_size=20))
def test_the_displays_filter_does_not_care_how_samples_are_cut(edges: list[int]):
    data = samples("EEG", 2).astype(float)
    data[40:60, 2] = np.nan
    whole, pieces = DisplayFilter(128.0), DisplayFilter(128.0)
    expected = whole.process(data)
    bounds = [0, *sorted(set(edges) - {0}), len(data)]
    cut = [pieces.process(data[a:b]) for a, b in pairwise(bounds) if b > a]
    assert np.array_equal(np.concatenate(cut), expected, equal_nan=True)
    assert np.isnan(expected[40:60, 2]).all()
    assert np.abs(expected[:, 0].mean()) < 1.0  # 40 uV of offset are gone
