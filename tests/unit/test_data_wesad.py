import csv
import pickle

import numpy as np
import pytest

from model.data.wesad import read_conditions, read_wesad
from model.data.wesad_condition import ITEMS
from model.data.wesad_full import read_questionnaire
from pipeline.errors import BadInput

LENGTH_S = 60
#: Order of the study in the made-up folder, and the codes of its labels.
ORDER = {"Base": 1, "Fun": 3, "Medi 1": 4, "TSST": 2, "Medi 2": 4}
START_S = {name: 40 + 100 * place for place, name in enumerate(ORDER)}


def _write_conditions(folder, rows, columns=("subject", "condition", "e4_start_s", "e4_end_s", *ITEMS)):
    path = folder / "windows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _row(**changes):
    return {"subject": "S2", "condition": "Base", "e4_start_s": 10, "e4_end_s": 99} | dict.fromkeys(ITEMS, 2) | changes


def test_a_wrist_only_folder_gives_each_conditions_ratings(tmp_path):
    path = _write_conditions(tmp_path, [_row(Alert=5, Afraid=1), _row(condition="TSST")])
    conditions, notes = read_conditions(path)
    assert [condition.name for condition in conditions["S2"]] == ["Base", "TSST"]
    assert conditions["S2"][0].ratings == (2, 5, 2, 2, 2, 1, 2, 2, 2, 2)
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


def _clock(seconds):
    """Write a time as WESAD does: minutes.seconds, without a zero at the end."""
    return f"{seconds // 60}.{seconds % 60:02}".rstrip("0").rstrip(".")


def _questionnaire(path, **changes):
    """Write SX_quest.csv; rating k of condition c is 1 + (c + k) % 5."""
    lines = {
        "Subj": ["S2"],
        "ORDER": [*ORDER, "sRead"],
        "START": [*map(_clock, START_S.values()), "9.55"],
        "END": [*(_clock(start + LENGTH_S) for start in START_S.values()), "9.59"],
    } | {name: fields for name, fields in changes.items() if name != "PANAS"}
    panas = [[str(1 + (row + place) % 5) for place in range(24)] for row in range(5)]
    text = [f"# {name};{';'.join(fields)};;" for name, fields in lines.items()]
    text += [f"# PANAS;{';'.join(row)};;" for row in changes.get("PANAS", panas)]
    path.write_text("\n".join(text) + "\n# STAI;1;2\n")
    return path


def _content(seed=0):
    rng = np.random.default_rng(seed)
    seconds = 40 + 100 * len(ORDER)
    label = np.zeros(seconds * 700, np.int32)
    for name, code in ORDER.items():
        label[(START_S[name] + 2) * 700 : (START_S[name] + LENGTH_S - 2) * 700] = code
    times = np.arange(seconds * 64) / 64
    wrist = {
        "BVP": (50 * np.sin(2 * np.pi * 1.2 * times) + rng.normal(size=len(times)))[:, None],
        "EDA": 2 + 0.1 * rng.random((seconds * 4, 1)).cumsum(0) / 100,
        "TEMP": 33 + rng.normal(0, 0.01, (seconds * 4, 1)),
        "ACC": rng.normal([0, 0, 64], 2, (seconds * 32, 3)),
    }
    return {"subject": "S2", "signal": {"chest": {"ECG": np.zeros((10, 1))}, "wrist": wrist}, "label": label}


def _folder(root, subjects=("S2", "S10"), **changes):
    for number, subject in enumerate(subjects):
        folder = root / subject
        folder.mkdir(parents=True)
        _questionnaire(folder / f"{subject}_quest.csv", **changes)
        (folder / f"{subject}.pkl").write_bytes(pickle.dumps(_content(number), protocol=2))
    return root


def test_the_folder_as_downloaded_is_read(tmp_path):
    windows = read_wesad(_folder(tmp_path))
    assert windows.subjects == ["S2", "S10"]
    assert list(windows.features) == ["PPG", "GSR", "Temperature", "Motion"]
    assert set(windows.trial) == set(ORDER)
    assert windows.present.all()
    fun = windows.labels[windows.trial == "Fun"][0]
    ratings = np.array([1 + (1 + place) % 5 for place in (3, 14, 9, 12, 16, 19, 4, 15, 7, 1)])
    np.testing.assert_allclose(fun, ratings / ratings.sum(), rtol=1e-6)
    np.testing.assert_array_equal(windows.ratings[windows.trial == "Fun"][0], ratings)
    inside = windows.of(["S2"])
    for name, start in START_S.items():
        ends = inside.ends[inside.trial == name]
        assert ends.min() >= start + 10
        assert ends.max() <= start + LENGTH_S


def test_the_questionnaires_clock_is_minutes_and_seconds(tmp_path):
    times = {"START": ["7.08", "39.55", "70.19", "81.3", "93.38"], "END": ["26.32", "50.3", "77.1", "87", "100.15"]}
    conditions, notes = read_questionnaire(_questionnaire(tmp_path / "S2_quest.csv", **times))
    assert [condition.start for condition in conditions] == [428, 2395, 4219, 4890, 5618]
    assert [condition.end for condition in conditions] == [1592, 3030, 4630, 5220, 6015]
    assert notes == []


@pytest.mark.parametrize(("changes", "expected"), [
    ({"ORDER": ["Base", "TSST"]}, "`# ORDER` must name Base, TSST, Fun, Medi 1, Medi 2"),
    ({"START": ["7.99", "1", "2", "3", "4"]}, r"S2_quest\.csv: START: '7\.99' is not minutes\.seconds"),
    ({"END": ["26.32"]}, r"END: '' is not minutes\.seconds"),
    ({"PANAS": [["1"] * 24] * 4}, "and 4 lines"),
    ({"PANAS": [["9"] * 24] * 5}, "PANAS: Base: Inspired: '9' is not a rating from 1 to 5"),
])  # fmt: skip
def test_a_questionnaire_that_is_wrong_is_named_with_its_line(tmp_path, changes, expected):
    with pytest.raises(BadInput, match=expected):
        read_questionnaire(_questionnaire(tmp_path / "S2_quest.csv", **changes))


def test_a_rating_that_is_nan_is_reported(tmp_path):
    panas = [["2"] * 24 for _ in range(5)]
    panas[2][15] = "Nan"
    folder = tmp_path / "S5"
    folder.mkdir()
    conditions, notes = read_questionnaire(_questionnaire(folder / "S5_quest.csv", PANAS=panas))
    assert notes == ["S5, Medi 1: no rating of Nervous; read as 1, not at all"]
    assert conditions[2].ratings[ITEMS.index("Nervous")] == 1


def test_the_real_questionnaires_agree_with_the_wrist_only_table(shared_data):
    root = shared_data / "wesad_wrist"
    table, _ = read_conditions(root / "windows.csv")
    for subject, rated in table.items():
        conditions, _ = read_questionnaire(root / subject / f"{subject}_quest.csv")
        assert {one.name: one.ratings for one in conditions} == {one.name: one.ratings for one in rated}
        offsets = {one.name: one.start for one in rated}
        shifts = [offsets[one.name] - one.start for one in conditions]
        assert max(shifts) - min(shifts) < 1
        lengths = {one.name: one.end - one.start for one in rated}
        assert all(lengths[one.name] == pytest.approx(one.end - one.start, abs=1) for one in conditions)


@pytest.mark.parametrize(("spoil", "expected"), [
    (lambda c: c["signal"]["wrist"].pop("BVP"), r"S2\.pkl: signal\.wrist\.BVP: is missing"),
    (lambda c: c.pop("label"), r"S2\.pkl: label: is missing"),
    (lambda c: c["signal"]["wrist"].update(ACC=np.zeros((9, 2))), r"ACC: has shape \(9, 2\), not \(n, 3\)"),
    (lambda c: c["signal"]["wrist"].update(EDA=np.array(["a"])), "EDA: is no array of numbers"),
    (lambda c: c["signal"]["wrist"].update(TEMP=np.full((9, 1), np.nan)), "TEMP: holds values that are not finite"),
    (lambda c: c.update(label=np.zeros_like(c["label"])), "label: is 1 in only 0% of the time"),
])  # fmt: skip
def test_a_pickle_that_is_wrong_is_named_with_its_field(tmp_path, spoil, expected):
    content = _content()
    spoil(content)
    root = _folder(tmp_path, subjects=("S2",))
    (root / "S2" / "S2.pkl").write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(BadInput, match=expected):
        read_wesad(root)
