"""The session file: what it accepts, and what it says of what it does not."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadInput
from pipeline.session.settings_file import dump_session, load_session_file, parse_session

EXAMPLES = Path(__file__).parents[2] / "recordings" / "examples"
DEMO = Path(__file__).parents[2] / "pipeline" / "session" / "demo.yaml"

GOOD = {
    "session": "s1",
    "participants": {
        "P001": {
            "consent": "ICF-v3",
            "streams": {"eeg": {"match": {"type": "EEG"}, "use": "EEG", "unit": "uV"}},
        }
    },
}


def changed(path: str, value: object) -> dict:
    """Return the good session with one field set, or removed where value is None."""
    content = deepcopy(GOOD)
    *parents, last = path.split(".")
    place = content
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


@pytest.mark.parametrize("file", [DEMO, *sorted(EXAMPLES.glob("*.yaml"))], ids=lambda file: file.stem)
def test_every_example_is_accepted(file):
    assert load_session_file(file).participants


def test_the_session_as_run_reads_back_equal():
    settings = load_session_file(DEMO)
    assert parse_session(yaml.safe_load(dump_session(settings)), "again") == settings


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("hop", 0.25, ["hop", "hop_s"]),
        ("participants.P001.stream", {}, ["participants.P001.stream", "streams"]),
        ("participants.P001.streams.eeg.unitt", "uV", ["eeg.unitt", "'unit'"]),
        ("participants.P001.streams.eeg.match.nam", "x", ["match.nam", "'name'"]),
        ("participants.P001.streams.eeg.unit", "kg", ["eeg", "'kg'", "uV"]),
        ("participants.P001.streams.eeg.use", "ECG", ["eeg.use", "EEG", "record"]),
        ("participants.P001.streams.eeg.match", {}, ["eeg.match", "name, type and source_id"]),
        ("participants.P001.streams.eeg.stamps", "guess", ["stamps", "dejitter"]),
        (
            "participants.P001.streams.e2",
            {"match": {"name": "b"}, "use": "EEG"},
            ["eeg", "e2", "one stream per modality"],
        ),
        ("participants.P001.consent", None, ["participants.P001.consent", "missing", "reference"]),
        ("participants.P001.consent", "", ["participants.P001.consent"]),
        ("session", "../escape", ["session", "../escape", "letters, digits"]),
        ("session", None, ["session", "missing"]),
        ("hop_s", 0, ["hop_s", "0.05"]),
        ("participants", {}, ["participants"]),
        ("notes", ["a", "b", "a"], ["notes", "'a'", "twice"]),
        ("notes", [f"label {number}" for number in range(10)], ["notes", "at most 9"]),
        ("notes", ["a", " "], ["notes.1", "at least 1 character"]),
        ("notes", ["x" * 41], ["notes.0", "at most 40"]),
        ("note", ["a"], ["note is not a known key", "'notes'"]),
        ("participants", {"Jane Doe": GOOD["participants"]["P001"]}, ["Jane Doe", "letters"]),
    ],
)
def test_a_fault_is_named_with_its_field_and_mend(path, value, words):
    with pytest.raises(BadInput) as caught:
        parse_session(changed(path, value), "s.yaml")
    sentence = str(caught.value)
    assert sentence.startswith("s.yaml: ")
    assert "\n" not in sentence
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, ["alarms.0.when", "missing", "lost", "latency"]),
        ({"when": "tired"}, ["alarms.0.when", "tired", "quality"]),
        ({"when": "lost", "stream": "ecg"}, ["alarms.0.stream", "ecg", "eeg"]),
        ({"when": "lost", "strem": "eeg"}, ["alarms.0.strem", "stream"]),
        ({"when": "quality", "modality": "PPG"}, ["alarms.0.modality", "no participant has PPG"]),
        ({"when": "quality", "modality": "EEG", "below": 2}, ["alarms.0.below", "less than 1"]),
        ({"when": "emotion", "emotion": "Upset"}, ["alarms.0.above", "missing"]),
        ({"when": "latency", "above_s": 0}, ["alarms.0.above_s", "greater than 0"]),
        ({"when": "abstained", "for_s": -1}, ["alarms.0.for_s"]),
        ("lost", ["alarms.0"]),
    ],
)
def test_a_fault_of_an_alarm_is_named(rule, words):
    with pytest.raises(BadInput) as caught:
        parse_session({**GOOD, "alarms": [rule]}, "s.yaml")
    sentence = str(caught.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence


def test_an_alarm_of_an_emotion_does_not_fit_a_blind_session():
    rule = {"when": "emotion", "emotion": "Upset", "above": 0.3}
    with pytest.raises(BadInput, match=r"alarms\.0: .*display: blind"):
        parse_session({**GOOD, "display": "blind", "alarms": [rule]}, "s.yaml")


def test_alarms_are_the_same_when_the_session_as_run_is_read_again(tmp_path):
    rules = [{"when": "lost"}, {"when": "abstained", "for_s": 5, "demonstration": True}]
    settings = parse_session({**GOOD, "alarms": rules}, "s.yaml")
    file = tmp_path / "session.yaml"
    file.write_text(dump_session(settings))
    assert load_session_file(file) == settings


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: [", "not YAML"), ("", "no settings"), ("- a", "no settings"), ("!!python/object:os.system x", "not YAML")],
)
def test_a_file_that_is_no_session_is_one_sentence(tmp_path, text, words):
    file = tmp_path / "s.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=words):
        load_session_file(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"none\.yaml: cannot be read"):
        load_session_file(tmp_path / "none.yaml")


def test_channels_are_picked_and_renamed():
    streams = changed("participants.P001.streams.eeg.channels", {"ch1": "Fz", "ch3": "Cz"})
    stream = parse_session(streams, "s.yaml").participants["P001"].streams["eeg"]
    assert stream.pick(("ch1", "ch2", "ch3")) == ([0, 2], ["Fz", "Cz"])
    with pytest.raises(BadInput, match="ch3 not in the stream"):
        stream.pick(("ch1", "ch2"))


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(YAML_VALUES)
def test_whatever_participants_are_it_is_one_sentence(content):
    with pytest.raises(BadInput) as caught:
        parse_session({**GOOD, "participants": content}, "s.yaml")
    assert "\n" not in str(caught.value)
