"""Channels are matched by name, and interpolated as MNE does."""

import mne
import numpy as np
import pytest

from pipeline.errors import BadInput
from pipeline.modalities import EEG_CHANNELS
from pipeline.signals.montage import Montage, canonical


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Fp1", "fp1"),
        ("FP1", "fp1"),
        ("EEG Fp1-REF", "fp1"),
        ("EEG T3-LE", "t7"),
        ("T4", "t8"),
        ("T5", "p7"),
        ("t6", "p8"),
        ("Fc5.", "fc5"),
        ("Cz..", "cz"),
        ("C3-A2", "c3"),
        (" O2 ", "o2"),
        ("EEG-Pz", "pz"),
    ],
)
def test_names_are_those_of_the_ten_twenty_system(name: str, expected: str) -> None:
    assert canonical(name) == expected


def test_a_whole_cap_is_passed_through_in_the_models_order() -> None:
    backwards = tuple(reversed(EEG_CHANNELS))
    montage = Montage(backwards, EEG_CHANNELS, "standard_1020")
    assert [montage.sources[place] for place in montage.order] == list(EEG_CHANNELS)
    assert np.array_equal(montage.weights(frozenset()), np.eye(18)[::-1])
    assert montage.notices() == ()


def test_missing_channels_are_interpolated_as_mne_does() -> None:
    names = tuple(name for name in EEG_CHANNELS if name not in ("Fz", "T7"))
    montage = Montage(names, EEG_CHANNELS, "standard_1020")
    weights = montage.weights(frozenset())
    data = np.random.default_rng(0).normal(size=(18, 50))
    raw = mne.io.RawArray(data, mne.create_info(list(EEG_CHANNELS), 100.0, "eeg"), verbose="ERROR")
    raw.set_montage("colin27_1020")
    raw.info["bads"] = ["Fz", "T7"]
    expected = raw.interpolate_bads(reset_bads=False, origin=(0.0, 0.0, 0.04), verbose="ERROR").get_data()
    real = np.array([EEG_CHANNELS.index(name) for name in names])
    assert np.allclose(weights @ data[real], expected, atol=1e-9)
    assert montage.missing == ("Fz", "T7")
    assert "Fz, T7" in montage.notices()[0]


def test_a_bad_source_is_replaced_and_counts_for_nothing() -> None:
    weights = Montage(EEG_CHANNELS, EEG_CHANNELS, "standard_1020").weights(frozenset({9}))
    assert not weights[:, 9].any()
    assert weights[9].sum() == pytest.approx(1, abs=1e-6)
    assert np.array_equal(np.delete(weights, 9, axis=0), np.delete(np.eye(18), 9, axis=0))


def test_what_is_no_place_on_the_scalp_is_left_aside() -> None:
    montage = Montage(("counter", *EEG_CHANNELS, "EOG1", "A1"), EEG_CHANNELS, "standard_1020")
    assert montage.ignored == ("counter", "EOG1", "A1")
    assert montage.sources == EEG_CHANNELS


def test_half_of_the_channels_must_be_real() -> None:
    Montage(EEG_CHANNELS[:9], EEG_CHANNELS, "standard_1020")
    with pytest.raises(BadInput, match=r"only 8 of the model's 18 EEG channels.*at least half"):
        Montage(EEG_CHANNELS[:8], EEG_CHANNELS, "standard_1020")


def test_an_unknown_montage_is_named() -> None:
    with pytest.raises(BadInput, match=r"montage: 'standard_1021' is not known"):
        Montage(EEG_CHANNELS, EEG_CHANNELS, "standard_1021")


def test_a_montage_without_the_models_channels_is_refused() -> None:
    with pytest.raises(BadInput, match="has no place for the model's"):
        Montage(EEG_CHANNELS, EEG_CHANNELS, "EGI_256")
