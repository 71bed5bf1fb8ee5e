import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from model.abstention import NOTHING_PRESENT, UNLIKE
from model.header import MEAN_LABEL, pattern
from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.network.settings import NetworkSettings
from model.predictor import ROWS, Predictor, choose_device
from pipeline.errors import BadInput

TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2),
    epochs=6,
    windows_per_epoch=256,
    learning_rate=5e-3,
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, make_windows):
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    make_model(make_windows(), TINY, path, "helo train")
    return path


@pytest.fixture
def predictor(checkpoint):
    return Predictor.load(checkpoint, "cpu")


@pytest.fixture
def rows(make_windows):
    windows = make_windows(n_subjects=1, n_windows=20, seed=5)
    return windows.features, windows.present.copy()


def test_shares_sum_to_one_and_lie_in_their_intervals(predictor, rows):
    found = predictor.predict(*rows)
    np.testing.assert_allclose(found.distribution.sum(1), 1, atol=1e-6)
    assert (found.low <= found.distribution).all()
    assert (found.distribution <= found.high).all()
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()
    assert {found.distribution.dtype, found.low.dtype, found.high.dtype, found.weights.dtype} == {np.dtype("f4")}
    assert not found.abstained.any()
    assert found.reasons == [""] * 20


def test_a_row_is_bit_equal_whatever_its_place_and_its_neighbours(predictor, rows):
    features, present = rows
    present[3, 1] = False
    present[[5, 11]] = False  # rows that take no place in a pass
    together = predictor.predict(features, present)
    orders = [np.roll(np.arange(20), places) for places in range(ROWS)]
    for order in [*orders, *(np.array([row]) for row in range(20)), np.arange(19, -1, -3)]:
        found = predictor.predict({name: array[order] for name, array in features.items()}, present[order])
        for field in ("distribution", "low", "high", "weights", "distance"):
            np.testing.assert_array_equal(getattr(found, field), getattr(together, field)[order])


def test_a_row_is_bit_equal_whatever_the_number_of_threads(predictor, rows):
    before = predictor.predict(*rows)
    torch.set_num_threads(2)
    try:
        after = predictor.predict(*rows)
    finally:
        torch.set_num_threads(1)
    np.testing.assert_array_equal(after.distribution, before.distribution)
    np.testing.assert_array_equal(after.weights, before.weights)


def test_loading_again_gives_the_same_bits(checkpoint, predictor, rows):
    again = Predictor.load(checkpoint, "cpu")
    assert again.model_hash == predictor.model_hash
    np.testing.assert_array_equal(again.predict(*rows).distribution, predictor.predict(*rows).distribution)


def test_what_a_missing_modality_holds_is_not_looked_at(predictor, rows):
    features, present = rows
    present[:, 2] = False
    expected = predictor.predict(features, present)
    for content in (np.nan, np.inf, 1e9):
        changed = features | {"PPG": np.full_like(features["PPG"], content)}
        np.testing.assert_array_equal(predictor.predict(changed, present).distribution, expected.distribution)
    without = {name: array for name, array in features.items() if name != "PPG"}
    np.testing.assert_array_equal(predictor.predict(without, present).distribution, expected.distribution)
    assert (expected.weights[:, 2] == 0).all()


def test_with_nothing_present_it_says_the_mean_label_and_abstains(predictor, rows):
    features, present = rows
    present[4] = False
    found = predictor.predict(features, present)
    np.testing.assert_array_equal(found.distribution[4], np.asarray(predictor.header.mean_label, np.float32))
    assert found.abstained.tolist() == [row == 4 for row in range(20)]
    assert found.reasons[4] == NOTHING_PRESENT
    assert (found.weights[4] == 0).all()
    half = np.asarray(predictor.header.intervals[MEAN_LABEL], np.float32)
    np.testing.assert_array_equal(found.low[4], np.maximum(found.distribution[4] - half, 0))
    np.testing.assert_array_equal(found.high[4], np.minimum(found.distribution[4] + half, 1))
    assert np.isnan(found.distance[4]).all()


def test_a_row_with_a_modality_that_is_unlike_the_training_data_says_the_mean_label_and_abstains(predictor, rows):
    features, present = rows
    features = {name: array.copy() for name, array in features.items()}
    features["GSR"][7] *= 40
    found = predictor.predict(features, present)
    assert found.abstained.tolist() == [row == 7 for row in range(20)]
    assert found.reasons[7] == f"GSR: {UNLIKE}"
    assert (found.distance[7] > 1).tolist() == [False, True, False, False]
    np.testing.assert_array_equal(found.distribution[7], np.asarray(predictor.header.mean_label, np.float32))
    present[7, 1] = False
    assert not predictor.predict(features, present).abstained.any()


def test_what_is_typical_of_the_training_data_is_estimated(predictor):
    found = predictor.predict(predictor.typical(), np.ones((1, 4), np.bool_))
    np.testing.assert_allclose(found.distance, 0, atol=1e-5)
    assert not found.abstained.any()
    assert found.weights.sum() == pytest.approx(1)


def test_the_plan_and_the_correlation_of_a_row_are_there_for_who_asks(checkpoint, predictor, rows):
    features, present = rows
    found = predictor.explain({name: array[3:4] for name, array in features.items()}, present[3:4])
    assert found.plan.shape == (8, 8)
    assert found.carried == load_file(checkpoint)["carried"] != 0
    np.testing.assert_allclose(found.plan.sum(0), 1 / 8, atol=1e-5)
    np.testing.assert_allclose(found.plan.sum(1), 1 / 8, atol=1e-5)
    np.testing.assert_allclose(np.diag(found.correlation), 1, atol=1e-5)
    with pytest.raises(ValueError, match="one row is explained at a time, not 20"):
        predictor.explain(features, present)


def test_weights_are_how_far_leaving_a_modality_out_moves_the_estimate(predictor, rows):
    features, present = rows
    found = predictor.predict(features, present)
    np.testing.assert_allclose(found.weights.sum(1), 1, atol=1e-6)
    moved = []
    for column in range(4):
        left_out = present.copy()
        left_out[:, column] = False
        moved.append(np.abs(predictor.predict(features, left_out).distribution - found.distribution).sum(1))
    expected = np.stack(moved, 1) / np.sum(moved, 0)[:, None]
    np.testing.assert_allclose(found.weights, expected, atol=1e-4)


def test_intervals_are_those_of_the_present_modalities(predictor, rows):
    features, present = rows
    present[:] = [True, False, False, True]
    found = predictor.predict(features, present)
    half = np.asarray(predictor.header.intervals[pattern(["EEG", "Face"])], np.float32)
    np.testing.assert_allclose(found.high, np.minimum(found.distribution + half, 1))


def test_no_rows_give_no_rows(predictor):
    found = predictor.predict({}, np.zeros((0, 4), np.bool_))
    assert found.distribution.shape == (0, 10)
    assert found.reasons == []


def test_inputs_are_left_as_they_are(predictor, rows):
    features, present = rows
    copies = {name: array.copy() for name, array in features.items()}
    predictor.predict(features, present)
    for name, array in features.items():
        np.testing.assert_array_equal(array, copies[name])
    assert present.all()


def test_read_only_arrays_are_taken(predictor, rows):
    features, present = rows
    for array in (*features.values(), present):
        array.setflags(write=False)
    assert len(predictor.predict(features, present).distribution) == 20


@pytest.mark.parametrize(("change", "message"), [
    (lambda f, p: (f, p[:, :3]), "present has shape"),
    (lambda f, p: ({"EEG": f["EEG"]}, p), "GSR is present but has no features"),
    (lambda f, p: (f | {"GSR": f["GSR"][:, :, :5]}, p), "features of GSR have shape"),
    (lambda f, p: (f | {"GSR": f["GSR"] * np.nan}, p), "features of GSR are not finite"),
])  # fmt: skip
def test_wrong_input_is_refused(predictor, rows, change, message):
    with pytest.raises(ValueError, match=message):
        predictor.predict(*change(*rows))


def test_warming_up_changes_no_result(predictor, rows):
    before = predictor.predict(*rows).distribution
    predictor.warm_up()
    np.testing.assert_array_equal(predictor.predict(*rows).distribution, before)


def test_loading_uses_one_thread(predictor):
    assert torch.get_num_threads() == 1


def test_a_device_that_is_not_there_is_refused():
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in {"cuda", "mps", "cpu"}
    with pytest.raises(BadInput, match="device: 'abacus' is not there"):
        choose_device("abacus")
