"""A BIDS folder: MNE reads it, gaps are marked, units and types are there."""

import json
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import BadInput
from pipeline.records import StreamInfo
from pipeline.session.export.regular import regular
from pipeline.session.export.run import export
from pipeline.session.raw_stream import Part, Run
from tests.past import RATE, past_session

needs_mne_bids = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("mne_bids", "pybv")), reason="pip install 'helo-live[bids]'"
)


def part(*segments: tuple[int, np.ndarray], sfreq: float = 10.0) -> Part:
    """Return a stream of these segments: the index of their first sample, and stamps."""
    info = StreamInfo("s", "S", "GSR", "s", sfreq, ("EDA",), ("uS",), "float32", "", "", "GSR")
    runs, row = [], 0
    for number, (first, times) in enumerate(segments):
        run = Run(number, first, row, row + len(times), 0.0)
        runs.append((run, times, np.arange(len(times), dtype=np.float32)[:, None]))
        row += len(times)
    return Part(info, tuple(runs))


def test_samples_stay_in_a_row_and_a_gap_stays_empty():
    made = regular(part((0, np.arange(5) / 10), (0, 2.0 + np.arange(5) / 10)), 0.0)
    assert made.holes == ((5, 15),)
    assert np.isnan(made.data[5:20]).all()
    np.testing.assert_array_equal(made.data[[0, 4, 20, 24], 0], [0, 4, 0, 4])
    assert made.shift_s < 1e-9


def test_a_long_segment_tells_the_rate_and_jitter_moves_no_sample():
    index, generator = np.arange(1000), np.random.default_rng(1)
    times = index / 10.001 + generator.uniform(0, 0.02, len(index))
    made = regular(part((0, times)), 0.0)
    assert made.sfreq == pytest.approx(10.001, abs=1e-3)
    assert made.holes == ()
    np.testing.assert_array_equal(made.data[:, 0], index)
    assert made.shift_s < 0.02


@needs_mne_bids
def test_mne_reads_the_eeg_its_events_and_its_gap(tmp_path):
    import mne_bids

    session = past_session(tmp_path / "s1", gap_s=3, task="filmclips", ses="a", run="1")
    result = export(session, "bids", tmp_path / "bids")
    path = mne_bids.BIDSPath(
        subject="P001", session="a", task="filmclips", run="1", datatype="eeg", root=tmp_path / "bids"
    )
    raw = mne_bids.read_raw_bids(path, verbose="ERROR")
    assert raw.info["sfreq"] == RATE
    assert raw.n_times == (20 + 3) * RATE
    assert raw.get_channel_types() == ["misc", "eeg", "eeg", "eeg"]
    counter = raw.get_data(["counter"])[0]
    np.testing.assert_allclose(counter[: 10 * RATE], np.arange(10 * RATE), atol=1e-3)
    np.testing.assert_allclose(raw.get_data(["Fp1"])[0, :9], 1e-6 * np.sin(np.arange(9) / 7 + 1), atol=1e-12)
    told = {one["description"]: (one["onset"], one["duration"]) for one in raw.annotations}
    assert told["start joy"] == pytest.approx((2, 0), abs=0.01)
    assert told["trial: joy"] == pytest.approx((2, 4), abs=0.01)
    assert told["BAD_ACQ_SKIP"] == pytest.approx((10, 3), abs=0.01)
    assert "note: coughs" in told
    assert any("face is not in it" in note for note in result["notes"])


@needs_mne_bids
def test_the_body_s_signals_are_physio_with_unit_rate_and_start(tmp_path):
    session = past_session(tmp_path / "s1", gap_s=3, task="filmclips")
    export(session, "bids", tmp_path / "bids")
    (table,) = (tmp_path / "bids").rglob("*recording-gsr_physio.tsv.gz")
    sidecar = json.loads(table.with_name(table.name.replace(".tsv.gz", ".json")).read_text())
    assert (sidecar["SamplingFrequency"], sidecar["Columns"], sidecar["EDA"]["Units"]) == (4.0, ["EDA"], "uS")
    assert sidecar["StartTime"] == pytest.approx(0, abs=1e-6)
    values = pd.read_csv(table, sep="\t", header=None)[0]
    assert len(values) == (20 + 3) * 4
    assert values[40:52].isna().all()
    assert values.notna().sum() == 80


@needs_mne_bids
def test_a_task_that_is_no_word_of_bids_is_refused(tmp_path):
    session = past_session(tmp_path / "s1", task="film-clips")
    with pytest.raises(BadInput, match=r"task: 'film-clips' is no word that BIDS takes"):
        export(session, "bids", tmp_path / "bids")
    assert not (tmp_path / "bids").exists()
