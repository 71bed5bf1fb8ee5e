"""Which sessions a folder holds, and that no name leads out of it."""

import pytest
from msgspec.structs import replace

from dashboard.recorded.listing import compose_list
from pipeline.errors import BadInput
from pipeline.records import ModalityUse
from pipeline.session.listing import list_sessions, session_at
from pipeline.session.tables import estimate_row, write_parquet
from pipeline.signals.closing import PAUSED
from tests.past import estimate, past_session


def paused(tick):
    """Return the estimate of a tick that lies in a pause."""
    use = ModalityUse(0.0, 0.0, 0.0, False, (PAUSED,), 0, 0, -1)
    return replace(estimate(tick, abstained=True), modalities={"EEG": use, "GSR": use})


def test_sessions_are_told_in_a_row_each(tmp_path):
    past_session(tmp_path / "s1", abstained=range(20))
    (listed,) = list_sessions(tmp_path)
    assert (listed.name, listed.state, listed.length_s, listed.ticks) == ("s1", "ended", 20.0, 80)
    assert (listed.estimated, listed.alarms, listed.trials, listed.analysed) == (0.75, 1, 1, False)
    assert listed.modalities == ("EEG", "GSR", "Face")
    assert listed.quality == pytest.approx(0.75)


def test_a_pause_has_no_quality(tmp_path):
    session = past_session(tmp_path / "s1")
    write_parquet(session / "estimates.parquet", [estimate_row("P001", paused(tick)) for tick in range(40)])
    assert list_sessions(tmp_path)[0].quality is None
    rows = [estimate_row("P001", paused(tick) if tick < 40 else estimate(tick)) for tick in range(80)]
    write_parquet(session / "estimates.parquet", rows)
    assert list_sessions(tmp_path)[0].quality == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("abstained", "told"),
    [(0, "100 %"), (1, "> 99 %"), (50, "95 %"), (999, "< 1 %"), (1000, "0 %")],
)
def test_all_is_said_of_all_alone(tmp_path, abstained, told):
    past_session(tmp_path / "s1", seconds=250, abstained=range(abstained))
    (row,) = compose_list(list_sessions(tmp_path), str(tmp_path))["rows"]
    assert row["estimated"] == told


def test_the_newest_comes_first_and_other_folders_do_not_count(tmp_path):
    for name in ("a", "b", "c"):
        past_session(tmp_path / name, seconds=2)
    (tmp_path / "examples").mkdir()
    assert [one.name for one in list_sessions(tmp_path)] == ["c", "b", "a"]


def test_one_that_cannot_be_read_says_why(tmp_path):
    session = past_session(tmp_path / "s1")
    (session / "session.yaml").write_text("session: [")
    (listed,) = list_sessions(tmp_path)
    assert "is not YAML" in listed.fault


def test_a_table_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path):
    session = past_session(tmp_path / "s1")
    (session / "estimates.parquet").write_bytes(b"PAR1 no more")
    (listed,) = list_sessions(tmp_path)
    assert "estimates: cannot be read" in listed.fault


@pytest.mark.parametrize("name", ["..", ".", "", "../s1", "s1/..", "/etc", "s1\n", "s1\0", "~", "a" * 65, "<b>"])
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path, name):
    past_session(tmp_path / "s1")
    with pytest.raises(BadInput, match="no session's name"):
        session_at(tmp_path, name)


def test_a_link_is_no_session(tmp_path):
    past_session(tmp_path / "elsewhere" / "s1")
    root = tmp_path / "recordings"
    root.mkdir()
    (root / "s1").symlink_to(tmp_path / "elsewhere" / "s1")
    assert list_sessions(root) == []
    with pytest.raises(BadInput, match="holds no recorded session"):
        session_at(root, "s1")
