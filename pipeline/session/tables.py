"""The tables of a session: written row by row as Arrow streams, which can be read when cut off; Parquet at the end."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec.structs import asdict

from pipeline.log import get_log
from pipeline.records import Array, Estimate, FeatureWindow
from pipeline.session.durable import DurableFile

_log = get_log("tables")

#: Rows that go into Parquet at once.
_ROWS_AT_ONCE: Final = 16_384

_SHARES: Final = pa.list_(pa.float32())
_REASONS: Final = pa.list_(pa.string())

FEATURES: Final = pa.schema(
    {
        "participant": pa.string(),
        "tick": pa.int64(),
        "end": pa.float64(),
        "modality": pa.string(),
        "features": pa.list_(pa.float32()),
        "shape": pa.list_(pa.int32()),
        "valid": pa.float64(),
        "quality": pa.float64(),
        "reasons": _REASONS,
        "segment": pa.int64(),
        "first": pa.int64(),
        "last": pa.int64(),
        "arrival": pa.float64(),
        "made": pa.float64(),
    }
)

_USE: Final = pa.struct(
    {
        "modality": pa.string(),
        "weight": pa.float64(),
        "valid": pa.float64(),
        "quality": pa.float64(),
        "used": pa.bool_(),
        "reasons": _REASONS,
        "segment": pa.int64(),
        "first": pa.int64(),
        "last": pa.int64(),
        "distance": pa.float64(),
    }
)

ESTIMATES: Final = pa.schema(
    {
        "participant": pa.string(),
        "tick": pa.int64(),
        "time": pa.float64(),
        "distribution": _SHARES,
        "low": _SHARES,
        "high": _SHARES,
        "mean_label": _SHARES,
        "modalities": pa.list_(_USE),
        "abstained": pa.bool_(),
        "reason": pa.string(),
        "stages": pa.map_(pa.string(), pa.float64()),
        "model_hash": pa.string(),
    }
)

#: Stem of a table's file -> its columns.
SCHEMAS: Final = {"features": FEATURES, "estimates": ESTIMATES}


def feature_row(participant: str, window: FeatureWindow) -> dict[str, Any]:
    """Return a feature window as a row of `FEATURES`; its array is flat, in C order, beside its shape."""
    return {
        **asdict(window),
        "participant": participant,
        "features": window.features.ravel(),
        "shape": window.features.shape,
        "reasons": list(window.reasons),
    }


def estimate_row(participant: str, estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as a row of `ESTIMATES`."""
    uses = [
        {"modality": name, **asdict(use), "reasons": list(use.reasons)} for name, use in estimate.modalities.items()
    ]
    return {
        **asdict(estimate),
        "participant": participant,
        "modalities": uses,
        "stages": list(estimate.stages.items()),
    }


class ArrowTable:
    """Append rows to an Arrow stream file.

    A file that is there already, from before a crash, is taken over: its whole batches are kept, and rows are added.

    Parameters
    ----------
    path : Path
        ``features.arrows`` or ``estimates.arrows``.

    Attributes
    ----------
    taken_over : pyarrow.Table
        The rows that the file held already.
    """

    def __init__(self, path: Path) -> None:
        self._schema = SCHEMAS[path.stem]
        self._rows: list[Mapping[str, Any]] = []
        found = _Batches(path)
        before = list(found) if path.exists() else []
        self.taken_over = pa.Table.from_batches(before, self._schema)
        fresh = path.with_suffix(".part")
        self._file = DurableFile(fresh)
        self._writer = pa.ipc.new_stream(self._file, self._schema)
        for batch in before:
            self._writer.write_batch(batch)
        self.flush()
        if found.cut:
            _put_away(path, cut=True)
        fresh.replace(path)

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row; it is written with the next `flush`."""
        self._rows.append(row)

    def flush(self) -> None:
        """Write the rows that wait, to the disk itself."""
        if self._rows:
            self._writer.write_batch(pa.RecordBatch.from_pylist(self._rows, self._schema))
            self._rows.clear()
        self._file.sync()

    def close(self) -> None:
        """Write what waits and end the stream."""
        self.flush()
        self._writer.close()
        self._file.finish()

    def abandon(self) -> None:
        """Close the file as it is on the disk."""
        self._file.close()


def to_parquet(path: Path) -> Path:
    """Turn an Arrow stream file, even one that is cut off, into a Parquet file beside it, and remove it.

    One that could not be read to its end is kept, ending in ``.cut``.

    Parameters
    ----------
    path : Path
        The file, ending in ``.arrows``.

    Returns
    -------
    Path
        The Parquet file; it appears only when it is whole.
    """
    done = path.with_suffix(".parquet")
    fresh = path.with_suffix(".part")
    schema = SCHEMAS[path.stem]
    waiting: list[pa.RecordBatch] = []
    batches = _Batches(path)
    with pq.ParquetWriter(fresh, schema) as writer:
        for batch in batches:
            waiting.append(batch)
            if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting.clear()
        writer.write_table(pa.Table.from_batches(waiting, schema))
    fresh.replace(done)
    _put_away(path, cut=batches.cut)
    return done


def write_parquet(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as a Parquet file, in place of one that is there; it appears only when it is whole.

    Parameters
    ----------
    path : Path
        ``features.parquet`` or ``estimates.parquet``.
    rows : iterable of mapping
        From `feature_row` or `estimate_row`.
    """
    schema = SCHEMAS[path.stem]
    fresh = path.with_suffix(".part")
    remaining = iter(rows)
    with pq.ParquetWriter(fresh, schema) as writer:
        while batch := list(islice(remaining, _ROWS_AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(batch, schema))
    fresh.replace(path)


def read_table(path: Path) -> pa.Table:
    """Read a table of a session: ``<stem>.parquet``, or ``<stem>.arrows`` as far as it goes.

    Parameters
    ----------
    path : Path
        The session folder and the stem, for example ``recordings/s1/estimates``.
    """
    done = path.with_suffix(".parquet")
    if done.exists():
        return pq.read_table(done)
    return pa.Table.from_batches(list(_Batches(path.with_suffix(".arrows"))), SCHEMAS[path.stem])


def matrix(column: pa.ChunkedArray, width: int) -> Array:
    """Return a column of lists of one length as ``(n_rows, width)``, in the lists' own dtype."""
    values: Array = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return values.reshape(-1, width)


class _Batches:
    """The whole batches of a file, in order; `cut` says afterwards that it does not end where a batch does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.cut = False

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with self._path.open("rb") as file:
            try:
                yield from pa.ipc.open_stream(file)
            except (pa.ArrowInvalid, OSError) as error:
                self.cut = True
                _log.warning("a table is cut off; what comes before is kept", file=self._path, error=error)


def _put_away(path: Path, *, cut: bool) -> None:
    """Remove a file whose content is elsewhere now; one that could not be read to its end is kept, renamed."""
    if cut:
        path.replace(path.with_suffix(".cut"))
    else:
        path.unlink()
