"""The tables of a session can be read whenever they are cut off, are gone on with, and end as Parquet."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Estimate, FeatureWindow, ModalityUse
from pipeline.session.tables import ArrowTable, estimate_row, feature_row, read_table, to_parquet


def window(tick: int = 0, modality: str = "EEG", shape: tuple[int, ...] = (2, 3, 5)) -> FeatureWindow:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + tick
    return FeatureWindow(tick, tick / 4, modality, values, 0.9, 0.5, ("no face",), 17, 3, 9, 1.5, None)


def estimate(tick: int = 0) -> Estimate:
    shares = np.array([0.25, 0.75], np.float32)
    uses = {"EEG": ModalityUse(0.75, 1.0, 0.5, True, ("late",), 17, 3, 9, 0.875)}
    return Estimate(tick, tick / 4, shares, shares / 2, shares * 2, shares, uses, False, "", {"latency": 0.125}, "abc")


def crashed(folder: Path, n_rows: int, *, share: float = 1.0) -> Path:
    """Write rows with a flush after each, and keep that share of the file as it was before it was closed."""
    path = folder / "features.arrows"
    written = ArrowTable(path)
    for tick in range(n_rows):
        written.append(feature_row("P001", window(tick)))
        written.flush()
    content = path.read_bytes()
    written.close()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def test_feature_windows_come_back(tmp_path):
    written = ArrowTable(tmp_path / "features.arrows")
    for one in (window(3), window(4, "GSR", (2, 7))):
        written.append(feature_row("P001", one))
    written.close()
    first, second = read_table(tmp_path / "features").to_pylist()
    assert np.array_equal(np.reshape(first["features"], first["shape"]), window(3).features)
    assert second["shape"] == [2, 7]
    assert (first["participant"], first["tick"], first["end"], first["modality"]) == ("P001", 3, 0.75, "EEG")
    assert (first["valid"], first["segment"], first["first"], first["last"]) == (0.9, 17, 3, 9)
    assert (first["reasons"], first["arrival"], first["made"]) == (["no face"], 1.5, None)


def test_estimates_come_back(tmp_path):
    written = ArrowTable(tmp_path / "estimates.arrows")
    written.append(estimate_row("P001", estimate(7)))
    written.close()
    (row,) = read_table(tmp_path / "estimates").to_pylist()
    assert (row["participant"], row["tick"], row["time"], row["model_hash"]) == ("P001", 7, 1.75, "abc")
    assert row["distribution"] == [0.25, 0.75]
    assert row["high"] == [0.5, 1.5]
    assert row["stages"] == [("latency", 0.125)]
    assert row["modalities"] == [
        {"modality": "EEG", "weight": 0.75, "valid": 1.0, "quality": 0.5, "used": True, "reasons": ["late"],
         "segment": 17, "first": 3, "last": 9, "distance": 0.875}
    ]  # fmt: skip


def test_what_was_flushed_is_readable_before_the_file_is_closed(tmp_path):
    crashed(tmp_path, 3)
    assert read_table(tmp_path / "features")["tick"].to_pylist() == [0, 1, 2]


@given(share=st.floats(0, 1))
def test_a_file_that_is_cut_off_gives_its_whole_batches_and_is_gone_on_with(tmp_path_factory, share):
    folder = tmp_path_factory.mktemp("cut")
    path = crashed(folder, 5, share=share)
    ticks = read_table(folder / "features")["tick"].to_pylist()
    assert ticks == list(range(len(ticks)))
    again = ArrowTable(path)
    assert again.taken_over["tick"].to_pylist() == ticks
    again.append(feature_row("P001", window(99)))
    again.close()
    assert read_table(folder / "features")["tick"].to_pylist() == [*ticks, 99]


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_a_table_becomes_parquet(tmp_path, share):
    path = crashed(tmp_path, 4, share=share)
    rows = read_table(tmp_path / "features")
    assert to_parquet(path) == tmp_path / "features.parquet"
    cut_off = ["features.cut"] if share < 1 else []  # what could not be read to its end is kept
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [*cut_off, "features.parquet"]
    assert pq.read_table(tmp_path / "features.parquet").equals(rows)
    assert read_table(tmp_path / "features").equals(rows)


def test_an_empty_table_becomes_parquet_with_its_columns(tmp_path):
    ArrowTable(tmp_path / "estimates.arrows").close()
    assert "distribution" in pq.read_schema(to_parquet(tmp_path / "estimates.arrows")).names
