"""The session folder never overwrites, and its small files survive a crash."""

import json

import pytest

from pipeline.errors import BadInput
from pipeline.records import Event
from pipeline.session.folder import EventLog, read_events, read_provenance, reserve, write_provenance, write_settings
from pipeline.session.provenance import provenance
from pipeline.session.settings_file import load_session_file, parse_session

EEG = {"match": {"type": "EEG"}, "use": "EEG"}
SETTINGS = parse_session(
    {"session": "s1", "participants": {"P001": {"consent": "ICF", "streams": {"eeg": EEG}}}}, "s1.yaml"
)


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    root = tmp_path / "recordings"
    assert [reserve(root, "s1").name for _ in range(3)] == ["s1", "s1-2", "s1-3"]
    assert reserve(root, "s2").is_dir()


def test_a_root_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "recordings").write_text("a file")
    with pytest.raises(BadInput, match="recordings: cannot record there"):
        reserve(tmp_path / "recordings", "s1")


def test_the_session_file_as_run_can_be_read_again(tmp_path):
    write_settings(tmp_path, SETTINGS)
    assert load_session_file(tmp_path / "session.yaml") == SETTINGS


def test_provenance_comes_back_and_names_what_made_the_recording(tmp_path):
    assert read_provenance(tmp_path) == {}
    made = provenance(SETTINGS)
    write_provenance(tmp_path, made)
    assert read_provenance(tmp_path) == made
    assert {"numpy", "mne", "pylsl", "torch"} <= made["versions"].keys()
    assert len(made["settings_sha256"]) == 64
    assert [entry.name for entry in tmp_path.iterdir()] == ["provenance.json"]


def event(text: str) -> Event:
    return Event(1.5, "note", text, "operator")


def test_events_are_lines_of_json(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    assert log.last_id == "0-0"
    log.append("17-0", event("größer\nthan a line"))
    log.close()
    (line,) = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "id": "17-0", "time": 1.5, "kind": "note", "text": "größer\nthan a line", "source": "operator",
    }  # fmt: skip


def test_events_are_gone_on_with_after_a_line_that_is_cut_off(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.append("17-0", event("one"))
    log.append("18-0", event("two"))
    log.close()
    path.write_bytes(path.read_bytes()[:-4])
    again = EventLog(path)
    assert again.last_id == "17-0"
    again.append("18-0", event("two"))
    again.close()
    assert [json.loads(line)["text"] for line in path.read_text().splitlines()] == ["one", "two"]


def test_events_are_read_as_they_were_written_up_to_a_line_that_is_cut_off(tmp_path):
    texts = ["a line\u2028 and a\x85 paragraph", "two", "three"]
    log = EventLog(tmp_path / "events.jsonl")
    for number, text in enumerate(texts):
        log.append(f"{number}-0", event(text))
    log.close()
    assert [found["text"] for found in read_events(tmp_path)] == texts
    path = tmp_path / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-4])
    assert [found["text"] for found in read_events(tmp_path)] == texts[:2]
