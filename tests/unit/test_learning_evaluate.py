from collections import Counter
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from model.learning.choose import choose, shrunk, trial_kl
from model.learning.evaluate import evaluate, fits_of, subject_scores
from model.learning.fits import Fit, keep_result, program, seen
from model.learning.methods import METHODS, NOT_LIVE, fault, method_of, whole_table
from model.learning.options import TrainOptions
from model.learning.plan import make_plan
from model.learning.report import write_evaluation
from model.learning.scores import SCORES, bootstrap
from model.network.settings import NetworkSettings
from pipeline.errors import BadInput

TINY = TrainOptions(
    network=NetworkSettings(width=16, tokens=6, behavioural_tokens=8, heads=2, dropout=0.1, drop_key=0.1),
    epochs=4,
    batch=16,
)
CHEAP = ["mean-label", "knn", "ridge"]


@pytest.fixture(scope="module")
def windows(make_windows):
    return make_windows(n_subjects=4, n_windows=40)


@pytest.fixture(scope="module")
def plan(windows):
    return make_plan(windows, "loso", None, 0)


def test_an_evaluation_scores_every_method_a_window_and_a_trial(windows, plan):
    found = evaluate(windows, CHEAP, plan, TINY)
    assert list(found.scores) == CHEAP
    for method in found.scores.values():
        assert method.difference_to_helo == {}  # it is not among them
        for part in method[:3]:
            assert tuple(part) == SCORES
            assert all(spread.low <= spread.mean <= spread.high for spread in part.values())
    zero = found.scores["mean-label"].difference_to_mean_label
    assert all(spread == (0, 0, 0) for spread in zero.values())
    assert found.scores["knn"].difference_to_mean_label["kl"].high < 0
    assert found.scores["ridge"].difference_to_mean_label["cosine"].low > 0


def test_a_second_run_computes_only_what_has_changed(windows, plan, tmp_path):
    told = Counter()
    run = lambda data, names, options=TINY: evaluate(  # noqa: E731
        data, names, plan, options, kept=tmp_path, on_fit=lambda name, computed: told.update([(name, computed)])
    )
    first = run(windows, ["mean-label", "knn"])
    assert told == {("mean-label", True): 4, ("knn", True): 10}
    told.clear()
    again = run(windows, ["mean-label", "knn", "ridge"])
    assert told == {("mean-label", False): 4, ("knn", False): 10, ("ridge", True): 10}
    assert again.scores["knn"] == first.scores["knn"]
    told.clear()
    other = windows.take(np.arange(len(windows)))
    other.features["GSR"][windows.subject == "S0"] += 1
    run(other, ["knn"])
    # All of knn's fits involve S0: one learns from it, or estimates it.
    assert told == {("mean-label", True): 4, ("knn", True): 10}
    told.clear()
    run(windows, ["knn"], msgspec.structs.replace(TINY, seed=1))
    assert told["knn", True] == 10


def test_where_results_cannot_be_kept_that_is_said_in_one_line(windows, plan, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        BadInput, match=r"^--cache: .*/kept: cannot be written \(Not a directory\); give another folder"
    ):
        evaluate(windows, ["knn"], plan, TINY, kept=tmp_path / "file" / "kept")


def test_of_a_result_for_which_there_is_no_room_no_half_stays(tmp_path, limited):
    limited(64)
    with pytest.raises(BadInput, match=r"--cache: .*: cannot be written \(File too large\)"):
        keep_result(tmp_path / "a.npz", {"": np.ones((8, 3), np.float32)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", ["numpy", "scipy", "torch", "python_ldl", "keras", "scikit_learn"])
def test_a_result_is_of_the_versions_of_the_libraries_that_it_was_computed_by(tmp_path, monkeypatch, library):
    sources = method_of("ldl/sa-bfgs").sources
    program.cache_clear()
    before = program(sources)
    installed = tmp_path / f"{library}-999.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {library}\nVersion: 999\n")
    monkeypatch.syspath_prepend(tmp_path)
    program.cache_clear()
    assert program(sources) != before
    program.cache_clear()


def test_networks_and_ablations_are_evaluated_and_ablations_take_the_whole_ones_choices(windows, plan):
    names = ["helo", "helo/no-transport", "released"]
    told = Counter()
    found = evaluate(windows, names, plan, TINY, on_fit=lambda name, _: told.update([name]))
    assert told == {"mean-label": 4, "helo": 10, "helo/no-transport": 4, "released": 10}
    assert found.choices["helo/no-transport"] == found.choices["helo"]
    assert found.scores["helo"].difference_to_mean_label["kl"].mean < 0
    without = found.per_subject["helo/no-transport"]["kl"] - found.per_subject["helo"]["kl"]
    assert found.scores["helo/no-transport"].difference_to_helo["kl"] == bootstrap(without)
    assert tuple(found.scores["released"].difference_to_helo) == SCORES
    assert found.scores["helo"].difference_to_helo == {}


def test_an_ablation_alone_still_takes_the_whole_ones_choices(plan):
    wanted = Counter(fit.method for fit in fits_of(["helo/no-alignment"], plan))
    assert wanted == {"helo/no-alignment": 4, "helo": 6}


def test_setting_and_shrinkage_are_chosen_without_the_tested_part(windows, plan):
    """Estimates that are right for the tested part, and wrong for all others, are not chosen."""
    one = seen(windows, plan, "causal")
    made = {}
    for pair in plan.pairs():
        rows = plan.left_out(pair)
        honest = windows.labels[rows]
        wrong = np.roll(honest, 3, axis=1)
        cheating = np.where((plan.part[rows] == 0)[:, None], honest, wrong)
        made[Fit("x", pair)] = {"cheats": cheating, "honest": np.where((plan.part[rows] == 0)[:, None], wrong, honest)}
    assert choose("x", 0, one, made) == ("honest", 1.0)
    assert choose("x", 1, one, made).setting == "honest"


def test_what_says_nothing_is_shrunk_to_the_mean_label(windows, plan):
    one = seen(windows, plan, "causal")
    noise = np.random.default_rng(0)
    made = {}
    for pair in plan.pairs():
        made[Fit("x", pair)] = {"": noise.dirichlet(np.ones(10), len(plan.left_out(pair))).astype(np.float32)}
    assert choose("x", 0, one, made).shrinkage <= 0.25
    prior = windows.mean_label()
    np.testing.assert_array_equal(shrunk(windows.labels, prior, 0.0), np.tile(prior, (len(windows), 1)))
    np.testing.assert_allclose(shrunk(windows.labels, prior, 1.0), windows.labels, atol=1e-7)


def test_a_row_for_whole_trials_has_one_estimate_a_trial(windows, plan):
    found = evaluate(windows, ["ridge@trial", "ridge@session"], plan, TINY)
    assert found.scores["ridge@trial"].window["kl"].mean >= found.scores["ridge@trial"].trial["kl"].mean
    one = seen(windows, plan, "trial")
    assert len(one.windows) == 16
    np.testing.assert_array_equal(one.windows.groups()[one.row], windows.groups())
    np.testing.assert_array_equal(one.plan.part[one.row], plan.part)


def test_a_participants_trial_is_scored_by_the_mean_of_its_estimates(make_windows):
    windows = make_windows(n_subjects=2, n_windows=20)
    estimates = np.random.default_rng(0).dirichlet(np.ones(10), len(windows)).astype(np.float32)
    found = subject_scores(windows, estimates, by_trial=True)["chebyshev"]
    for row, subject in enumerate(windows.subjects):
        means = []
        for trial in ("t0", "t1"):
            chosen = (windows.subject == subject) & (windows.trial == trial)
            means.append(np.abs(windows.labels[chosen].mean(0) - estimates[chosen].mean(0)).max())
        assert found[row] == pytest.approx(np.mean(means), rel=1e-5)
    assert trial_kl(windows, estimates) == pytest.approx(subject_scores(windows, estimates, by_trial=True)["kl"].mean())


def test_a_window_is_scored_so_that_every_trial_weighs_the_same(make_windows):
    windows = make_windows(n_subjects=1, n_windows=20).take(np.r_[0:10, 10:12])
    estimates = np.random.default_rng(0).dirichlet(np.ones(10), 12)
    each = np.abs(windows.labels - estimates).max(1)
    found = subject_scores(windows, estimates, by_trial=False)["chebyshev"]
    assert found[0] == pytest.approx((each[:10].mean() + each[10:].mean()) / 2, rel=1e-6)


def test_rows_that_the_data_cannot_have_are_left_out_or_refused(windows, make_windows):
    assert "no-transport" in " ".join(METHODS)
    table = whole_table(windows, splits_trials=False)
    assert "helo/only-motion" not in table
    assert "helo/only-physiology" in table
    assert set(NOT_LIVE) <= set(table)
    assert "condition@trial" not in whole_table(windows, splits_trials=True)
    assert fault("condition/only-motion", windows, splits_trials=False) == (
        "condition/only-motion takes Motion, of which the data have none"
    )
    one_side = make_windows(n_subjects=1, n_windows=20, modalities=("GSR",))
    assert "one side only" in fault("released", one_side, splits_trials=False)


@pytest.mark.parametrize("name", ["oracle", "helo@later", "helo@", "@session"])
def test_a_method_that_is_not_known_is_refused(name):
    with pytest.raises(BadInput, match=f"--methods: {name} is not known"):
        method_of(name)


def test_a_report_stands_alone(windows, plan, tmp_path):
    found = evaluate(windows, CHEAP, plan, TINY)
    methods = {name: {part: {s: v._asdict() for s, v in values.items()} for part, values in scored._asdict().items()}
               for name, scored in found.scores.items()}  # fmt: skip
    result = {"data": "a <made-up> set", "protocol": "loso", "leaky": False, "subjects": 4, "trials": 16,
              "windows": 160, "normalization": "causal", "methods": methods}  # fmt: skip
    write_evaluation(tmp_path / "new" / "report.html", result, found)
    text = (tmp_path / "new" / "report.html").read_text()
    assert "a &lt;made-up&gt; set" in text
    assert "10 neighbours" in text
    assert "Plotly.newPlot" in text
    assert len(text) > 3_000_000  # Plotly is in it
    with pytest.raises(BadInput, match=r"--report: .* cannot be written"):
        write_evaluation(tmp_path / "new" / "report.html" / "x.html", result, found)


def test_windows_of_one_trial_in_several_parts_are_chosen_for_by_their_trial(make_windows):
    windows = replace(make_windows(n_subjects=2, n_windows=40), description="released")
    plan = make_plan(windows, "released", None, 0)
    found = evaluate(windows, ["knn"], plan, TINY)
    assert found.scores["knn"].difference_to_mean_label["kl"].high < 0
