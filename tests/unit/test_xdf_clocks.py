"""The times that we used and those that pyxdf makes of our file, by its own synchronisation."""

import numpy as np
import pytest
import pyxdf

from pipeline.records import Chunk, StreamInfo
from pipeline.session.raw import RawFile
from pipeline.streams.probes import Probe
from pipeline.streams.source_clock import SourceClock

SFREQ = 50.0
INFO = StreamInfo("eeg", "cap", "EEG", "id", SFREQ, ("Fz",), ("uV",), "float32", "h", "u", "EEG")


@pytest.mark.parametrize(("off", "ppm"), [(0.0, 0.0), (-5000.0, 20.0), (300.0, -50.0)])
def test_they_agree_within_a_tenth_of_a_millisecond(tmp_path, off, ppm):
    rng = np.random.default_rng(7)
    used, clock = [], None
    raw = RawFile(tmp_path / "raw.xdf")
    for second in range(300):
        now = 1000.0 + second
        newest = None
        if second % 2 == 0:
            there, back = 0.0001 + rng.exponential(0.00002, 2)
            newest = Probe(now, off + 1e-6 * ppm * second + (back - there) / 2, there + back)
        if clock is None:
            clock = SourceClock(newest, regular=True)
        else:
            clock.probe(newest, now)
        taken = now + np.arange(SFREQ) / SFREQ
        stamps = taken - off - 1e-6 * ppm * (taken - 1000.0)
        chunk = Chunk(1, round(second * SFREQ), stamps, clock.offset, np.zeros((len(stamps), 1), np.float32), now + 1)
        raw.add("P001", INFO, chunk)
        used.append(stamps + clock.offset)
    raw.close()
    (stream,), _ = pyxdf.load_xdf(tmp_path / "raw.xdf", synchronize_clocks=True, dejitter_timestamps=False)
    settled = round(20 * SFREQ)
    difference = stream["time_stamps"] - np.concatenate(used)
    assert np.abs(difference[settled:]).max() < 1e-4
