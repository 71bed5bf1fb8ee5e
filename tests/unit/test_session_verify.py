"""A recorded session computed again: the same when nothing was touched, and what differs where something was."""

import json
import stat
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import BadInput
from pipeline.session.analyze import analyze
from pipeline.session.config import SessionFile
from pipeline.session.raw_stream import Run, runs
from pipeline.session.recorded import open_session
from pipeline.session.verify import Comparison, Verdict, verify
from pipeline.signals.closing import closed_by_the_clock
from pipeline.signals.offline import Recorded
from pipeline.simulation.participant import SimulatedParticipant, stream_infos
from tests.recordings import record
from tests.signals_samples import START
from tests.workers import session_of

SECONDS = 16.0


def silent(what: str, steps: int):
    return lambda done: None


@pytest.fixture(scope="module")
def settings() -> SessionFile:
    uses = {"gsr": "GSR", "ppg": "PPG", "face": "Face"}
    streams = {name: {"match": {"type": use}, "use": use} for name, use in uses.items()}
    return session_of("made", {**streams, "eeg": {"match": {"type": "EEG"}, "use": "EEG", "required": False}})


@pytest.fixture(scope="module")
def streams(settings) -> dict[str, Recorded]:
    """Three streams, of somebody whom the model knows the like of; a fourth, that is not required, never comes."""
    wanted, infos, somebody = settings.participants["P001"].streams, stream_infos(1), SimulatedParticipant(1)
    seconds = [somebody.next_second() for _ in range(round(SECONDS))]
    return {
        use.lower(): Recorded(
            infos[use],
            wanted[use.lower()],
            START + np.concatenate([second[use].times for second in seconds]),
            np.concatenate([second[use].data for second in seconds]),
        )
        for use in ("GSR", "PPG", "Face")
    }


def late(_: str, time: float) -> float:
    """GSR, PPG and face are held up for 3 s."""
    return START + 12 if START + 9 < time < START + 12 else time + 0.03


@pytest.fixture
def session(tmp_path, settings, streams) -> Path:
    record(tmp_path / "made", settings, streams, late)
    return tmp_path / "made"


def rewrite(path: Path, column: str, change) -> None:
    """Change a column of a table."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    change([row for row in rows if not row.get("abstained")], column)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)


def windows_of(folder: Path) -> dict[tuple[str, int], str]:
    """Return every window as text, in which NaN is like NaN; without what a clock says of it."""
    table = pq.read_table(folder / "features.parquet").drop_columns(["arrival", "made"])
    return {(row["modality"], row["tick"]): str(row) for row in table.to_pylist()}


def test_an_untouched_session_comes_out_bit_for_bit(session):
    table = pq.read_table(session / "features.parquet").to_pylist()
    assert sum(bool(closed_by_the_clock(row["reasons"])) for row in table) > 10
    found = verify(session, silent)
    n_estimates = pq.read_metadata(session / "estimates.parquet").num_rows
    assert n_estimates > 30
    assert found == Verdict(Comparison(compared=n_estimates), [])


def test_analysis_of_a_session_is_what_it_was_live(session):
    result = analyze(session, None, None, silent)
    assert Path(result["out"]) == session / "analysis"
    live = pq.read_table(session / "estimates.parquet").drop_columns(["stages"])
    assert pq.read_table(session / "analysis" / "estimates.parquet").drop_columns(["stages"]).equals(live)
    assert windows_of(session / "analysis") == windows_of(session)
    assert result["estimates"] + result["abstained"] == result["ticks"] == live.num_rows


def test_a_place_for_an_analysis_that_cannot_be_is_named_before_anything_is_computed(session):
    told = []
    with pytest.raises(BadInput, match=r"-o: .*raw\.xdf is no folder"):
        analyze(session, None, session / "raw.xdf" / "out", lambda what, _: told.append(what))
    assert told == []


def test_a_table_of_an_analysis_that_cannot_be_written_is_one_line(session, tmp_path):
    (tmp_path / "out" / "features.parquet").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"out: cannot be written \(.*\); give another folder by -o"):
        analyze(session, None, tmp_path / "out", silent)


def test_an_analysis_is_for_its_owner_alone(session, tmp_path):
    analyze(session, None, tmp_path / "new" / "out", silent)
    assert stat.S_IMODE((tmp_path / "new" / "out").stat().st_mode) == 0o700


def test_by_another_session_file_nothing_is_late(session, tmp_path):
    file = tmp_path / "other.yaml"
    file.write_text((session / "session.yaml").read_text().replace("hop_s: 0.25", "hop_s: 1.0"))
    result = analyze(session, file, tmp_path / "out", silent)
    rows = pq.read_table(tmp_path / "out" / "features.parquet").to_pylist()
    assert not any(closed_by_the_clock(row["reasons"]) for row in rows if row["modality"] != "EEG")
    assert result["estimates"] == result["ticks"] == pytest.approx(SECONDS - 6, abs=2)


def test_a_session_file_that_names_nothing_recorded_is_refused(session, tmp_path):
    file = tmp_path / "other.yaml"
    file.write_text((session / "session.yaml").read_text().replace("P001:", "P002:"))
    with pytest.raises(BadInput, match=r"P002.*is in the recording"):
        analyze(session, file, tmp_path / "out", silent)


def test_a_recorder_that_was_killed_leaves_enough(tmp_path, settings, streams):
    record(tmp_path / "cut", settings, streams, late, closed=False)
    found = verify(tmp_path / "cut", silent)
    assert (found.comparison.different, found.comparison.max_abs_diff) == (0, 0)
    assert found.comparison.compared > 30
    assert any("not closed" in note for note in found.notes)


def test_one_sample_that_was_altered_is_found(session, streams):
    raw = (session / "raw.xdf").read_bytes()
    row = len(streams["ppg"].times) // 2
    value = struct.pack("<f", float(streams["ppg"].data[row, 0]))
    assert raw.count(value) == 1
    (session / "raw.xdf").write_bytes(raw.replace(value, struct.pack("<f", float(streams["ppg"].data[row, 0]) + 3)))
    found = verify(session, silent).comparison
    assert 0 < found.different < found.compared
    assert 0 < found.max_abs_diff < 1
    assert found.fields["distribution"] > 0
    assert found.first.startswith("P001, tick ")


def test_one_estimate_that_was_altered_is_found(session):
    def change(rows, column):
        rows[7][column][0] += 0.01

    rewrite(session / "estimates.parquet", "distribution", change)
    found = verify(session, silent).comparison
    assert (found.different, found.fields) == (1, {"distribution": 1})
    assert found.max_abs_diff == pytest.approx(0.01)


def test_words_and_masks_are_compared_too(session):
    def change(rows, column):
        rows[3][column][0]["last"] -= 1

    rewrite(session / "estimates.parquet", "modalities", change)
    found = verify(session, silent).comparison
    assert (found.different, found.fields, found.max_abs_diff) == (1, {"modalities": 1}, 0)


def test_distances_from_the_training_data_are_compared_too(session):
    path = session / "estimates.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    use = next(use for row in rows for use in row["modalities"] if use["used"])
    use["distance"] *= 1.01
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    found = verify(session, silent).comparison
    assert (found.different, found.fields) == (1, {"modalities": 1})


def test_an_estimate_that_cannot_be_computed_counts_as_different(session):
    def change(rows, column):
        rows[-1][column] += 1000

    rewrite(session / "estimates.parquet", "tick", change)
    found = verify(session, silent).comparison
    assert (found.different, found.fields) == (1, {"missing": 1})


def test_a_changed_session_file_is_named(session):
    text = (session / "session.yaml").read_text()
    (session / "session.yaml").write_text(text.replace("lateness_s: 0.5", "lateness_s: 0.6"))
    found = verify(session, silent)
    assert found.comparison.different == 0  # what was late stands in the windows
    assert any("session.yaml" in note for note in found.notes)


def test_a_file_of_a_session_is_no_session(session):
    with pytest.raises(BadInput, match=rf"raw\.xdf: is a file; give the folder of the session, {session}"):
        verify(session / "raw.xdf", silent)


def test_a_restart_is_named_only_if_what_was_learned_is_lost(session):
    """A preprocess that was killed goes on bit for bit; one that found no saved state does not."""
    killed = {"id": "1-1", "time": 1.0, "kind": "restart", "source": "supervisor",
              "text": "The preprocess P001 process was ended by SIGKILL; it is being restarted."}  # fmt: skip
    anew = {"id": "1-2", "time": 2.0, "kind": "restart", "source": "preprocess",
            "text": "The preprocess process found no saved state of P001 and began anew."}  # fmt: skip
    lines = [json.dumps(killed), json.dumps(anew), '{"id": "cut o']
    (session / "events.jsonl").write_text("\n".join(lines))
    (note,) = verify(session, silent).notes
    assert note.startswith("The preprocess process found no saved state of P001 and began anew: ")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda folder: (folder / "raw.xdf").unlink(), "raw.xdf"),
        (lambda folder: (folder / "raw.xdf").write_bytes(b"no"), "raw.xdf"),
        (lambda folder: (folder / "session.yaml").unlink(), "session.yaml"),
        (lambda folder: (folder / "provenance.json").unlink(), "provenance.json"),
        (lambda folder: (folder / "provenance.json").write_text("{"), "provenance.json"),
        (
            lambda folder: change_json(folder, streams=[{"number": 1, "participant": "P001", "stream": "gsr"}]),
            "number 1",
        ),
        (lambda folder: change_json(folder, model=None), "no model"),
        (lambda folder: change_json(folder, model={"sha256": "f" * 64, "device": "cpu"}), "not the model"),
        (lambda folder: (folder / "estimates.parquet").unlink(), "no estimates"),
    ],
)
def test_a_folder_that_cannot_be_verified_is_refused(session, damage, named):
    damage(session)
    with pytest.raises(BadInput, match=named):
        verify(session, silent)


def change_json(folder: Path, **fields) -> None:
    file = folder / "provenance.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_rows_are_cut_where_segment_and_offset_change():
    segments = [(100, 0, 0), (100, 50, 40), (200, 0, 60)]
    offsets = [(0, 0.5), (45, 0.25), (90, 1.0)]
    assert list(runs(segments, offsets, 70)) == [
        Run(100, 0, 0, 40, 0.5),
        Run(100, 50, 40, 45, 0.5),
        Run(100, 55, 45, 60, 0.25),
        Run(200, 0, 60, 70, 0.25),
    ]


def test_chunks_are_what_was_recorded(session, streams):
    (raw,) = open_session(session).streams["P001", "ppg"].parts
    stamps = np.concatenate([chunk.times + chunk.offset for chunk in raw.chunks()])
    np.testing.assert_allclose(stamps, streams["ppg"].times, atol=1e-9)
    assert np.array_equal(np.concatenate([chunk.data for chunk in raw.chunks()]), streams["ppg"].data)
