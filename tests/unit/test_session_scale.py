"""Scale files: what they accept, what they say of what they do not, and in which order their items are asked."""

from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from pipeline.errors import BadInput
from pipeline.modalities import EMOTIONS
from pipeline.session.scale_file import SHIPPED, load_scale
from pipeline.session.settings_file import dump_session, load_session_file, parse_session

HERE = Path()
SCALE = {"title": "t", "language": "en", "question": "q?", "least": 1, "most": 5, "items": [{"name": "a", "text": "b"}]}
STREAMS = {"eeg": {"match": {"type": "EEG"}, "use": "EEG"}, "marks": {"match": {"type": "Markers"}, "use": "Markers"}}
SESSION = {
    "session": "s1",
    "participants": {"P001": {"consent": "ICF", "streams": STREAMS}},
    "trials": {"start": "start *", "end": "end *"},
}


def written(path: Path, **changes: object) -> Path:
    """Write the scale above, with some fields changed."""
    path.write_text(yaml.safe_dump({**SCALE, **changes}))
    return path


@pytest.mark.parametrize("name", [file.stem for file in SHIPPED.glob("*.yaml")])
def test_every_scale_that_comes_along_is_accepted_and_names_its_source(name):
    scale = load_scale(name, HERE)
    assert scale.source
    assert all(item.anchors or scale.anchors for item in scale.items)


def test_the_short_panas_asks_for_what_the_shipped_model_estimates():
    assert tuple(item.name for item in load_scale("panas-short", HERE).items) == EMOTIONS


def test_an_order_at_random_can_be_told_afterwards_and_differs_from_trial_to_trial():
    scale = load_scale("panas-short", HERE)
    orders = [[item.name for item in scale.asked("s1", "P001", onset)] for onset in (12.25, 12.25, 80.5)]
    assert orders[0] == orders[1] != orders[2]
    drawn = {sha256(f"s1/P001/12.250000/{name}".encode()).hexdigest(): name for name in EMOTIONS}
    assert orders[0] == [drawn[digest] for digest in sorted(drawn)]
    assert all(sorted(order) == sorted(EMOTIONS) for order in orders)
    places = [[item.name for item in scale.asked("s1", "P001", float(n))].index("Upset") for n in range(400)]
    assert all(20 <= places.count(place) <= 65 for place in range(10))


def test_a_fixed_order_stays():
    names = [item.name for item in load_scale("sam", HERE).asked("s1", "P001", 3.0)]
    assert names == ["Valence", "Arousal", "Dominance"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"items": []}, ["items"]),
        ({"questions": "x"}, ["questions is not a known key", "'question'"]),
        ({"items": [{"name": "a", "txt": "b"}]}, ["items.0.txt is not a known key", "'text'"]),
        ({"items": [{"name": "a", "text": "b"}] * 2}, ["items.1.name", "'a'", "twice"]),
        ({"items": [{"name": "trial", "text": "b"}]}, ["items.0.name", "'trial'", "another name"]),
        ({"items": [{"name": "a", "text": True}]}, ["items.0.text", "string", "True"]),
        ({"items": [{"name": "a", "text": " "}]}, ["items.0.text"]),
        ({"items": [{"name": "a", "text": "b", "anchors": {9: "x"}}]}, ["items.0.anchors", "9", "from 1 to 5"]),
        ({"anchors": {0: "x"}}, ["anchors: 0 is no answer"]),
        ({"most": 1}, ["2 to 11 answers"]),
        ({"most": 12}, ["2 to 11 answers"]),
        ({"least": 1.5}, ["least"]),
        ({"language": "plain English"}, ["language"]),
        ({"order": "shuffled"}, ["order", "'random'"]),
        ({"words": {"go": "x"}}, ["words.go is not a known key"]),
    ],
)
def test_what_is_wrong_in_a_scale_file_is_said_in_one_line(tmp_path, changes, words):
    path = written(tmp_path / "own.yaml", **changes)
    with pytest.raises(BadInput) as error:
        load_scale(str(path), HERE)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_a_session_file_names_a_scale_file_beside_it_and_the_session_as_run_holds_it(tmp_path):
    written(tmp_path / "own.yaml", anchors={1: "<b>no</b>"})
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({**SESSION, "rating": {"scale": "own.yaml"}}))
    settings = load_session_file(tmp_path / "s.yaml")
    assert settings.rating is not None
    assert settings.rating.anchors == {1: "<b>no</b>"}
    (tmp_path / "own.yaml").unlink()
    assert parse_session(yaml.safe_load(dump_session(settings)), "as run") == settings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rating": "sam"}, "s.yaml: rating: is one line, as `rating: {scale: panas-short}`"),
        ({"rating": {"scale": "sam", "order": "fixed"}}, "s.yaml: rating: is one line"),
        ({"rating": {"scale": "smiley"}}, "s.yaml: rating.scale: no scale 'smiley'; there are discrete, panas-short, "),
        ({"rating": {"scale": "../no.yaml"}}, "no.yaml: cannot be read"),
        ({"rating": {"scale": "sam"}, "trials": None}, "s.yaml: rating: asks at the end of each trial, and `trials`"),
        (
            {
                "rating": {"scale": "sam"},
                "participants": {"P001": {"consent": "ICF", "streams": {"eeg": STREAMS["eeg"]}}},
            },
            "s.yaml: rating: participant P001 has no stream with `use: Markers`",
        ),
    ],
)
def test_what_is_wrong_with_a_rating_in_a_session_file_is_said_in_one_line(changes, words):
    with pytest.raises(BadInput) as error:
        parse_session({**SESSION, **changes}, "s.yaml")
    assert words in str(error.value)
    assert "\n" not in str(error.value)
