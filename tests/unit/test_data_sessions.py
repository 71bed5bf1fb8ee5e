import csv

import numpy as np
import pytest

from model.data.rated_trials import read_ratings
from model.data.sessions import read_sessions
from pipeline.errors import BadInput
from pipeline.records import FeatureWindow
from pipeline.session.folder import write_provenance
from pipeline.session.tables import feature_row, write_parquet
from pipeline.session.trials import Trial, write_trials
from pipeline.signals.family import FEATURES

HOP_S = 0.25
#: Onsets are on the host's clock, which does not begin with the session.
BEGIN_S = 5000.0


def _session(
    root,
    name,
    participants=("P1",),
    modalities=("GSR", "PPG"),
    seconds=80,
    trials=("film-1", "film-2"),
    begin_s=BEGIN_S,
):
    """Write what a session leaves: feature windows four times a second, two trials of 30 s."""
    folder = root / name
    folder.mkdir(parents=True)
    rng = np.random.default_rng(len(name))
    rows = []
    for participant in participants:
        for tick in range(int(seconds / HOP_S)):
            for modality in modalities:
                features = rng.normal(size=(2, *FEATURES[modality].shape)).astype(np.float32)
                window = FeatureWindow(tick, begin_s + 5 + tick * HOP_S, modality, features, 1.0, 1.0)
                rows.append(feature_row(participant, window))
    write_parquet(folder / "features.parquet", rows)
    marked = [
        Trial(begin_s + 10 + 35 * place, 30.0, trial, f"{participant}/marks")
        for participant in participants
        for place, trial in enumerate(trials)
    ]
    write_trials(folder / "trials.tsv", marked)
    return rows


def _ratings(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _row(participant="P1", session="s1", trial="film-1", **changes):
    return {"participant": participant, "session": session, "trial": trial, "Happy": 3, "Sad": 1} | changes


def test_features_of_another_family_are_refused(tmp_path):
    """Those of EEG have the same shape in both, so that the shape does not tell."""
    _session(tmp_path, "s1", modalities=("EEG",))
    write_provenance(tmp_path / "s1", {"model": {"family": "dmer"}})
    ratings = read_ratings(_ratings(tmp_path / "r.csv", [_row()]))
    with pytest.raises(BadInput, match=r"provenance\.json: model: its features are of the family dmer, not live"):
        read_sessions(tmp_path, ratings, hop_s=1.0)


def test_rated_trials_become_labelled_windows(tmp_path):
    rows = _session(tmp_path, "s1")
    ratings = read_ratings(_ratings(tmp_path / "r.csv", [_row(), _row(trial="film-2", Happy=0, Sad=5)]))
    windows = read_sessions(tmp_path, ratings, hop_s=1.0)
    assert windows.emotions == ("Happy", "Sad")
    assert list(windows.features) == ["GSR", "PPG"]
    first = windows.trial == "s1/film-1"
    np.testing.assert_allclose(windows.labels[first], [[0.75, 0.25]] * first.sum())
    np.testing.assert_array_equal(windows.ratings[~first], [[0, 5]] * (~first).sum())
    # 5 s windows that lie in 30 s: they end from 5 s to 30 s after the onset, a second apart.
    assert windows.ends[first].tolist() == [BEGIN_S + 15 + second for second in range(26)]
    assert windows.hop_s == 1.0
    recorded = {(row["end"], row["modality"]): row["features"] for row in rows}
    found = windows.features["PPG"][first][3].ravel()
    np.testing.assert_array_equal(found, recorded[BEGIN_S + 18, "PPG"])
    assert windows.conditions()[0] == "film-1"


def test_a_trial_may_be_given_by_its_start_and_end(tmp_path):
    _session(tmp_path, "s1")
    row = _row(trial="", start=BEGIN_S + 20, end=BEGIN_S + 30)
    windows = read_sessions(tmp_path, read_ratings(_ratings(tmp_path / "r.csv", [row])), hop_s=0.25)
    assert windows.ends.min() == BEGIN_S + 25
    assert windows.ends.max() == BEGIN_S + 30
    assert len(windows) == 21


def test_a_trial_of_few_windows_is_taken_wherever_it_begins(tmp_path):
    _session(tmp_path, "s1")
    begins = [BEGIN_S + 10 * place + HOP_S * place for place in range(1, 5)]
    rows = [_row(trial="", start=start, end=start + 5.3) for start in begins]
    windows = read_sessions(tmp_path, read_ratings(_ratings(tmp_path / "r.csv", rows)), hop_s=1.0)
    # Two whole windows of 5 s lie in each, a quarter of a second apart: the first of them is taken.
    assert windows.ends.tolist() == [start + 5 for start in begins]
    assert len(set(windows.trial.tolist())) == len(rows)


def test_trials_given_by_their_times_keep_apart_on_a_machine_that_has_been_up_for_months(tmp_path):
    up_s = 12_000_000.0
    _session(tmp_path, "s1", begin_s=up_s)
    rows = [_row(trial="", start=up_s + start, end=up_s + start + 6) for start in (10.5, 16.75)]
    windows = read_sessions(tmp_path, read_ratings(_ratings(tmp_path / "r.csv", rows)), hop_s=1.0)
    assert list(dict.fromkeys(windows.trial.tolist())) == [
        "s1/12000010.500-12000016.500 s", "s1/12000016.750-12000022.750 s"
    ]  # fmt: skip


def test_a_participants_sessions_are_one_participant_and_modalities_may_differ(tmp_path):
    _session(tmp_path, "s1", participants=("P1", "P2"))
    _session(tmp_path, "s2", modalities=("GSR",))
    rows = [_row(), _row(participant="P2"), _row(session="s2")]
    windows = read_sessions(tmp_path, read_ratings(_ratings(tmp_path / "r.csv", rows)), hop_s=1.0)
    assert windows.subjects == ["P1", "P2"]
    assert set(windows.groups()) == {"P1/s1/film-1", "P1/s2/film-1", "P2/s1/film-1"}
    of_second = windows.trial == "s2/film-1"
    assert windows.present[~of_second].all()
    assert windows.present[of_second].tolist() == [[True, False]] * of_second.sum()


def test_windows_that_no_estimate_would_use_are_left_out(tmp_path):
    rows = _session(tmp_path, "s1")
    for row in rows:
        if row["modality"] == "GSR":
            row["quality"] = 0.05
    write_parquet(tmp_path / "s1" / "features.parquet", rows)
    windows = read_sessions(tmp_path, read_ratings(_ratings(tmp_path / "r.csv", [_row()])), hop_s=1.0)
    assert not windows.present[:, 0].any()
    assert windows.present[:, 1].all()


@pytest.mark.parametrize(("row", "expected"), [
    (_row(session="s9"), r"line 2: session: .*s9 is no recorded session, it has no features\.parquet"),
    (_row(participant="P9"), r"line 2: participant: P9 has no windows in .*there are P1"),
    (_row(trial="film-9"), r"line 2: trial: film-9 of P1 is not in .*trials\.tsv"),
    (_row(trial="", start=1, end=99), r"line 2: no whole window of 5 s of P1 lies between 1\.000 s and 99\.000 s"),
])  # fmt: skip
def test_what_is_rated_but_not_there_is_named_with_its_line(tmp_path, row, expected):
    _session(tmp_path, "s1")
    ratings = read_ratings(_ratings(tmp_path / "r.csv", [row]))
    with pytest.raises(BadInput, match=expected):
        read_sessions(tmp_path, ratings, hop_s=1.0)


def test_trials_that_overlap_or_come_twice_are_refused(tmp_path):
    _session(tmp_path, "s1", trials=("film-1", "film-1"))
    with pytest.raises(BadInput, match="film-1 of P1 is 2 times in"):
        read_sessions(tmp_path, read_ratings(_ratings(tmp_path / "r.csv", [_row()])), hop_s=1.0)
    rows = [_row(trial="", start=BEGIN_S + 20 + shift, end=BEGIN_S + 40) for shift in (0, 1)]
    with pytest.raises(BadInput, match="line 3: overlaps with another rated trial"):
        read_sessions(tmp_path, read_ratings(_ratings(tmp_path / "r.csv", rows)), hop_s=1.0)


@pytest.mark.parametrize(("rows", "expected"), [
    ([_row(Happy="")], r"r\.csv: line 2: Happy: '' is not a number of 0 or more"),
    ([_row(Happy=-1)], "line 2: Happy: '-1' is not a number of 0 or more"),
    ([_row(Happy="nan")], "line 2: Happy: 'nan' is not a number of 0 or more"),
    ([_row(Happy=0, Sad=0)], "line 2: every rating is 0"),
    ([_row(participant="")], "line 2: participant: is empty"),
    ([_row(trial="")], "line 2: trial: is empty"),
    ([_row(trial="", start=5, end=4)], "line 2: end: 4 does not come after start, 5"),
    ([_row(start=5, end=8)], "names the trial film-1 and gives start or end too"),
    ([_row(), _row()], "line 3: rates the same trial as line 2"),
    ([{"participant": "P1", "Happy": 1, "Sad": 2}], "column session is missing"),
    ([{"participant": "P1", "session": "s1", "Happy": 1, "Sad": 2}], r"column trial \(or start and end\) is missing"),
    ([{"participant": "P1", "session": "s1", "trial": "a", "Happy": 1}], "there must be two or more columns"),
])  # fmt: skip
def test_a_ratings_file_that_is_wrong_is_named_with_its_line(tmp_path, rows, expected):
    with pytest.raises(BadInput, match=expected):
        read_ratings(_ratings(tmp_path / "r.csv", rows))
