"""Exports: every sample with its times, every estimate and event, a folder that is whole or not there."""

import json
import signal
import stat
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import BadInput
from pipeline.modalities import EMOTIONS
from pipeline.session.export.flat import flat_features
from pipeline.session.export.run import export
from pipeline.session.export.whole import whole_folder
from pipeline.session.holding import hold
from pipeline.session.ratings import ItemRating, TrialRating
from pipeline.session.recorded import open_session
from tests.past import DELAY_S, OFFSET, RATE, START, past_session, shares_at


def test_every_sample_has_its_time_here_and_its_source_s_stamp(tmp_path):
    session = past_session(tmp_path / "s1", gap_s=3)
    export(session, "parquet", tmp_path / "out")
    eeg = pd.read_parquet(tmp_path / "out" / "signals" / "P001_eeg.parquet")
    assert list(eeg.columns) == [
        "time", "source_time", "clock_offset", "segment", "index", "counter", "Fp1", "Fz", "O1"
    ]  # fmt: skip
    assert len(eeg) == 20 * RATE
    np.testing.assert_array_equal(eeg["counter"], eeg["index"])
    np.testing.assert_allclose(eeg["time"] - eeg["source_time"], OFFSET - DELAY_S)
    assert set(eeg["clock_offset"]) == {OFFSET}
    firsts = eeg.groupby("segment")["time"].first()
    np.testing.assert_allclose(firsts, [START, START + 13])
    marks = pd.read_parquet(tmp_path / "out" / "signals" / "P001_marks.parquet")
    assert list(marks["marker"]) == ["start joy", "end joy"]


def test_estimates_features_events_and_trials_are_tables_of_plain_columns(tmp_path):
    session = past_session(tmp_path / "s1", abstained=range(10, 14))
    export(session, "parquet", tmp_path / "out")
    read = {name: pd.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("estimates", "events", "trials")}
    estimates = read["estimates"]
    np.testing.assert_allclose(estimates[list(EMOTIONS)].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(estimates.loc[33, list(EMOTIONS)].to_numpy(np.float32), shares_at(33))
    assert list(estimates.index[estimates["abstained"]]) == [10, 11, 12, 13]
    assert estimates.loc[10, "reason"] == "too little"
    assert estimates.loc[7, "EEG_reasons"] == "blink"
    assert set(estimates["GSR_weight"]) == {0.25}
    features = pd.read_parquet(tmp_path / "out" / "features_P001_GSR.parquet")
    assert features.loc[5, ["level_ln", "slope", "level_ln_relative"]].tolist() == [5, 6, 17]
    assert features.loc[0, "reasons"] == "a; b"
    assert list(read["events"]["kind"]) == ["marker", "marker", "note", "alarm"]
    (trial,) = read["trials"].to_dict("records")
    assert (trial["onset"], trial["duration"], trial["name"]) == (START + 2, 4, "joy")
    channels = pd.read_parquet(tmp_path / "out" / "channels.parquet").set_index("channel")
    assert channels.loc["Fz", ["unit", "sfreq", "use", "file"]].tolist() == ["uV", RATE, "EEG", "signals/P001_eeg"]


def rate(session, number, text):
    """Append an event of kind rating to what a session recorded, 9 s after its start."""
    event = {"id": f"{number}-0", "time": START + 9, "kind": "rating", "text": text, "source": "P001/rating"}
    with (session / "events.jsonl").open("a") as events:
        events.write(f"{json.dumps(event)}\n")


def test_ratings_are_a_table_with_a_row_an_item(tmp_path):
    session = past_session(tmp_path / "s1")
    items = (ItemRating("Happy", 4, 2.5, 1), ItemRating("Sad, or low", 1, 7.25, 3))
    rate(session, 5, TrialRating("P001", "joy", START + 2, "Two", 1, 5, items).as_text())
    rate(session, 6, TrialRating("P001", "joy", START + 2, "Two", 1, 5, items[:1]).as_text())
    export(session, "csv", tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "rated_items.csv")
    trial = {"time": START + 9, "participant": "P001", "trial": "joy", "onset": START + 2}
    rows = [(1, "Happy", 4, 2.5, 1), (2, "Sad, or low", 1, 7.25, 3), (1, "Happy", 4, 2.5, 1)]
    names = ("place", "item", "value", "reaction_s", "changes")
    whole = [{**trial, "scale": "Two", "least": 1, "most": 5, **dict(zip(names, row, strict=True))} for row in rows]
    assert table.to_dict("records") == whole
    assert list(table.columns) == list(whole[0])


def test_of_what_is_no_rating_there_is_no_table_and_a_note(tmp_path):
    session = past_session(tmp_path / "s1")
    assert "rated_items.csv" not in export(session, "csv", tmp_path / "none")["files"]
    rate(session, 5, "{")
    told = export(session, "csv", tmp_path / "damaged")
    assert "rated_items.csv" not in told["files"]
    (note,) = (note for note in told["notes"] if "rating" in note)
    assert note.startswith("the rating at 509.000 s is in events alone: it cannot be read (")
    assert list(pd.read_csv(tmp_path / "damaged" / "events.csv")["text"])[-1] == "{"


def test_features_that_nothing_names_are_numbered(tmp_path):
    windows = open_session(past_session(tmp_path / "s1")).windows()
    ((name, table),) = flat_features(windows, {})
    assert name == "P001_GSR"
    assert table.column_names[-1] == "feature_12_relative"


def test_csv_says_the_same_as_parquet_whatever_a_note_holds(tmp_path):
    session = past_session(tmp_path / "s1", note='a "quoted", long\nnote')
    export(session, "csv", tmp_path / "csv")
    export(session, "parquet", tmp_path / "parquet")
    for name in ("estimates", "events", "signals/P001_eeg"):
        csv = pd.read_csv(tmp_path / "csv" / f"{name}.csv")
        parquet = pd.read_parquet(tmp_path / "parquet" / f"{name}.parquet")
        assert list(csv.columns) == list(parquet.columns)
        numbers = parquet.select_dtypes("number").columns
        np.testing.assert_array_equal(csv[numbers].astype(parquet[numbers].dtypes), parquet[numbers])
    assert pd.read_csv(tmp_path / "csv" / "events.csv")["text"][2] == 'a "quoted", long\nnote'


def test_nothing_is_overwritten(tmp_path):
    session = past_session(tmp_path / "s1")
    export(session, "csv", None)
    before = {file: file.read_bytes() for file in (session / "export").rglob("*") if file.is_file()}
    with pytest.raises(BadInput, match="is there already"):
        export(session, "csv", None)
    assert {file: file.read_bytes() for file in before} == before


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_export_is_for_its_owner_alone(tmp_path, kind):
    export(past_session(tmp_path / "s1"), kind, tmp_path / "new" / "out")
    assert stat.S_IMODE((tmp_path / "new" / "out").stat().st_mode) == 0o700


def test_an_export_that_fails_leaves_nothing(tmp_path):
    def half(target):
        with whole_folder(target) as fresh:
            (fresh / "half").write_text("a")
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        half(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


_WRITES_AND_WAITS = """
import sys, pathlib
from pipeline.session.export.whole import whole_folder
with whole_folder(pathlib.Path(sys.argv[1])) as fresh:
    (fresh / "half").write_text("a")
    print("written", flush=True)
    sys.stdin.read()
"""


def test_an_export_that_is_killed_leaves_no_half_and_the_next_one_is_whole(tmp_path):
    session, target = past_session(tmp_path / "s1"), tmp_path / "out"
    argv = [sys.executable, "-c", _WRITES_AND_WAITS, str(target)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout.readline() == "written\n"
        with pytest.raises(BadInput, match="another process is writing it"):
            export(session, "csv", target)
        writing.send_signal(signal.SIGKILL)
    assert not target.exists()
    export(session, "csv", target)
    assert not (target / "half").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "s1"]


def test_a_session_that_is_being_recorded_is_not_exported(tmp_path):
    session = past_session(tmp_path / "s1")
    with (session / "log.txt").open("a") as log:
        hold(log.fileno())
        with pytest.raises(BadInput, match="still being recorded"):
            export(session, "csv", tmp_path / "out")


@pytest.mark.skipif(find_spec("mne_bids") is not None, reason="mne-bids is installed")
def test_without_mne_bids_that_is_said_in_one_line(tmp_path):
    with pytest.raises(BadInput, match=r"mne-bids.* not installed; `pip install 'helo-live\[bids\]'`"):
        export(past_session(tmp_path / "s1"), "bids", tmp_path / "out")
    assert not (tmp_path / "out").exists()
