"""`helo export` and `helo report`, as processes of their own."""

import json

import pandas as pd
import pytest

from tests.command import helo, helo_json
from tests.past import past_session


def test_export_prints_one_object(tmp_path):
    session = past_session(tmp_path / "s1")
    result = helo_json("export", session, "--to", "csv", "-o", tmp_path / "out")
    assert (result["session"], result["to"], result["out"]) == ("s1", "csv", str(tmp_path / "out"))
    assert sorted(result["files"]) == sorted(
        str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file()
    )
    assert len(pd.read_csv(tmp_path / "out" / "estimates.csv")) == 80


def test_report_writes_one_file(tmp_path):
    session = past_session(tmp_path / "s1")
    result = helo_json("report", session, "-o", tmp_path / "r.html")
    assert (result["session"], result["out"]) == ("s1", str(tmp_path / "r.html"))
    assert result["bytes"] == (tmp_path / "r.html").stat().st_size < 10_000_000


@pytest.mark.parametrize("arguments", [["export", "--to", "csv"], ["report", "-o", "r.html"]])
def test_what_is_no_session_is_status_2(tmp_path, arguments):
    done = helo(*arguments, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert str(tmp_path) in done.stderr


def test_a_place_that_is_taken_is_status_2(tmp_path):
    session = past_session(tmp_path / "s1")
    (tmp_path / "taken").write_text("mine")
    for arguments in (["export", "--to", "parquet"], ["report"]):
        done = helo(*arguments, session, "-o", tmp_path / "taken")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "nothing is overwritten" in done.stderr
    assert (tmp_path / "taken").read_text() == "mine"


def test_sessions_of_a_folder_that_is_not_there_is_status_2(tmp_path):
    done = helo("sessions", "--recordings", tmp_path / "nowhere")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--recordings" in done.stderr


def test_json_is_the_only_thing_on_stdout(tmp_path):
    done = helo("export", past_session(tmp_path / "s1"), "--to", "parquet", "--json")
    assert json.loads(done.stdout)["out"] == str(tmp_path / "s1" / "export" / "parquet")
