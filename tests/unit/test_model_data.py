import csv

import numpy as np
import pytest

from model.data.dataset import join
from model.data.simulated import LABEL_S, Task, participant_windows
from model.data.wesad import ITEMS, read_conditions, read_wesad
from model.data.windows import stack
from pipeline.errors import BadInput
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


def _write_conditions(folder, rows, columns=("subject", "condition", "e4_start_s", "e4_end_s", *ITEMS)):
    path = folder / "windows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _row(**changes):
    return {"subject": "S2", "condition": "Base", "e4_start_s": 10, "e4_end_s": 99} | dict.fromkeys(ITEMS, 2) | changes


def test_a_condition_is_labelled_by_ratings_over_their_sum(tmp_path):
    path = _write_conditions(tmp_path, [_row(Alert=5, Afraid=1), _row(condition="TSST")])
    conditions, notes = read_conditions(path)
    assert [condition.name for condition in conditions["S2"]] == ["Base", "TSST"]
    assert conditions["S2"][0].label[1] == pytest.approx(5 / 22)
    assert conditions["S2"][0].label.sum() == pytest.approx(1)
    assert notes == []


def test_a_missing_rating_is_read_as_not_at_all_and_reported(tmp_path):
    conditions, notes = read_conditions(_write_conditions(tmp_path, [_row(Nervous="")]))
    assert conditions["S2"][0].ratings[ITEMS.index("Nervous")] == 1
    assert notes == ["S2, Base: no rating of Nervous; read as 1, not at all"]


def test_a_folder_that_is_not_wesads_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"windows\.csv: cannot be read"):
        read_wesad(tmp_path)
    path = _write_conditions(tmp_path, [_row()], columns=("subject", "condition", "e4_start_s", "e4_end_s"))
    with pytest.raises(BadInput, match="column Inspired is missing"):
        read_conditions(path)
    path = _write_conditions(tmp_path, [_row(e4_start_s="soon")])
    with pytest.raises(BadInput, match="line 2: e4_start_s: 'soon' is not a number"):
        read_conditions(path)
    _write_conditions(tmp_path, [_row()])
    with pytest.raises(BadInput, match=r"S2_E4_Data\.zip: no such file"):
        read_wesad(tmp_path)
