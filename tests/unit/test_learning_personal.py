"""Personalization: what the offset is, when it is believed, and what the model that was written says."""

import csv

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from model.data.dataset import LabelledWindows
from model.data.rated_trials import read_ratings
from model.data.sessions import read_folders
from model.data.simulated import Task, participant_windows, simulated_windows
from model.header import fits, model_path, read_header
from model.learning.checkpoint import load_network
from model.learning.personal import LEAST_TRIALS, PULLS, Trial, find_offset, fit_offset, trial_kl
from model.learning.personalize import personalize_model
from model.learning.scores import scores
from model.learning.train import estimate
from model.predictor import Predictor
from pipeline.errors import BadInput
from pipeline.session.settings_file import parse_session
from tests.command import helo, helo_json, refused_here
from tests.rated import CLIP_S, write_rated

N_EMOTIONS = 5


def distributions(rng, n_rows, concentration=8.0):
    return rng.dirichlet(np.full(N_EMOTIONS, concentration), n_rows)


def moved(shares, offset):
    powers = shares * np.exp(offset)
    return powers / powers.sum(-1, keepdims=True)


def trials_of(rng, offsets, noise=0.0):
    """Return a trial for each offset, by which its label lies beside its windows' mean."""
    made = []
    for number, offset in enumerate(offsets):
        shares = distributions(rng, 20, 50.0)
        label = moved(shares, offset + rng.normal(0, noise, N_EMOTIONS)).mean(0)
        made.append(Trial(f"film-{number}", shares, label))
    return made


@pytest.mark.parametrize("pull", PULLS)
def test_the_offset_is_at_the_minimum_of_what_it_minimises(pull):
    rng = np.random.default_rng(3)
    trials = trials_of(rng, rng.normal(0, 0.5, (3, N_EMOTIONS)))

    def loss(offset):
        fit = sum(
            np.mean([(trial.label * np.log(trial.label / moved(row, offset))).sum() for row in trial.shares])
            for trial in trials
        )
        return fit + pull / 2 * (offset**2).sum()

    found = fit_offset(trials, pull)
    np.testing.assert_allclose(approx_fprime(found, loss, 1e-7), 0, atol=1e-5)
    assert loss(found) < loss(np.zeros(N_EMOTIONS))


def test_a_single_window_is_moved_onto_its_label_by_nearly_no_pull():
    shares, label = distributions(np.random.default_rng(0), 2)
    np.testing.assert_allclose(
        moved(shares, fit_offset([Trial("a", shares[np.newaxis], label)], 1e-6)), label, atol=1e-4
    )


def test_what_a_participant_always_is_is_found():
    rng = np.random.default_rng(1)
    offset = np.array([0.6, -0.4, 0.0, 0.3, -0.5])
    found = find_offset(trials_of(rng, [offset] * 3, noise=0.05))
    assert found.helps
    assert np.all(found.held_out_kl < found.general_kl)
    (new,) = trials_of(rng, [offset])
    assert trial_kl(new, found.offset) < 0.2 * trial_kl(new, 0.0)


def test_ratings_that_contradict_each_other_move_nothing():
    rng = np.random.default_rng(2)
    offset = np.array([0.8, -0.8, 0.0, 0.4, -0.4])
    found = find_offset(trials_of(rng, [offset, -offset, offset * [1, 1, 1, -1, -1], -offset * [1, 1, 1, -1, -1]]))
    assert not found.helps
    np.testing.assert_array_equal(found.offset, 0)


def test_a_label_with_a_share_of_zero_is_no_trouble():
    rng = np.random.default_rng(4)
    trials = [trial._replace(label=np.array([1.0, 0, 0, 0, 0])) for trial in trials_of(rng, np.zeros((3, N_EMOTIONS)))]
    assert np.isfinite(find_offset(trials).offset).all()


def test_too_few_trials_are_refused():
    with pytest.raises(ValueError, match="2 rated trials, of 3"):
        find_offset(trials_of(np.random.default_rng(0), np.zeros((LEAST_TRIALS - 1, N_EMOTIONS))))


def rated(windows: LabelledWindows, n_trials: int) -> tuple[LabelledWindows, LabelledWindows]:
    """Split one participant's windows: the first clips, each rated once after it, and what comes later."""
    names = list(dict.fromkeys(windows.trial.tolist()))
    rows, labels = [], []
    for name in names[:n_trials]:
        inside = np.flatnonzero(windows.trial == name)
        clip = inside[windows.ends[inside] <= windows.ends[inside[0]] + CLIP_S]
        rows.append(clip)
        labels.append(np.tile(windows.labels[clip].mean(0), (len(clip), 1)))
    first = windows.take(np.concatenate(rows))
    object.__setattr__(first, "labels", np.concatenate(labels).astype(np.float32))
    return first, windows.take(np.isin(windows.trial, names[n_trials:]))


def test_three_rated_clips_bring_the_divergence_down_by_a_fifth_on_simulated_participants(tmp_path):
    general, ours = [], []
    network, _ = load_network(model_path("shipped"))
    windows = simulated_windows(8, 6, hop_s=2.0, seed=4021)
    for subject in windows.subjects:
        first, later = rated(windows.of([subject]), 3)
        outcome = personalize_model(first, model_path("shipped"), tmp_path / f"{subject}.safetensors")
        own = load_network(tmp_path / f"{subject}.safetensors")[0] if outcome.found.helps else network
        general.append(scores(later.labels, estimate(network, later))["kl"].mean())
        ours.append(scores(later.labels, estimate(own, later))["kl"].mean())
    assert np.mean(ours) < 0.8 * np.mean(general)


@pytest.fixture(scope="module")
def simulated() -> LabelledWindows:
    return participant_windows(Task("P001", 91, 5, 1.0))


def test_the_model_that_is_written_estimates_with_the_offset_and_nothing_else_changes(simulated, tmp_path):
    first, later = rated(simulated, 3)
    out = tmp_path / "own.safetensors"
    outcome = personalize_model(first, model_path("shipped"), out)
    assert outcome.found.helps
    general, own = (Predictor.load(path, "cpu") for path in (model_path("shipped"), out))
    said, ours = (predictor.predict(later.features, later.present) for predictor in (general, own))
    np.testing.assert_array_equal(said.abstained, ours.abstained)
    np.testing.assert_array_equal(said.distance, ours.distance)
    estimated = ~said.abstained
    expected = said.distribution[estimated] * np.exp(outcome.found.offset)
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(ours.distribution[estimated], expected, atol=1e-6)
    np.testing.assert_array_equal(ours.distribution[~estimated], said.distribution[~estimated])
    nothing = own.predict({}, np.zeros((1, later.present.shape[1]), bool))
    np.testing.assert_allclose(nothing.distribution[0], own.header.mean_label, atol=1e-6)


def test_a_personal_model_serves_nobody_else(simulated, tmp_path):
    out = tmp_path / "own.safetensors"
    personalize_model(rated(simulated, 3)[0], model_path("shipped"), out)
    header = read_header(out)
    assert header.personalized.participant == "P001"
    assert header.personalized.trials == ("clip-01", "clip-02", "clip-03")
    assert header.description.endswith("; personalized for P001 by 3 trials")
    streams = {"eeg": {"match": {"name": "x"}, "use": "EEG"}}

    def session(code):
        return parse_session({"session": "s", "participants": {code: {"consent": "c", "streams": streams}}}, "test")

    assert fits(header, session("P001")) is None
    assert "is personalized for P001, but the session has participants.P002" in fits(header, session("P002"))
    with pytest.raises(BadInput, match="is personalized for P001 already"):
        personalize_model(rated(simulated, 3)[0], out, tmp_path / "again.safetensors")


def test_trials_without_an_estimate_do_not_count(simulated, tmp_path):
    first, _ = rated(simulated, 3)
    hidden = first.take(np.arange(len(first)))
    hidden.present[hidden.trial == "clip-02"] = False
    with pytest.raises(BadInput, match="has 2 rated trials with an estimate; the model abstained throughout clip-02"):
        personalize_model(hidden, model_path("shipped"), tmp_path / "own.safetensors")


@pytest.fixture
def recorded(simulated, tmp_path):
    """Write what a session leaves, and the ratings of its clips."""
    folder = tmp_path / "pilot"
    folder.mkdir()
    write_rated(folder, tmp_path / "ratings.csv", simulated)
    return folder, tmp_path / "ratings.csv"


def test_the_command_writes_a_model_and_says_what_it_gains(recorded, tmp_path):
    folder, ratings = recorded
    out = tmp_path / "own.safetensors"
    said = helo_json("personalize", str(folder), "--ratings", str(ratings), "--out", str(out))
    assert said["personalized"]
    assert said["out"] == str(out)
    assert said["held_out_kl"] < 0.8 * said["general_kl"]
    assert [trial["trial"] for trial in said["trials"]] == [f"pilot/clip-0{number}" for number in (1, 2, 3)]
    assert read_header(out).personalized.held_out_kl == pytest.approx(said["held_out_kl"])


def test_ratings_that_fit_no_trial_leave_the_general_model(recorded, tmp_path):
    folder, ratings = recorded
    with ratings.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        for place, emotion in enumerate(list(row)[3:]):
            row[emotion] = 30 if place % 3 == number else 1
    with ratings.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    out = tmp_path / "own.safetensors"
    result = helo("personalize", str(folder), "--ratings", str(ratings), "--out", str(out))
    assert result.returncode == 1
    assert "nothing was written, the general model stays" in " ".join(result.stdout.split())
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--participant", "P009"], "participant: no row is of P009; there are P001"),
        (["--out", "own.txt"], "--out: own.txt does not end in .safetensors"),
        (["--out", "README.md/own.safetensors"], "README.md is no folder, so nothing can be written in it"),
        (["--model", "missing.safetensors"], "missing.safetensors: no such model file"),
    ],
)
def test_bad_input_is_one_line(recorded, tmp_path, arguments, sentence):
    folder, ratings = recorded
    given = {"--ratings": str(ratings), "--out": str(tmp_path / "own.safetensors")} | dict([arguments])
    assert sentence in refused_here("personalize", folder, *(word for pair in given.items() for word in pair))


def test_a_session_without_a_rating_is_named(recorded, tmp_path):
    _, ratings = recorded
    (tmp_path / "other").mkdir()
    with pytest.raises(BadInput, match=r"session: no row is of other; there are pilot"):
        read_folders([tmp_path / "other"], read_ratings(ratings), hop_s=1.0)
