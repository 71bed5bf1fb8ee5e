"""The report: one file, small, with nothing in it that a stream's name or a note could make run."""

import re

import pytest

from dashboard.report import report, write_report
from pipeline.errors import BadInput
from pipeline.session.tables import estimate_row, write_parquet
from tests.past import MARKUP, estimate, past_session


def test_an_hour_is_below_ten_megabytes(tmp_path):
    session = past_session(tmp_path / "s1")
    rows = (estimate_row("P001", estimate(tick, abstained=tick % 50 == 0, reason="r")) for tick in range(4 * 3600))
    write_parquet(session / "estimates.parquet", rows)
    assert write_report(session, tmp_path / "r.html")["bytes"] < 10_000_000


def test_it_refers_to_nothing_outside(tmp_path):
    text = report(past_session(tmp_path / "s1"))
    assert re.findall(r'(?:src|href)="[^"]*"', text.replace(_plotly(text), "")) == []
    assert "default-src 'none'" in text
    assert not re.search(r"^import |import\(", text.replace(_plotly(text), ""), re.MULTILINE)


def test_markup_stays_text(tmp_path):
    text = report(past_session(tmp_path / "s1", note=MARKUP, notice=f"Composite {MARKUP}"))
    assert MARKUP not in text
    assert text.count("</script>") == 3
    assert r"Composite \u003cimg" in text


def test_nothing_is_overwritten_and_no_half_is_left(tmp_path):
    session = past_session(tmp_path / "s1")
    target = tmp_path / "r.html"
    target.write_text("mine")
    with pytest.raises(BadInput, match="is there already"):
        write_report(session, target)
    assert target.read_text() == "mine"
    with pytest.raises(BadInput, match="cannot be written"):
        write_report(session, tmp_path / "nowhere" / "r.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "s1"]


def _plotly(text: str) -> str:
    """Return Plotly's own code in a report, which names addresses that it never fetches here."""
    return max(re.findall(r"<script>(.*?)</script>", text, re.DOTALL), key=len)
