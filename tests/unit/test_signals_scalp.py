"""Heads are drawn as MNE has them: places from above, and spherical splines between them."""

import mne
import numpy as np
import pytest

from pipeline.modalities import EEG_CHANNELS
from pipeline.signals.scalp import SIDE, scalp

DEMO = scalp(EEG_CHANNELS, EEG_CHANNELS, "standard_1020")
PLACES = dict(zip(DEMO.ch_names, DEMO.places, strict=True))


def point(x: float, y: float) -> int:
    """Return the number of the map's point nearest to a place."""
    column, row = round((x + 1) / 2 * SIDE - 0.5), round((1 - y) / 2 * SIDE - 0.5)
    return row * SIDE + column


def test_the_nose_is_up_and_left_is_left():
    assert np.hypot(*PLACES["Cz"]) < 0.1
    assert PLACES["Fz"][1] > 0.4
    assert PLACES["O1"][1] < -0.5
    assert PLACES["T7"] == pytest.approx([-0.91, 0], abs=0.05)
    assert PLACES["T8"] == pytest.approx([0.91, 0], abs=0.05)
    assert (np.hypot(*DEMO.places.T) < 1).all()


def test_angles_are_those_of_mne_around_the_heads_middle():
    info = mne.create_info([*EEG_CHANNELS, "Fpz", "Oz"], 1.0, "eeg", verbose="ERROR")
    info.set_montage("colin27_1020")
    layout = mne.channels.make_eeg_layout(info, radius=0.4, csd=False)
    theirs = dict(zip(layout.names, layout.pos[:, :2], strict=True))
    # MNE's layout is scaled and shifted to fill a box; what lies left of and before what must agree.
    for axis in (0, 1):
        ours = [PLACES[name][axis] for name in EEG_CHANNELS]
        assert np.corrcoef(ours, [theirs[name][axis] for name in EEG_CHANNELS])[0, 1] > 0.99


def test_the_map_between_channels_is_what_mne_interpolates():
    without = tuple(name for name in EEG_CHANNELS if name != "C3")
    values = np.random.default_rng(0).normal(size=(18, 100))
    info = mne.create_info(list(EEG_CHANNELS), 1.0, "eeg", verbose="ERROR")
    info.set_montage("colin27_1020")
    info["bads"] = ["C3"]
    raw = mne.io.RawArray(values, info, verbose="ERROR")
    expected = raw.interpolate_bads(verbose="ERROR").get_data()[EEG_CHANNELS.index("C3")]
    known = values[[EEG_CHANNELS.index(name) for name in without]]
    drawn = (scalp(without, without, "standard_1020").weights @ known)[point(*PLACES["C3"])]
    # A point of the map is up to 1/32 of the head away, and MNE fits a sphere of its own.
    assert np.corrcoef(drawn, expected)[0, 1] > 0.95
    assert drawn == pytest.approx(expected, abs=0.6)


def test_a_head_of_one_value_is_of_one_value_and_a_peak_stands_where_its_channel_is():
    assert DEMO.weights @ np.ones(18) == pytest.approx(np.ones(SIDE**2), abs=1e-5)
    for name in ("Fz", "T7", "P4"):
        peak = DEMO.weights[:, EEG_CHANNELS.index(name)]
        assert peak[point(*PLACES[name])] > 0.7


def test_the_streams_channels_are_found_by_their_names_in_the_ten_twenty_system():
    cap = scalp(("Fp1", "T7", "Cz"), ("EEG T3-REF", "Fp1"), "standard_1020")
    assert cap.sources == ("t7", "fp1")
    assert cap.found == (1, 0, -1)
    assert cap.weights.shape == (0, 3)
