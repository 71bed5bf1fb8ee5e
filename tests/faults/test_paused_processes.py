"""Whatever is paused for 8 s goes on: nothing is lost, nothing comes twice, and nobody is taken for dead."""

from pathlib import Path

import pytest

from tests.faults.live import live
from tests.faults.proofs import assert_nothing_lost_or_doubled, events, late_ticks

PAUSE_S = 8


@pytest.mark.timeout(400)
def test_every_process_is_paused_and_nothing_is_lost(tmp_path, unique):
    """Two at a time where neither spares the other: the first of a pair has all of its work to catch up with."""
    with live(unique, tmp_path) as session:
        session.goes_on()
        begun = {}
        for together in (("preprocess", "dashboard"), ("infer", "recorder"), ("store",)):
            begun[together] = session.tick
            session.pause(PAUSE_S, *together)
        whole_until = session.tick
        session.pause(PAUSE_S, "reader P001/eeg", "publisher")
        last_tick = session.tick
        result, ring = session.end()
    folder = Path(result["session_dir"])
    # The device's side of LSL keeps what a paused reader does not take: it comes late, but it comes.
    assert_nothing_lost_or_doubled(result, unique, ring, outages={})
    assert result["restarts"] == 0
    assert events(folder, "restart") == []
    late = [tick for tick in late_ticks(folder, "EEG") if tick <= whole_until]
    assert late == [], f"paused at ticks {begun}, whole until {whole_until}"
    assert late_ticks(folder, "EEG")
    for modality in ("GSR", "PPG", "Face"):
        assert [tick for tick in late_ticks(folder, modality) if tick <= last_tick] == []
