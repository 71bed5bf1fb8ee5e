"""Distance from the training data, and the rule by which an estimate abstains."""

import msgspec
import numpy as np
import pytest

from model.abstention import NO_BETTER, NOTHING_PRESENT, UNLIKE, abstentions
from model.distance import Distance, read_distances
from model.header import MEAN_LABEL, read_header
from model.learning.distance import fit_distances
from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.network.settings import NetworkSettings

TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2), epochs=3, windows_per_epoch=256
)
MODALITIES = ("EEG", "GSR", "PPG", "Face")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, make_windows):
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    make_model(make_windows(n_subjects=8), TINY, path, "helo train")
    return path


@pytest.fixture(scope="module")
def distances(checkpoint):
    return read_distances(checkpoint, read_header(checkpoint))


@pytest.fixture(scope="module")
def new(make_windows):
    return make_windows(n_subjects=4, seed=11)


def _beyond(distances, features):
    return np.mean([distances[name](array) > 1 for name, array in features.items()])


def test_new_participants_are_rarely_beyond_the_limit(distances, new):
    assert _beyond(distances, new.features) < 0.02


@pytest.mark.parametrize("name", MODALITIES)
@pytest.mark.parametrize("change", [
    pytest.param(lambda a, _rng: 10 * a, id="another scale"),
    pytest.param(lambda a, _rng: a + 20, id="another offset"),
    pytest.param(lambda a, rng: 3 * a.std(0) * rng.normal(size=a.shape), id="noise"),
])  # fmt: skip
def test_what_is_unlike_the_training_data_is_beyond_the_limit(distances, new, name, change):
    changed = change(new.features[name], np.random.default_rng(0)).astype(np.float32)
    assert (distances[name](changed) > 1).mean() > 0.95


def test_features_that_do_not_go_together_are_far_even_where_each_is_usual():
    """Their correlation is what noise of the right scale lacks."""
    rng = np.random.default_rng(0)
    together = np.repeat(rng.normal(size=(500, 1)), 12, 1) + 0.3 * rng.normal(size=(500, 12))
    covariance = np.cov(together.T)
    whitening = np.linalg.inv(np.linalg.cholesky(0.95 * covariance + 0.05 * np.eye(12))).astype(np.float32)
    distance = Distance(np.zeros((2, 6), np.float32), np.ones((2, 6), np.float32), whitening, 1.0)
    alone = rng.normal(size=(500, 12))
    near, far = (distance(rows.reshape(-1, 2, 6).astype(np.float32)) for rows in (together, alone))
    assert np.quantile(near, 0.99) < np.quantile(far, 0.01)


def test_a_distance_is_the_same_bits_whatever_its_neighbours(distances, new):
    for name, array in new.features.items():
        together = distances[name](array)
        for row in (0, 7, 159):
            assert distances[name](array[row : row + 1])[0] == together[row]


def test_a_value_beyond_all_measure_counts_as_the_network_sees_it(distances, new):
    absurd = new.features["Face"][:2].copy()
    absurd[0, 0, 3] = 1e30
    absurd[1, 0, 3] = 1e6
    found = distances["Face"](absurd)
    assert np.isfinite(found).all()
    changed = absurd.copy()
    changed[0, 0, 3] = 1e6
    np.testing.assert_array_equal(distances["Face"](changed)[0], found[0])


def test_a_modality_that_no_training_window_has_is_unlike_the_training_data(make_windows):
    from model.learning.train import train_network

    windows = make_windows(n_subjects=4)
    windows.present[:, 1] = False
    parts = windows.of(["S0", "S1", "S2"]), windows.of(["S3"])
    found = fit_distances(train_network(*parts, TINY).network, *parts)
    assert (found["GSR"](windows.features["GSR"]) > 1).all()
    assert (found["EEG"](windows.features["EEG"]) > 1).mean() < 0.05


class TestRule:
    """What the rule says of modalities, distances and intervals."""

    @pytest.fixture
    def header(self, checkpoint):
        return read_header(checkpoint)

    def _says(self, header, present, distance):
        return abstentions(header, np.array([present]), np.array([distance], np.float32))[0]

    def test_an_estimate_stands_where_nothing_is_amiss(self, header):
        assert self._says(header, [True] * 4, [0.5, 0.9, 1.0, 0.1]) == ""
        assert self._says(header, [True, False, False, False], [0.5, np.nan, np.nan, np.nan]) == ""

    def test_nothing_present(self, header):
        assert self._says(header, [False] * 4, [np.nan] * 4) == NOTHING_PRESENT

    def test_a_strange_modality_is_named(self, header):
        assert self._says(header, [True] * 4, [1.1, 0.5, 0.5, 7.0]) == f"EEG, Face: {UNLIKE}"

    def test_a_set_of_modalities_that_did_worse_than_the_mean_label(self, header):
        wide = {**header.intervals, "GSR": tuple(1.2 * width for width in header.intervals[MEAN_LABEL])}
        worse = msgspec.structs.replace(header, intervals=wide)
        assert self._says(worse, [False, True, False, False], [np.nan, 0.5, np.nan, np.nan]) == f"GSR: {NO_BETTER}"
        assert self._says(worse, [True] * 4, [0.5] * 4) == ""
        far = self._says(worse, [False, True, False, False], [np.nan, 2, np.nan, np.nan])
        assert far == f"GSR: {UNLIKE}; GSR: {NO_BETTER}"
