"""The commands `helo train` and `helo evaluate`, as processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from benchmarks.abstention import SIGNALS, recorded, share_abstained, ticks_of
from model.data.simulated import Task, participant_windows
from model.header import model_path, read_header
from model.learning.scores import SCORES, scores
from model.predictor import Predictor
from pipeline.modalities import EEG_CHANNELS, EMOTIONS
from pipeline.simulation.participant import SIMULATOR_VERSION
from tests.command import helo, refused_here, wait_for

SHORT = ("--subjects", "4", "--minutes", "2.5", "--hop", "3", "--epochs", "1")


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load(model_path("shipped"), "cpu")


def test_train_writes_a_checkpoint_that_the_predictor_takes(tmp_path):
    out = tmp_path / "new" / "model.safetensors"
    done = helo("train", *SHORT, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["training"]["participants"] == 3
    assert f"train {' '.join(SHORT)}" in summary["training"]["command"]
    predictor = Predictor.load(out, "cpu")
    predictor.warm_up()
    assert predictor.header.demonstration
    assert predictor.header.training.simulator_version == SIMULATOR_VERSION


def test_evaluate_prints_the_scores_of_every_method_as_json(tmp_path):
    names = "mean-label,knn,helo"
    done = helo("evaluate", *SHORT, "--folds", "3", "--methods", names, "--cache", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    table = json.loads(done.stdout)
    assert {key: table[key] for key in ("protocol", "data", "subjects", "normalization")} == {
        "protocol": "loso",
        "data": "simulated",
        "subjects": 4,
        "normalization": "causal",
    }
    assert table["windows"] > 100
    assert table["trials"] == 8
    assert set(table["methods"]) == {"mean-label", "knn", "helo"}
    parts = {"window", "trial", "difference_to_mean_label"}
    for name, method in table["methods"].items():
        assert set(method) == (parts if name == "helo" else parts | {"difference_to_helo"})
        for part in method.values():
            assert set(part) == set(SCORES)
            assert all(set(spread) == {"mean", "low", "high"} for spread in part.values())


def test_evaluate_prints_a_table_for_people(tmp_path):
    report = tmp_path / "report.html"
    names = "mean-label,knn,knn@trial"
    done = helo("evaluate", *SHORT, "--methods", names, "--cache", str(tmp_path), "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert "mean-label" in done.stdout
    assert "per trial, less the mean label's" in done.stdout
    assert "cannot run live" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "What was chosen" in report.read_text()


@pytest.mark.parametrize(("arguments", "expected"), [
    (("evaluate", "--data", "moon"), "--data: 'moon' is not known"),
    (("evaluate", "--protocol", "random"), "--protocol: 'random' is not known"),
    (("evaluate", "--methods", "oracle"), "--methods: oracle is not known"),
    (("evaluate", "--train-on", "S1"), "one goes with the other"),
    (("evaluate", "--ratings", "r.csv"), "--ratings: belongs to --data sessions:DIR"),
    (("train", "--out", "m.safetensors", "--data", "sessions:here"), "--ratings: is missing"),
    (("train", "--out", "m.safetensors", "--data", "dmer:/nowhere"), "/nowhere: has no .mat file"),
    (("evaluate", "--data", "wesad:/nowhere"), "/nowhere/windows.csv: cannot be read"),
    (("train", "--out", f"{__file__}/m.safetensors"), "--out: "),
    (("train", "--out", f"{__file__}/new/m.safetensors"), "test_model_command.py is no folder"),
    (("train", "--out", "m.safetensors", "--report", str(Path(__file__).parent)), "is a folder; give a file"),
    (("evaluate", "--cache", __file__), "--cache: "),
    (("evaluate", "--cache", f"{__file__}/kept"), "test_model_command.py is no folder"),
    (("evaluate", "--report", f"{__file__}/r.html"), "--report: "),
    (("train", "--out", "m.safetensors", "--device", "abacus"), "device: 'abacus' is not there"),
])  # fmt: skip
def test_bad_input_is_one_line(arguments, expected):
    assert expected in refused_here(*arguments)


def test_bad_input_ends_in_that_line_and_status_2():
    done = helo("train", "--out", "model.pt")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "helo: --out: model.pt does not end in .safetensors; give a file name that does\n"


def test_a_training_that_was_killed_goes_on_to_the_same_weights(tmp_path):
    # Epochs long enough for a kill to come between two of them.
    arguments = ["--subjects", "4", "--minutes", "2.5", "--hop", "0.5", "--epochs", "10", "--json", "--out"]
    whole = tmp_path / "whole" / "model.safetensors"
    assert helo("train", *arguments, str(whole)).returncode == 0
    killed = tmp_path / "killed" / "model.safetensors"
    unfinished = killed.with_suffix(".unfinished")
    process = subprocess.Popen([sys.executable, "-m", "pipeline.cli.main", "train", *arguments, str(killed)])
    wait_for(lambda: unfinished.exists() or process.poll() is not None, within_s=150)
    process.kill()
    process.wait()
    assert unfinished.exists()
    done = helo("train", *arguments, str(killed))
    assert done.returncode == 0, done.stderr
    assert not unfinished.exists()
    first, second = (load_file(path) for path in (whole, killed))
    for name, array in first.items():
        np.testing.assert_array_equal(second[name], array, err_msg=name)


class TestShipped:
    """The checkpoint that comes with helo."""

    def test_it_says_what_it_is(self, predictor):
        header = read_header(model_path("shipped"))
        assert header == predictor.header
        assert header.demonstration
        assert header.emotions == EMOTIONS
        assert header.eeg_channels == EEG_CHANNELS
        assert list(header.modalities) == ["EEG", "GSR", "PPG", "Face"]
        assert header.training.simulator_version == SIMULATOR_VERSION
        assert "simulated" in header.training.description
        assert header.training.command.startswith("helo train")

    def test_it_is_small(self):
        assert model_path("shipped").stat().st_size < 5_000_000

    def test_it_follows_the_state_of_a_participant_it_has_not_seen(self, predictor):
        windows = participant_windows(Task("new", seed=4, minutes=8, hop_s=2.0))
        found = predictor.predict(windows.features, windows.present)
        learned = scores(windows.labels, found.distribution)["kl"].mean()
        constant = scores(windows.labels, np.tile(predictor.header.mean_label, (len(windows), 1)))["kl"].mean()
        assert learned < 0.7 * constant
        together = [np.corrcoef(windows.labels[:, k], found.distribution[:, k])[0, 1] for k in range(10)]
        assert np.mean(together) > 0.5

    def test_its_intervals_cover_about_nine_in_ten(self, predictor):
        parts = [participant_windows(Task(f"new{seed}", seed=seed, minutes=5, hop_s=5.0)) for seed in range(20, 28)]
        inside = []
        for windows in parts:
            found = predictor.predict(windows.features, windows.present)
            inside.append((windows.labels >= found.low) & (windows.labels <= found.high))
        assert 0.85 <= np.concatenate(inside).mean() <= 0.95

    def test_it_abstains_on_what_is_no_such_signal_and_not_on_new_participants(self, predictor):
        people = [recorded(seed, 120) for seed in range(900, 904)]
        rng = np.random.default_rng(0)
        abstained = {
            name: share_abstained(predictor, [tick for one in people for tick in ticks_of(SIGNALS[name](one, rng))])
            for name in ("clean", "noise in all", "EEG x 10", "GSR and PPG swapped")
        }
        assert abstained.pop("clean") <= 0.05
        assert min(abstained.values()) >= 0.95, abstained


def test_wesads_wrist_recordings_are_read_with_their_ratings(shared_data):
    from model.data.wesad import WRIST, read_wesad

    windows = read_wesad(shared_data / "wesad_wrist")
    assert windows.subjects == [f"S{number}" for number in range(2, 10)]
    assert tuple(windows.features) == WRIST
    assert len(set(windows.groups().tolist())) == 40
    assert windows.present.mean() > 0.9
    assert windows.notes == ("S5, Medi 1: no rating of Nervous; read as 1, not at all",)
    np.testing.assert_allclose(windows.labels.sum(1), 1, atol=1e-5)
