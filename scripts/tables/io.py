"""Read and write the tables as CSV, checked against their schemas."""

import csv
import io
import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa

from scripts.study.errors import StudyError, not_utf8, one_line
from scripts.study.files import replacing
from scripts.tables.schemas import TABLES

DIGITS = 7  # significant digits, on which processors agree (docs/portability.md)
ROUNDED = f"{{:.{DIGITS}g}}"
NUMBER = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)? *|[+-]?inf", re.I | re.A)
FLAGS = (b"rue", b"RUE", b"alse", b"ALSE")  # parts of what pandas reads as True and False


class TableError(StudyError):
    """An error of one line: the file, the column and row, what was found, what is allowed."""


def write_table(frame: pd.DataFrame, name: str, path: str | Path) -> None:
    """Write a table completely or not at all.

    It is checked, its rows are sorted by its key, and its columns put in order. Raises TableError
    if the frame does not fit the table's schema.
    """
    schema = TABLES[name]
    unknown = [column for column in frame if column not in schema.columns]
    known = [column for column in schema.columns if column in frame]
    frame = check(frame[known + unknown].reset_index(drop=True), name, path)
    with replacing(path) as temporary:
        as_text(frame.sort_values(schema.unique), schema).to_csv(
            temporary, index=False, lineterminator="\n", encoding="utf-8"
        )


def as_text(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return the frame with its numbers as text: exact where the schema asks, or to DIGITS."""
    written = {}
    for name, column in schema.columns.items():
        if str(column.dtype) == "float64":
            text_of = repr if column.metadata["exact"] else ROUNDED.format
            written[name] = frame[name].map(text_of, na_action="ignore")
    return frame.assign(**written)


def read_table(name: str, path: str | Path) -> pd.DataFrame:
    """Read a table and check it.

    An empty cell is missing, and "NA" is a name like any other. Raises TableError if the file does
    not fit the table's schema.
    """
    return check(parse(name, path), name, path)


def read_tables(name: str, paths: Sequence[str | Path]) -> list[pd.DataFrame]:
    """Read the parts of a table, in the order of the paths.

    All parts are checked at once, which is much faster. If the check fails, they are checked one by
    one, so that TableError names the file.
    """
    parts = [parse(name, path) for path in paths]
    try:
        check(pd.concat(parts, ignore_index=True), name, "all parts")
    except TableError:
        for part, path in zip(parts, paths, strict=True):
            check(part, name, path)
        raise
    return parts


def parse(name: str, path: str | Path) -> pd.DataFrame:
    """Return the frame in a file, with its columns checked but not its values.

    Raises TableError if the file is not a table with these columns.
    """
    data = Path(path).read_bytes()
    columns = TABLES[name].columns
    if not data.endswith(b"\n"):
        raise TableError(f"{path}: the file is cut off in a line")
    types = {column: str(kind.dtype) for column, kind in columns.items()}
    try:
        with np.errstate(invalid="ignore"):  # whole numbers too large for their type
            frame = pd.read_csv(
                io.BytesIO(data), dtype=types, na_values=[""], keep_default_na=False
            )
    except (ValueError, TypeError, OverflowError) as error:
        check_cells(name, path)
        raise TableError(f"{path}: {one_line(str(error).splitlines()[0])}") from None
    check_columns(frame, name, path)
    # pandas fills up rows that are too short, takes surplus cells of the first row for an index,
    # skips empty lines, and reads True as a number if a column holds only such values.
    commas = data.count(b"\n") * (len(columns) - 1)
    flags = len(frame) * sum(kind == "bool" for kind in types.values())
    as_written = (
        data.count(b",") == commas
        and data.count(b"\r") == data.count(b"\r\n")
        and sum(map(data.count, FLAGS)) == flags
        and isinstance(frame.index, pd.RangeIndex)
    )
    if not as_written:
        check_cells(name, path)
    return frame


def check(frame: pd.DataFrame, name: str, path: str | Path) -> pd.DataFrame:
    """Return the frame if it fits the table's schema.

    Raises TableError with the path if it does not.
    """
    check_columns(frame, name, path)
    if frame.empty:  # a column without values has no type of its own
        frame = frame.astype({c: str(kind.dtype) for c, kind in TABLES[name].columns.items()})
    try:
        return TABLES[name].validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        raise TableError(f"{path}: {_first_failure(error, frame, TABLES[name])}") from None


def check_columns(columns: Iterable[str], name: str, path: str | Path) -> None:
    """Raise TableError at the first column that is not the schema's; a frame is its columns."""
    pairs = itertools.zip_longest(columns, TABLES[name].columns, fillvalue="none")
    for place, (column, allowed) in enumerate(pairs, start=1):
        if column != allowed:
            column = one_line(str(column))
            raise TableError(f"{path}: column {place}: got {column}; allowed: {allowed}")


def check_cells(name: str, path: str | Path) -> None:
    """Raise TableError at the first row or cell of a file that does not fit the schema.

    A row must have a cell for each column, and a cell must hold a value of its column's type.
    """
    columns = TABLES[name].columns
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""))
        check_columns(next(lines), name, path)
        for row, cells in enumerate(lines):
            if len(cells) != len(columns):
                place = f"row {row + 1}: got {len(cells)} cells"
                raise TableError(f"{path}: {place}; allowed: {len(columns)}")
            for cell, (column, kind) in zip(cells, columns.items(), strict=True):
                if not _is_value(cell, kind):
                    raise TableError(f"{path}: {_wrong_cell(column, row, cell, kind)}")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: {not_utf8(error)}") from None
    except csv.Error as error:
        raise TableError(f"{path}: line {lines.line_num}: {error}") from None


def _is_value(cell: str, kind: pa.Column) -> bool:
    dtype = str(kind.dtype)
    if cell == "":
        return kind.nullable
    if dtype == "bool":
        return cell.lower() in ("true", "false")
    if dtype in ("int64", "Int64", "float64"):
        if not NUMBER.fullmatch(cell):
            return False
        return dtype == "float64" or (float(cell).is_integer() and abs(float(cell)) < 2**63)
    return True


def _first_failure(
    error: pandera.errors.SchemaErrors, frame: pd.DataFrame, schema: pa.DataFrameSchema
) -> str:
    case = error.failure_cases.iloc[0]
    row, column = case["index"], case["column"]
    if case["check"] == "multiple_fields_uniqueness":
        key = one_line(", ".join(map(str, frame.loc[row, schema.unique])))
        return f"columns {', '.join(schema.unique)}, row {row + 1}: got {key} again; allowed: once"
    return _wrong_cell(column, row, case["failure_case"], schema.columns[column])


def _wrong_cell(column: str, row: int | None, value: object, kind: pa.Column) -> str:
    place = f"column {column}" if row is None else f"column {column}, row {row + 1}"
    given = "none" if pd.isna(value) or value == "" else one_line(str(value))
    return f"{place}: got {given}; allowed: {kind.metadata['allowed']}"
