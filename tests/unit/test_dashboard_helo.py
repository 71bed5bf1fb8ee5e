"""Commands of helo that a page starts: what comes of them, in words."""

from pathlib import Path

import pytest

from dashboard.recorded.helo import export, may_personalize, personalize
from pipeline.session.outline import read_outline
from tests.past import past_session


@pytest.fixture(scope="module")
def past(tmp_path_factory) -> Path:
    return past_session(tmp_path_factory.mktemp("recordings") / "pilot")


def test_an_export_says_where_it_went_and_one_that_cannot_be_says_why(past, tmp_path):
    done, said = export(past, "csv", tmp_path / "made")
    assert done
    assert str(tmp_path / "made") in " ".join(said.split())
    done, said = export(past, "csv", tmp_path / "made")
    assert not done
    assert str(tmp_path / "made") in said


def test_a_session_without_ratings_cannot_be_learned_from(past, tmp_path):
    outline = read_outline(past)
    assert may_personalize(outline) == "The session has no ratings.csv: nothing was rated."
    helps, said = personalize(outline, "P001", tmp_path / "own.safetensors")
    assert not helps
    assert "ratings.csv" in said
    assert list(tmp_path.iterdir()) == []
