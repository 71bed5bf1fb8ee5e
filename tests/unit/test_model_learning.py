from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.learning.baselines import mean_label
from model.learning.evaluate import split_validation
from model.learning.intervals import conformal_widths, quantile
from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.learning.scores import scores
from model.learning.train import Run, estimate, hide_modalities, shrunk, train_network
from model.network.labels import cosine_correlation, label_correlation
from model.network.settings import NetworkSettings
from pipeline.errors import BadInput

TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2, dropout=0.1, drop_key=0.1),
    epochs=8,
    batch=16,
    windows_per_epoch=400,
)


@pytest.fixture(scope="module")
def parts(make_windows):
    windows = make_windows(n_subjects=6, n_windows=100)
    return windows.of(["S0", "S1", "S2", "S3"]), windows.of(["S4"]), windows.of(["S5"])


@pytest.fixture(scope="module")
def trained(parts):
    return train_network(parts[0], parts[1], TINY)


def test_training_follows_the_labels_of_new_participants(parts, trained):
    learned = scores(parts[2].labels, estimate(trained.network, parts[2]))["kl"].mean()
    constant = scores(parts[2].labels, mean_label(parts[0], parts[2], TINY)[""])["kl"].mean()
    assert learned < 0.8 * constant


def test_the_same_seed_gives_the_same_weights(parts, trained):
    again = train_network(parts[0], parts[1], TINY)
    np.testing.assert_array_equal(estimate(again.network, parts[2]), estimate(trained.network, parts[2]))
    other = train_network(parts[0], parts[1], msgspec.structs.replace(TINY, seed=1))
    assert not np.array_equal(estimate(other.network, parts[2]), estimate(trained.network, parts[2]))


def test_the_kept_weights_are_those_of_the_best_epoch(parts):
    seen = []
    trained = train_network(parts[0], parts[1], TINY, lambda epoch: seen.append(epoch.validation_kl))
    assert [epoch.validation_kl for epoch in trained.history] == seen
    kl = scores(parts[1].labels, estimate(trained.network, parts[1]))["kl"].mean()
    assert kl == pytest.approx(min(seen), abs=2e-5)
    assert seen[trained.epochs - 1] == pytest.approx(min(seen), abs=2e-5)


def test_shrinking_a_network_shrinks_its_departure_from_the_prior(parts):
    trained = train_network(parts[0], parts[1], TINY)
    before, prior = estimate(trained.network, parts[2]), parts[0].mean_label()
    trained.network.shrink(0.5)
    np.testing.assert_allclose(estimate(trained.network, parts[2]), shrunk(before, prior, 0.5), atol=1e-5)
    np.testing.assert_allclose(shrunk(before, prior, 0.0), np.tile(prior, (len(before), 1)), atol=1e-6)


def test_training_ends_when_validation_does_not_get_better(parts):
    nonsense = msgspec.structs.replace(TINY, learning_rate=0.0, epochs=50, patience=2)
    seen = []
    trained = train_network(parts[0], parts[1], nonsense, lambda epoch: seen.append(epoch.number))
    assert seen == [1, 2]
    assert trained.epochs == 0


def test_a_participant_cannot_be_in_training_and_validation(parts):
    with pytest.raises(ValueError, match="S0, S1, S2, S3 is in training and in validation"):
        train_network(parts[0], parts[0], TINY)


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_hiding_modalities_adds_none_and_leaves_one(seed, probability):
    rng = np.random.default_rng(seed)
    present = rng.random((50, 4)) < 0.7
    kept = hide_modalities(present, probability, rng)
    assert not (kept & ~present).any()
    np.testing.assert_array_equal(kept.any(1), present.any(1))


def _distance_of_correlation(network, labels):
    """Return the greatest difference of the learned correlation to the labels' own, apart from the diagonal's ones."""
    learned, true = cosine_correlation(network.labels()), label_correlation(torch.from_numpy(labels)).mean(0)
    return float((learned - true).fill_diagonal_(0).abs().max().detach())


def test_the_learned_label_correlation_comes_to_match_the_true_one(make_windows):
    """Labels of two groups of emotions that go together, as the simulator's do."""
    windows = make_windows(n_subjects=4, n_windows=40)
    strength = np.random.default_rng(0).normal(size=(len(windows), 2))
    labels = np.exp(np.repeat(1.5 * strength, 5, 1)).astype(np.float32)
    windows = replace(windows, labels=labels / labels.sum(1, keepdims=True))
    options = msgspec.structs.replace(TINY, learning_rate=1e-2, epochs=24)
    found = {}
    for alignment in (0.0, 1.0):
        settings = msgspec.structs.replace(options.network, alignment=alignment)
        run = Run(windows, msgspec.structs.replace(options, network=settings))
        before = _distance_of_correlation(run.network, windows.labels)
        for _ in range(options.epochs):
            run.step()
        found[alignment] = _distance_of_correlation(run.network, windows.labels)
        assert before > 0.5
    assert found[1.0] < 0.1
    assert found[0.0] > 0.5


def test_hiding_with_probability_zero_hides_nothing():
    present = np.ones((20, 4), np.bool_)
    np.testing.assert_array_equal(hide_modalities(present, 0.0, np.random.default_rng(0)), present)


def test_validation_needs_two_participants():
    assert [len(part) for part in split_validation(["a", "b"], 0)] == [1, 1]
    with pytest.raises(ValueError, match="at least two"):
        split_validation(["a"], 0)


def test_intervals_cover_nine_in_ten_labels(parts, trained):
    widths = conformal_widths(trained.network, parts[1], parts[0].mean_label())
    covered = np.abs(parts[1].labels - estimate(trained.network, parts[1])) <= np.asarray(widths["EEG+GSR+PPG+Face"])
    assert (covered.mean(0) >= 0.9).all()
    assert (covered.mean(0) < 0.95).all()


def test_the_mean_labels_intervals_stand_beside_those_of_the_modalities(parts, trained):
    prior = parts[0].mean_label()
    widths = conformal_widths(trained.network, parts[1], prior)
    assert ((np.abs(parts[1].labels - prior) <= np.asarray(widths[""])).mean(0) >= 0.9).all()
    assert sum(widths["EEG+GSR+PPG+Face"]) < sum(widths[""])


def test_the_conformal_quantile_is_the_rank_that_the_theorem_asks_for():
    residuals = np.arange(1, 20)[:, None] / 100
    assert quantile(residuals) == pytest.approx([0.18])
    assert quantile(residuals[:5]) == pytest.approx([1.0])


class Interrupted(Exception):  # noqa: N818 - it is no error
    """Stands for a kill: nothing after it is done."""


def test_an_interrupted_training_goes_on_to_the_same_weights(parts, trained, tmp_path):
    unfinished = tmp_path / "model.unfinished"

    def interrupt(epoch):
        if epoch.number == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        train_network(parts[0], parts[1], TINY, interrupt, unfinished)
    np.random.default_rng(5).random(7)
    torch.rand(7)  # whatever else draws meanwhile
    seen = []
    again = train_network(parts[0], parts[1], TINY, lambda epoch: seen.append(epoch.number), unfinished)
    assert seen[0] == 4
    assert again.history == trained.history
    for name, tensor in trained.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], tensor), name
    assert not unfinished.exists()


def test_an_interrupted_training_of_other_options_is_not_gone_on_with(parts, tmp_path):
    unfinished = tmp_path / "model.unfinished"

    def interrupt(_epoch):
        raise Interrupted

    with pytest.raises(Interrupted):
        train_network(parts[0], parts[1], TINY, interrupt, unfinished)
    seen = []
    other = msgspec.structs.replace(TINY, seed=1, epochs=2)
    train_network(parts[0], parts[1], other, lambda epoch: seen.append(epoch.number), unfinished)
    assert seen == [1, 2]


@pytest.mark.parametrize("taken", ["m.unfinished.part", "m.safetensors"])
def test_a_file_that_cannot_be_written_after_all_is_named(make_windows, tmp_path, taken):
    (tmp_path / taken).mkdir()
    options = msgspec.structs.replace(TINY, epochs=1)
    with pytest.raises(BadInput, match=f"--out: .*{taken}: cannot be written .* make room, or give another place"):
        make_model(make_windows(n_subjects=3, n_windows=20), options, tmp_path / "m.safetensors", "")


def test_an_unfinished_training_that_cannot_be_read_is_named(parts, tmp_path):
    unfinished = tmp_path / "model.unfinished"
    unfinished.write_bytes(b"nothing of the kind")
    with pytest.raises(BadInput, match=r"model\.unfinished: cannot be read"):
        train_network(parts[0], parts[1], TINY, unfinished=unfinished)


def _never_felt(windows, *emotions):
    labels = windows.labels * [emotion not in emotions for emotion in windows.emotions]
    return replace(windows, labels=(labels / labels.sum(1, keepdims=True)).astype(np.float32))


def test_an_emotion_that_nobody_has_felt_is_named_before_training(make_windows, tmp_path):
    windows = make_windows(n_subjects=4, n_windows=20)
    first, second = windows.emotions[2], windows.emotions[5]
    told = []
    with pytest.raises(BadInput, match=f"{first}, {second}: no participant to learn from has ever rated .* rate more"):
        make_model(_never_felt(windows, first, second), TINY, tmp_path / "m.safetensors", "", told.append)
    assert told == []
    assert list(tmp_path.iterdir()) == []


def test_an_emotion_that_only_validation_participants_have_felt_names_the_seed(make_windows, tmp_path):
    windows = make_windows(n_subjects=4, n_windows=20)
    training, _ = split_validation(windows.subjects, TINY.seed)
    never = _never_felt(windows, windows.emotions[0])
    labels = np.where(np.isin(windows.subject, training)[:, None], never.labels, windows.labels)
    with pytest.raises(BadInput, match="or let others be for validation by --seed"):
        make_model(replace(windows, labels=labels), TINY, tmp_path / "m.safetensors", "")


def test_a_network_learns_from_a_fold_in_which_nobody_has_felt_an_emotion(parts):
    training = _never_felt(parts[0], parts[0].emotions[2])
    run = Run(training, TINY)
    np.testing.assert_allclose(estimate(run.network, parts[2]), mean_label(training, parts[2], TINY)[""], atol=1e-6)
    assert np.isfinite(run.step())
    assert np.isfinite(estimate(run.network, parts[2])).all()


def test_data_that_are_not_finite_write_no_weights(make_windows, tmp_path):
    windows = make_windows(n_subjects=4, n_windows=20)
    windows.labels[3] = np.nan
    told = []
    with pytest.raises(BadInput, match="the validation KL is nan before training has begun"):
        make_model(windows, TINY, tmp_path / "m.safetensors", "", told.append)
    assert told == []
    assert list(tmp_path.iterdir()) == []


def test_a_training_report_stands_alone_and_shows_curves_and_correlation(make_windows, tmp_path):
    windows = make_windows(n_subjects=4, n_windows=40)
    options = msgspec.structs.replace(TINY, epochs=2)
    make_model(windows, options, tmp_path / "m.safetensors", "helo train <b>", report=tmp_path / "new" / "r.html")
    text = (tmp_path / "new" / "r.html").read_text()
    assert "helo train &lt;b&gt;" in text
    for shown in ("loss, training", "KL, validation", "of the training labels", "EEG+GSR+PPG+Face", "mean-label"):
        assert shown in text
    assert text.count("<!doctype html>") == 1
    assert "src=" not in text.replace('src="data:', "")[:5000]
