"""A simulated participant: the same person from the same seed, plausible ranges, a mixture with label correlation."""

import numpy as np
import pytest

from pipeline.modalities import BLENDSHAPES, EEG_CHANNELS, EMOTIONS, FACE_CHANNELS
from pipeline.simulation.participant import SimulatedParticipant, stream_infos

SECONDS = 150


def run(seed: int, seconds: int = SECONDS, *, counter: bool = False) -> dict[str, np.ndarray]:
    """Return a participant's streams, put together."""
    participant = SimulatedParticipant(seed, counter=counter)
    made = [participant.next_second() for _ in range(seconds)]
    return {kind: np.concatenate([second[kind].data for second in made]) for kind in made[0]}


@pytest.fixture(scope="module")
def people() -> list[dict[str, np.ndarray]]:
    return [run(seed) for seed in range(8)]


def test_the_same_seed_gives_the_same_person_and_another_seed_another():
    first, again, other = run(3, 20), run(3, 20), run(4, 20)
    for kind in first:
        assert np.array_equal(first[kind], again[kind], equal_nan=True)
    for kind in ("EEG", "GSR", "PPG", "Face", "State"):
        assert not np.array_equal(first[kind], other[kind], equal_nan=True)


def test_the_counter_counts_and_changes_nothing_else():
    plain, counted = run(5, 3), run(5, 3, counter=True)
    assert np.array_equal(counted["EEG"][:, 0], np.arange(900))
    assert np.array_equal(counted["EEG"][:, 1:], plain["EEG"])
    assert np.array_equal(counted["GSR"], plain["GSR"])


def test_streams_have_their_rates_channels_and_exact_stamps():
    participant = SimulatedParticipant(0)
    participant.next_second()
    second = participant.next_second()
    infos = stream_infos(0)
    assert set(second) == set(infos) == {"EEG", "GSR", "PPG", "Face", "State", "Markers"}
    for kind, info in infos.items():
        if kind == "Markers":
            continue
        n = int(info.sfreq)
        assert second[kind].data.shape == (n, len(info.ch_names))
        assert second[kind].data.dtype == np.float32
        assert second[kind].times.tolist() == [index / n for index in range(n, 2 * n)]


def test_stream_descriptions_are_the_demos():
    infos = stream_infos(7, counter=True)
    assert {kind: (info.name, info.type, info.sfreq) for kind, info in infos.items()} == {
        "EEG": ("helo-demo-EEG", "EEG", 300.0),
        "GSR": ("helo-demo-GSR", "GSR", 32.0),
        "PPG": ("helo-demo-PPG", "PPG", 64.0),
        "Face": ("helo-demo-Face", "Face", 30.0),
        "State": ("helo-demo-State", "EmotionState", 4.0),
        "Markers": ("helo-demo-Markers", "Markers", 0.0),
    }
    assert infos["EEG"].ch_names == ("counter", *EEG_CHANNELS)
    assert infos["EEG"].units == ("count", *["uV"] * 18)
    assert infos["Face"].ch_names == FACE_CHANNELS
    assert infos["State"].ch_names == EMOTIONS
    assert infos["GSR"].units == ("uS",)
    assert [kind for kind, info in infos.items() if info.can_drop_samples] == ["Face"]
    assert len({info.source_id for info in infos.values()}) == 6
    assert all("-7-" in info.source_id for info in infos.values())


def test_clips_of_60_s_are_marked_with_pauses_of_10_s():
    participant = SimulatedParticipant(0)
    markers = []
    for _ in range(160):
        block = participant.next_second()["Markers"]
        markers += [(time, text) for time, (text,) in zip(block.times.tolist(), block.strings, strict=True)]
    assert markers == [
        (10.0, "start clip-01"), (70.0, "end clip-01"),
        (80.0, "start clip-02"), (140.0, "end clip-02"),
        (150.0, "start clip-03"),
    ]  # fmt: skip


def test_the_state_is_a_distribution_that_moves_slowly(people):
    for person in people:
        state = person["State"].astype(float)
        assert np.all(state > 0)
        assert np.allclose(state.sum(axis=1), 1, atol=1e-6)
        assert np.abs(np.diff(state, axis=0)).max() < 0.06
        assert state.std(axis=0).max() > 0.01


def test_emotions_of_one_family_move_together_and_against_the_other_family(people):
    moves = np.concatenate([np.log(person["State"]) - np.log(person["State"]).mean(axis=0) for person in people])
    correlation = np.corrcoef((moves - moves.mean(axis=1, keepdims=True)).T)
    positive, negative = slice(0, 5), slice(5, 10)
    assert correlation[positive, negative].mean() < -0.3
    assert correlation[positive, positive].mean() > 0.3
    assert correlation[negative, negative].mean() > 0.3
    assert correlation[EMOTIONS.index("Afraid"), EMOTIONS.index("Scared")] > 0.5


def test_signals_stay_in_the_ranges_of_real_ones(people):
    for person in people:
        assert 8 < person["EEG"].std() < 45
        assert np.abs(person["EEG"]).max() < 1500
        assert np.all(person["GSR"] >= 0)
        assert 0.3 < np.median(person["GSR"]) < 40
        assert np.all(np.isfinite(person["PPG"]))
        assert 40 <= 60 * _beats(person["PPG"][:, 0]) / SECONDS <= 130


def test_a_frame_without_a_face_holds_nothing_else(people):
    frames = np.concatenate([person["Face"] for person in people])
    found = frames[:, 0] == 1
    assert set(np.unique(frames[:, 0])) == {0.0, 1.0}
    assert 0.7 < found.mean() < 1
    assert np.isnan(frames[~found, 1:]).all()
    blendshapes = frames[found, 1 : 1 + len(BLENDSHAPES)]
    assert blendshapes.min() >= 0
    assert blendshapes.max() <= 1


def test_people_differ_in_how_much_their_faces_show():
    smiles = [np.nanstd(run(seed, 90)["Face"][:, FACE_CHANNELS.index("mouthSmileLeft")]) for seed in range(16)]
    assert max(smiles) > 10 * min(smiles)


#: Second 89 of participant 7: two values, mean and spread. They change with SIMULATOR_VERSION only.
FROZEN = {
    "EEG": (-3.95737, -15.9684, -3.21676, 19.6125),
    "GSR": (8.03806, 8.04025, 8.13763, 0.0791598),
    "PPG": (0.21773, 0.206752, 0.232808, 0.253914),
    "Face": (1.0, -50.4326, -1.0006, 6.63466),
    "State": (0.0938371, 0.137891, 0.1, 0.0326486),
}


def test_version_1_is_frozen():
    participant = SimulatedParticipant(7)
    for _ in range(90):
        second = participant.next_second()
    for kind, expected in FROZEN.items():
        data = second[kind].data.astype(float)
        assert (data[1, 0], data[2, -1], np.nanmean(data), np.nanstd(data)) == pytest.approx(expected, rel=1e-4), kind


def _beats(pulse: np.ndarray) -> int:
    from scipy.signal import find_peaks

    return len(find_peaks(pulse, distance=24, prominence=0.4 * pulse.std())[0])
