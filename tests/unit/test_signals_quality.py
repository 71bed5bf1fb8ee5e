"""Faults planted in simulated people's signals are named, and undisturbed signals are called good."""

import pytest

from benchmarks.planted import KINDS
from benchmarks.quality import NAMED, good, planted
from benchmarks.stretches import MODALITIES, people, undisturbed
from pipeline.modalities import Modality

#: Nobody on whom a threshold was chosen: those were the seeds below 100.
SEED = 2000
PEOPLE = 20
ENOUGH = 0.95


@pytest.fixture(scope="module")
def disturbed():
    return people(SEED, PEOPLE)


@pytest.mark.parametrize(("modality", "plantings"), [("EEG", 200), ("GSR", 60), ("PPG", 60)])
def test_planted_faults_are_named_rightly(disturbed, modality: Modality, plantings: int) -> None:
    """Among blinks, clenched jaws and movements; with the right channel, and no other one blamed."""
    kinds = [kind for kind in KINDS if kind.startswith(modality)]
    found = planted(disturbed[modality], kinds, plantings, SEED)
    assert {kind for kind, *_ in found} == set(kinds)
    wrong = [one for one in found if one[-1] != NAMED]
    assert len(wrong) <= (1 - ENOUGH) * plantings, wrong


@pytest.mark.parametrize("modality", MODALITIES)
def test_undisturbed_signals_are_called_good(modality: Modality) -> None:
    assert good([undisturbed(modality, SEED + person) for person in range(PEOPLE)]) >= ENOUGH
