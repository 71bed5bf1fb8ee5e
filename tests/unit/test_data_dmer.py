import csv

import numpy as np
import pytest
from scipy.io import savemat

from model.data.dmer import read_dmer
from model.data.ratings import ambivalence, intensity
from model.header import fits, read_header
from model.learning.evaluate import evaluate
from model.learning.make import make_model
from model.learning.options import TrainOptions
from model.learning.plan import PROTOCOLS, make_plan
from model.network.settings import NetworkSettings
from pipeline.errors import BadInput
from pipeline.modalities import EMOTIONS
from pipeline.session.settings_file import parse_session

PER_CLIP = 6


def write_dmer(folder, n_subjects=3, n_clips=4, first_clip=0, seed=0):
    """Write a folder of DMER's layout; clips of `vids` count from `first_clip`, those of Panas.csv from 1."""
    rng = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    for number in range(1, n_subjects + 1):
        clips = np.repeat(np.arange(n_clips) + first_clip, PER_CLIP)
        content = {"feas": rng.normal(size=(len(clips), 913)), "vids": clips[:, None].astype(float)}
        savemat(folder / f"{number}.mat", content)
    rows = [
        {"Subject": number, "Video": clip + 1, **{item: int(rng.integers(1, 6)) for item in EMOTIONS}}
        for number in range(1, n_subjects + 1)
        for clip in range(n_clips)
    ]
    write_panas(folder, rows)
    return rows


def write_panas(folder, rows):
    with (folder / "Panas.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path):
    write_dmer(tmp_path)
    return tmp_path


def _rewrite(folder, **changes):
    rng = np.random.default_rng(1)
    content = {"feas": rng.normal(size=(12, 913)), "vids": np.repeat([0.0, 1.0], 6)[:, None]} | changes
    savemat(folder / "2.mat", {name: value for name, value in content.items() if value is not None})


def test_columns_become_modalities_and_ratings_become_labels(tmp_path):
    rows = write_dmer(tmp_path)
    windows = read_dmer(tmp_path)
    assert windows.subjects == ["01", "02", "03"]
    assert windows.shapes == {"EEG": (18, 5), "GSR": (28,), "PPG": (27,), "Face": (768,)}
    assert len(windows) == 3 * 4 * PER_CLIP
    assert windows.family == "dmer"
    rated = np.array([rows[5][item] for item in EMOTIONS], np.float32)  # participant 2, clip 2
    mine = (windows.subject == "02") & (windows.trial == "clip-02")
    assert mine.sum() == PER_CLIP
    np.testing.assert_allclose(windows.labels[mine], np.tile(rated / rated.sum(), (PER_CLIP, 1)), rtol=1e-6)
    np.testing.assert_array_equal(windows.ratings[mine][0], rated)
    np.testing.assert_allclose(intensity(windows.ratings)[mine][0], rated.mean())
    assert ambivalence(windows.ratings, EMOTIONS)[mine][0] == pytest.approx(min(rated[:5].mean(), rated[5:].mean()))


def test_every_column_has_its_place(tmp_path):
    write_dmer(tmp_path, n_clips=2)
    _rewrite(tmp_path, feas=np.tile(np.arange(913.0), (12, 1)))
    made = {name: array[12, 0] for name, array in read_dmer(tmp_path).features.items()}
    assert made["EEG"][3, 2] == 2 + 5 * 3
    assert made["GSR"][0] == 90
    assert made["PPG"][0] == 118
    assert made["Face"][[0, -1]].tolist() == [145, 912]


def test_the_relative_half_looks_only_back(folder):
    windows = read_dmer(folder)
    gsr = windows.of(["01"]).features["GSR"]
    assert (gsr[0, 1] == 0).all()
    past = gsr[:10, 0].astype(np.float64)
    expected = np.clip((gsr[10, 0] - past.mean(0)) / past.std(0), -5, 5) * 10 / 40
    np.testing.assert_allclose(gsr[10, 1], expected, rtol=1e-4, atol=1e-5)


def test_clips_may_count_from_one_in_both_files(tmp_path):
    write_dmer(tmp_path / "zero", first_clip=0)
    write_dmer(tmp_path / "one", first_clip=1)
    zero, one = read_dmer(tmp_path / "zero"), read_dmer(tmp_path / "one")
    np.testing.assert_array_equal(zero.labels, one.labels)
    np.testing.assert_array_equal(zero.trial, one.trial)


@pytest.mark.parametrize(("changes", "expected"), [
    ({"vids": None}, r"2\.mat: vids: is missing"),
    ({"feas": None}, r"2\.mat: feas: is missing"),
    ({"feas": np.zeros((12, 912))}, r"2\.mat: feas: has shape \(12, 912\), not \(n, 913\)"),
    ({"vids": np.zeros((11, 1))}, r"2\.mat: vids: has shape \(11, 1\), not \(12, 1\)"),
    ({"vids": np.full((12, 1), 0.5)}, r"2\.mat: vids: holds numbers that are not whole"),
    ({"feas": np.where(np.arange(913) == 7, np.nan, np.zeros((12, 1)))}, r"feas: row 0, column 7 is not finite"),
    ({"feas": np.array(["text"] * 12)}, r"2\.mat: feas: holds"),
    ({"vids": np.full((12, 1), 9.0)}, r"Panas\.csv: has no ratings of participant 2 for clip 10"),
])  # fmt: skip
def test_a_mat_file_that_is_wrong_is_named_with_its_field(folder, changes, expected):
    _rewrite(folder, **changes)
    with pytest.raises(BadInput, match=expected):
        read_dmer(folder)


def test_a_complex_feature_is_read_as_its_real_part(folder):
    _rewrite(folder, feas=np.full((12, 913), 3 + 4j))
    assert (read_dmer(folder).of(["02"]).features["GSR"][:, 0] == 3).all()


@pytest.mark.parametrize(("change", "expected"), [
    ({"Alert": "much"}, r"Panas\.csv: line 2: Alert: 'much' is not a rating"),
    ({"Alert": ""}, r"Panas\.csv: line 2: Alert: '' is not a rating"),
    ({"Alert": -1}, r"line 2: Alert: '-1' is not a rating"),
    ({"Subject": "somebody"}, r"line 2: Subject: 'somebody' does not end in a number"),
    ({"Video": 2}, r"line 3: participant 1 has rated clip 2 before"),
    (dict.fromkeys(EMOTIONS, 0), r"line 2: every rating is 0"),
])  # fmt: skip
def test_a_rating_that_is_wrong_is_named_with_its_line(tmp_path, change, expected):
    rows = write_dmer(tmp_path)
    write_panas(tmp_path, [rows[0] | change, *rows[1:]])
    with pytest.raises(BadInput, match=expected):
        read_dmer(tmp_path)


def test_a_missing_column_a_missing_file_and_what_is_no_mat_file_are_named(tmp_path):
    with pytest.raises(BadInput, match=r"has no \.mat file"):
        read_dmer(tmp_path)
    rows = write_dmer(tmp_path)
    write_panas(tmp_path, [{name: value for name, value in row.items() if name != "Upset"} for row in rows])
    with pytest.raises(BadInput, match=r"Panas\.csv: column upset is missing"):
        read_dmer(tmp_path)
    (tmp_path / "Panas.csv").unlink()
    with pytest.raises(BadInput, match=r"has 0 files named Panas\.csv"):
        read_dmer(tmp_path)
    write_panas(tmp_path, rows)
    (tmp_path / "2.mat").write_bytes(b"nothing of the kind" * 20)
    with pytest.raises(BadInput, match=r"2\.mat: cannot be read as a \.mat file"):
        read_dmer(tmp_path)
    (tmp_path / "2.mat").rename(tmp_path / "somebody.mat")
    with pytest.raises(BadInput, match="does not end in a participant's number"):
        read_dmer(tmp_path)
    (tmp_path / "somebody.mat").rename(tmp_path / "sub-01.mat")
    with pytest.raises(BadInput, match=r"another \.mat file is of participant 1 too"):
        read_dmer(tmp_path)


def test_dmers_layout_goes_through_training_and_all_three_protocols(tmp_path):
    write_dmer(tmp_path, n_subjects=3, n_clips=3)
    windows = read_dmer(tmp_path)
    options = TrainOptions(
        network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2), epochs=1, windows_per_epoch=32
    )
    header = make_model(windows, options, tmp_path / "m.safetensors", "helo train")
    assert header.family == "dmer"
    assert read_header(tmp_path / "m.safetensors") == header
    streams = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}}
    content = {"session": "s", "participants": {"P1": {"consent": "c", "streams": streams}}}
    assert fits(header, parse_session(content, "s.yaml")) is None
    for protocol in PROTOCOLS:
        plan = make_plan(windows, protocol, None, 0)
        names = ["helo", "ridge", "condition"]
        found = evaluate(windows, names, plan, options)
        assert list(found.scores) == names
        assert len(found.tested) == len(windows)
