from dataclasses import replace

import numpy as np
import pytest

from model.data.dataset import join
from model.data.normalized import by_session
from model.data.pooling import pooled, whole_trials
from model.data.simulated import LABEL_S, Task, participant_windows
from model.data.windows import stack
from pipeline.modalities import EMOTIONS
from pipeline.records import FeatureWindow
from pipeline.signals.family import FEATURES
from pipeline.simulation.participant import SimulatedParticipant

TASK = Task("sim", seed=11, minutes=2.5, hop_s=1.0)


@pytest.fixture(scope="module")
def simulated():
    return participant_windows(TASK)


def test_a_simulated_participant_has_every_modality_and_a_label(simulated):
    assert list(simulated.features) == ["EEG", "GSR", "PPG", "Face"]
    assert simulated.emotions == EMOTIONS
    assert simulated.present.mean() > 0.9
    np.testing.assert_allclose(simulated.labels.sum(1), 1, atol=1e-5)
    assert set(simulated.trial) == {"clip-01", "clip-02"}
    assert 120 <= len(simulated) <= 140
    for name, array in simulated.features.items():
        assert array.shape == (len(simulated), 2, *FEATURES[name].shape)
        assert np.isfinite(array).all()


def test_a_simulated_label_is_the_mean_state_before_the_windows_end(simulated):
    participant = SimulatedParticipant(TASK.seed)
    states = [participant.next_second()["State"] for _ in range(150)]
    times, state = np.concatenate([s.times for s in states]), np.concatenate([s.data for s in states])
    # Windows end a second apart, so each label is the mean of one of these stretches, in this order.
    stretches = [state[(times > end - LABEL_S) & (times <= end)].mean(0) for end in np.arange(10, 150, 0.25)]
    distances = np.abs(simulated.labels[:, None] - np.asarray(stretches)[None]).max(2)
    assert (distances.min(1) < 0.01).all()
    assert (np.diff(distances.argmin(1)) > 0).all()


def test_the_same_participant_comes_out_again(simulated):
    again = participant_windows(TASK)
    for name, array in simulated.features.items():
        np.testing.assert_array_equal(again.features[name], array)
    np.testing.assert_array_equal(again.labels, simulated.labels)


def _window(tick, modality, value):
    features = np.full((2, *FEATURES[modality].shape), value, np.float32)
    return FeatureWindow(tick, 10 + 0.5 * tick, modality, features, 1.0, 1.0)


def test_windows_are_joined_by_tick_and_what_is_not_finite_is_missing():
    windows = [_window(0, "GSR", 1.0), _window(1, "GSR", np.nan), _window(1, "PPG", 2.0), _window(2, "PPG", 3.0)]
    ends, features, present = stack(windows, ("GSR", "PPG"))
    np.testing.assert_array_equal(ends, [10, 10.5, 11])
    np.testing.assert_array_equal(present, [[True, False], [False, True], [False, True]])
    assert (features["GSR"][0] == 1).all()
    assert (features["GSR"][1:] == 0).all()


def test_taking_and_joining_windows(make_windows):
    windows = make_windows(n_subjects=3, n_windows=20)
    parts = [windows.of([subject]) for subject in windows.subjects]
    assert [len(part) for part in parts] == [20, 20, 20]
    whole = join(parts)
    np.testing.assert_array_equal(whole.labels, windows.labels)
    np.testing.assert_array_equal(whole.features["Face"], windows.features["Face"])
    assert windows.trial_weights().sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="no windows"):
        join([])
    with pytest.raises(ValueError, match="different modalities"):
        join([windows, make_windows(n_subjects=1, modalities=("GSR",))])


def test_taking_windows_takes_their_ratings_and_conditions(make_windows):
    windows = replace(make_windows(n_subjects=2, n_windows=20), ratings=np.arange(400.0).reshape(40, 10))
    windows = replace(windows, trial=np.char.add("s1/", windows.trial))
    kept = windows.take(np.array([3, 25]))
    np.testing.assert_array_equal(kept.ratings, windows.ratings[[3, 25]])
    np.testing.assert_array_equal(kept.ends, windows.ends[[3, 25]])
    assert kept.conditions().tolist() == ["t0", "t0"]
    assert join([kept, kept]).ratings.shape == (4, 10)
    with pytest.raises(ValueError, match="some parts have ratings"):
        join([windows, replace(windows, ratings=None)])


def test_longer_windows_are_means_of_the_live_ones_inside_a_trial(make_windows):
    windows = make_windows(n_subjects=2, n_windows=20, modalities=("GSR", "Motion"))
    windows.present[3, 1] = False
    made = pooled(windows, window_s=4, hop_s=2)
    # Trials of ten windows, a second each: 0-4, 2-6, 4-8, 6-10 s.
    assert len(made) == 2 * 2 * 4
    assert made.hop_s == 2
    assert made.ends[:5].tolist() == [4, 6, 8, 10, 14]
    np.testing.assert_allclose(made.features["GSR"][1], windows.features["GSR"][2:6].mean(0), rtol=1e-6)
    np.testing.assert_allclose(made.features["Motion"][0], windows.features["Motion"][:3].mean(0), rtol=1e-6)
    assert made.present.all()
    np.testing.assert_allclose(made.labels[4], windows.labels[10:14].mean(0), rtol=1e-6)


def test_a_trial_shorter_than_a_window_is_one_window(make_windows):
    windows = make_windows(n_subjects=1, n_windows=20)
    made = pooled(windows, window_s=60, hop_s=30)
    assert made.trial.tolist() == ["t0", "t1"]
    whole = whole_trials(windows)
    np.testing.assert_array_equal(made.features["EEG"], whole.features["EEG"])


def test_a_modality_that_is_missing_throughout_stays_missing(make_windows):
    windows = make_windows(n_subjects=1, n_windows=20)
    windows.present[:10, 2] = False
    windows.features["PPG"][:10] = np.nan
    made = whole_trials(windows)
    assert made.present[:, 2].tolist() == [False, True]
    assert (made.features["PPG"][0] == 0).all()


def test_the_whole_session_normalization_looks_ahead_and_keeps_participants_apart(make_windows):
    windows = make_windows(n_subjects=2, n_windows=40)
    windows.features["GSR"][:40] += 7
    made = by_session(windows)
    for subject in windows.subjects:
        values = made.features["GSR"][windows.subject == subject, 1]
        np.testing.assert_allclose(values.mean(0), 0, atol=0.1)
        np.testing.assert_allclose(values.std(0), 1, atol=0.1)
    np.testing.assert_array_equal(made.features["GSR"][:, 0], windows.features["GSR"][:, 0])
