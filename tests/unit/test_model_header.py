import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save_file

from model.header import MEAN_LABEL, Header, fits, model_hash, model_path, patterns, read_header, stands_in
from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.network.settings import NetworkSettings
from model.predictor import Predictor
from pipeline.errors import BadInput
from pipeline.session.settings_file import parse_session
from tests.checkpoints import owned_by, rewrite

TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2), epochs=1, windows_per_epoch=256
)


@pytest.fixture(scope="module")
def made(make_windows, tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "models" / "tiny.safetensors"
    make_model(make_windows(), TINY, path, "helo train")
    return path


@pytest.fixture
def checkpoint(made, tmp_path):
    return Path(shutil.copy(made, tmp_path))


def _refusal(path, read=read_header):
    with pytest.raises(BadInput) as caught:
        read(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


def test_the_header_says_what_the_model_is(checkpoint):
    header = read_header(checkpoint)
    assert list(header.modalities) == ["EEG", "GSR", "PPG", "Face"]
    assert header.modalities["Face"].kind == "behavioural"
    assert header.network == TINY.network
    assert header.training.participants + header.training.validation_participants == 6
    assert header.training.command == "helo train"
    assert set(header.metrics) == {"helo", "mean-label", "knn"}
    assert set(header.intervals) == {MEAN_LABEL, *patterns(tuple(header.modalities))}
    assert len(header.intervals) == 16
    assert not header.demonstration
    assert sum(header.mean_label) == pytest.approx(1)


def test_a_missing_file_is_refused(tmp_path):
    assert "no such model file" in _refusal(tmp_path / "none.safetensors")


def test_a_file_that_is_no_safetensors_file_is_refused(tmp_path):
    path = tmp_path / "text.safetensors"
    path.write_text("not a model")
    assert "is not a readable safetensors file" in _refusal(path)


def test_a_safetensors_file_without_a_header_is_refused(tmp_path):
    path = tmp_path / "bare.safetensors"
    save_file({"x": np.zeros(3, np.float32)}, path)
    assert "has no 'helo' entry" in _refusal(path)


@pytest.mark.parametrize(("change", "expected"), [
    (lambda h: h.update(surprise=1), "surprise"),
    (lambda h: h.pop("emotions"), "emotions"),
    (lambda h: h.update(version=99), "version 99 is not 2"),
    (lambda h: h.update(family="other"), "$.family"),
    (lambda h: h.update(family="dmer"), "modalities.GSR: features (12,) of 5 s are not the (28,)"),
    (lambda h: h.update(mean_label=[0.5, 0.5]), "mean_label is not a distribution"),
    (lambda h: h.update(emotions=["Calm"] * 10), "are not two or more different names"),
    (lambda h: h["modalities"].update(Smell=h["modalities"]["GSR"]), "Smell is not one of"),
    (lambda h: h["modalities"]["GSR"].update(shape=[13]), "modalities.GSR: features (13,) of 5 s are not the (12,)"),
    (lambda h: h["modalities"]["GSR"].update(window_s=4.0), "of 4 s are not"),
    (lambda h: h["modalities"]["Face"].update(kind="physiological"), "kind physiological is not behavioural"),
    (lambda h: h.update(eeg_channels=["Fp1"]), "modalities.EEG"),
    (lambda h: h["intervals"].pop("GSR+Face"), "intervals: none for GSR+Face"),
    (lambda h: h["intervals"].pop(""), "intervals: none for the mean label"),
    (lambda h: h["intervals"].update(GSR=[2.0] * 10), "intervals.GSR is not 10 half-widths"),
    (lambda h: h["network"].update(layers=3), "layers"),
])  # fmt: skip
def test_a_header_that_contradicts_itself_is_refused(checkpoint, change, expected):
    rewrite(checkpoint, change_header=change)
    assert expected in _refusal(checkpoint)


def test_a_normalisation_of_another_shape_is_refused(checkpoint):
    rewrite(checkpoint, change_tensors=lambda t: t.update({"normalisation.GSR.scale": np.ones((2, 11), np.float32)}))
    assert "normalisation.GSR.scale is (2, 11), not (2, 12)" in _refusal(checkpoint)


@pytest.mark.parametrize(("change", "expected"), [
    (lambda t: t.pop("distance.GSR.limit"), "distance.GSR.limit is missing, not ()"),
    (
        lambda t: t.update({"distance.GSR.whitening": np.eye(23, dtype=np.float32)}),
        "distance.GSR.whitening is (23, 23), not (24, 24)",
    ),
])  # fmt: skip
def test_a_distance_of_another_shape_is_refused(checkpoint, change, expected):
    rewrite(checkpoint, change_tensors=change)
    assert expected in _refusal(checkpoint)


@pytest.mark.parametrize(("change", "expected"), [
    (lambda t: t.pop("labels.weight"), "tensor labels.weight is missing"),
    (lambda t: t.update(extra=np.zeros(2, np.float32)), "tensor extra belongs to no part"),
    (lambda t: t.update({"labels.weight": np.zeros((10, 4), np.float32)}), "labels.weight is (10, 4), not (10, 16)"),
])  # fmt: skip
def test_weights_that_do_not_fit_the_network_are_refused(checkpoint, change, expected):
    rewrite(checkpoint, change_tensors=change)
    assert expected in _refusal(checkpoint, Predictor.load)


def test_the_hash_changes_with_any_weight(checkpoint):
    before = model_hash(checkpoint)
    assert model_hash(checkpoint) == before
    rewrite(checkpoint, change_tensors=lambda t: t.update({"labels.weight": t["labels.weight"] + 1e-3}))
    assert model_hash(checkpoint) != before


def test_a_model_is_shipped_or_a_path(checkpoint):
    assert model_path(str(checkpoint)) == checkpoint
    with pytest.raises(BadInput, match="no such model file"):
        model_path("elsewhere.safetensors")


def _session(use):
    streams = {"one": {"match": {"type": use}, "use": use}}
    return parse_session({"session": "s", "participants": {"P1": {"consent": "c", "streams": streams}}}, "s.yaml")


def test_a_model_fits_a_session_that_has_one_of_its_modalities(checkpoint):
    header = read_header(checkpoint)
    assert fits(header, _session("GSR")) is None
    sentence = fits(header, _session("Temperature"))
    assert sentence is not None
    assert "participants.P1 has Temperature" in sentence
    assert "no modality" in (fits(header, _session("record")) or "")


def test_a_model_of_the_same_features_and_emotions_can_stand_in_for_another(checkpoint):
    runs = read_header(checkpoint)
    rewrite(checkpoint, change_header=owned_by("P1"))
    assert stands_in(read_header(checkpoint), runs) is None


@pytest.mark.parametrize(("change", "expected"), [
    ({"emotions": ("Calm", "Tense")}, "it estimates Calm, Tense, and the model that runs Inspired, Alert"),
    ({"family": "dmer"}, "it takes dmer features of EEG, GSR, PPG, Face, and the model that runs live features of EEG"),
    ({"eeg_channels": ("Fz",)}, "it takes the EEG channels Fz, and the model that runs Fp1 Fp2"),
    ({"demonstration": True}, "it is a demonstration, and the model that runs is none"),
])  # fmt: skip
def test_a_model_that_changes_what_is_built_on_it_cannot_stand_in(checkpoint, change, expected):
    runs = read_header(checkpoint)
    sentence = stands_in(msgspec.structs.replace(runs, **change), runs)
    assert sentence is not None
    assert sentence.startswith(expected)


def test_the_header_is_the_same_after_writing_and_reading(checkpoint):
    header = read_header(checkpoint)
    assert msgspec.json.decode(msgspec.json.encode(header), type=Header) == header
