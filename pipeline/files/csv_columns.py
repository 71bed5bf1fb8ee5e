"""Numbers from CSV text, read by Arrow: a file that is cut off is read as far as it goes, a wrong cell is named."""

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from pipeline.errors import BadInput
from pipeline.records import Array

#: Columns longer than this are no table for a replay; Arrow reads the text in one piece so that row numbers are known.
_BLOCK_BYTES: Final = 1 << 30


@dataclass(frozen=True)
class Columns:
    """The columns of a CSV text, in order."""

    values: dict[str, pa.ChunkedArray]
    cut: bool
    """The last line is shorter than the others and was left out."""

    def numbers(self, name: str, where: str, *, header_lines: int = 1) -> Array:
        """Return a column as float64, empty cells as NaN.

        Parameters
        ----------
        name : str
            The column.
        where : str
            The file, for the error.
        header_lines : int
            Lines before the first row, so that the error names the line of the file.

        Raises
        ------
        BadInput
            A cell is not a number.
        """
        column = self.values[name]
        if pa.types.is_null(column.type):
            return np.full(len(column), np.nan)
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            return np.array(pc.cast(column, pa.float64(), safe=False))
        for index, cell in enumerate(column.to_pylist()):
            if cell is not None and not _is_number(cell):
                raise BadInput(
                    f"{where}: column {name!r}, line {index + 1 + header_lines}: {str(cell)!r} is not a number; "
                    "correct it, or leave the column out"
                )
        return np.array([np.nan if cell is None else float(cell) for cell in column.to_pylist()])


def read_columns(content: bytes, where: str, *, names: tuple[str, ...] | None = None) -> Columns:
    """Read a comma-separated text.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark.
    where : str
        The file, for the error.
    names : tuple of str | None
        The columns' names where the first line does not hold them.

    Raises
    ------
    BadInput
        It is not a table: no columns, no text, or a line before the last one has another number of cells.
    """
    try:
        last_line = sum(1 for line in content.decode("utf-8").splitlines() if line)  # Arrow does not count empty lines
    except UnicodeDecodeError as error:
        raise BadInput(f"{where}: is not UTF-8 text ({error.reason}); give a comma-separated table") from error
    wrong: list[tuple[int, int]] = []

    def on_wrong_line(row: Any) -> str:
        wrong.append((row.number, row.actual_columns))
        return "skip"

    read = pacsv.ReadOptions(use_threads=False, block_size=min(_BLOCK_BYTES, len(content) + 1), column_names=names)
    parse = pacsv.ParseOptions(invalid_row_handler=on_wrong_line, newlines_in_values=False)
    try:
        table = pacsv.read_csv(io.BytesIO(content), read_options=read, parse_options=parse)
    except pa.ArrowInvalid as error:
        raise BadInput(f"{where}: is not a comma-separated table ({str(error).splitlines()[0]}); correct it") from error
    for number, cells in wrong:
        if number < last_line or cells > table.num_columns:
            raise BadInput(
                f"{where}: line {number} has {cells} cells, the first line has {table.num_columns}; correct the line"
            )
    values = dict(zip(table.column_names, table.columns, strict=True))
    if len(values) != table.num_columns:
        raise BadInput(f"{where}: two columns have the same name; rename one of them")
    return Columns(values, cut=bool(wrong))


def _is_number(cell: object) -> bool:
    try:
        float(str(cell))
    except ValueError:
        return False
    return True
