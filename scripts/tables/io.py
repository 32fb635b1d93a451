"""Read and write the tables as CSV, checked against their schemas."""

import csv
import io
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.errors

from scripts.study.errors import StudyError, not_utf8, one_line
from scripts.study.files import replacing
from scripts.tables.schemas import TABLES

DIGITS = 7  # significant ones, to which the processors agree (docs/portability.md)
NUMBER = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)? *|[+-]?inf", re.I | re.A)
FLAGS = (b"rue", b"RUE", b"alse", b"ALSE")  # of what pandas takes for True and False


class TableError(StudyError):
    """One line: the file, the column and row, what was found there, what is allowed."""


def write_table(frame, name, path):
    """Write a table whole or not at all: checked, its rows sorted, its columns in order."""
    schema = TABLES[name]
    unknown = [column for column in frame if column not in schema.columns]
    known = [column for column in schema.columns if column in frame]
    frame = check(frame[known + unknown].reset_index(drop=True), name, path)
    with replacing(path) as temporary:
        as_text(frame.sort_values(schema.unique), schema).to_csv(
            temporary, index=False, lineterminator="\n", encoding="utf-8"
        )


def as_text(frame, schema):
    """The frame with its numbers written out: to DIGITS, or exactly."""
    written = {
        name: frame[name].map(
            repr if column.metadata else f"{{:.{DIGITS}g}}".format, na_action="ignore"
        )
        for name, column in schema.columns.items()
        if str(column.dtype) == "float64"
    }
    return frame.assign(**written)


def read_table(name, path):
    """Read a table and check it. An empty cell is missing; "NA" is a name like any other."""
    return check(parse(name, path), name, path)


def read_tables(name, paths):
    """Read the parts of a table, in the paths' order. All are checked at once, for that takes much
    less time; where they are not right, one by one, so that the file is named.
    """
    parts = [parse(name, path) for path in paths]
    try:
        check(pd.concat(parts, ignore_index=True), name, "all parts")
    except TableError:
        for part, path in zip(parts, paths, strict=True):
            check(part, name, path)
        raise
    return parts


def parse(name, path):
    """The frame in a file."""
    data, columns = Path(path).read_bytes(), TABLES[name].columns
    if not data.endswith(b"\n"):
        raise TableError(f"{path}: the file is cut off in a line")
    types = {column: str(kind.dtype) for column, kind in columns.items()}
    try:
        with np.errstate(invalid="ignore"):  # whole numbers too great for their type
            frame = pd.read_csv(
                io.BytesIO(data), dtype=types, na_values=[""], keep_default_na=False
            )
    except (ValueError, TypeError, OverflowError) as error:
        check_cells(name, path)
        raise TableError(f"{path}: {one_line(str(error).splitlines()[0])}") from None
    check_columns(frame, name, path)
    # pandas fills up a row that is too short, takes what is too much in the first for names, passes
    # over empty lines, and takes True for a number where a column holds nothing else.
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


def check(frame, name, path):
    """The frame, if it is what the table may hold. TableError else."""
    check_columns(frame, name, path)
    if frame.empty:  # without a value a column has no type of its own
        frame = frame.astype({c: str(kind.dtype) for c, kind in TABLES[name].columns.items()})
    try:
        return TABLES[name].validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        raise TableError(f"{path}: {reason(error, frame, TABLES[name])}") from None


def check_columns(frame, name, path):
    pairs = itertools.zip_longest(frame, TABLES[name].columns, fillvalue="none")
    for place, (column, allowed) in enumerate(pairs, start=1):
        if column != allowed:
            column = one_line(str(column))
            raise TableError(f"{path}: column {place}: got {column}; allowed: {allowed}")


def check_cells(name, path):
    """TableError at the first row that has not a cell for each column, and at the first cell that
    is no value of its column's type.
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
                if not is_value(cell, kind):
                    raise TableError(f"{path}: {wrong_cell(column, row, cell, kind)}")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: {not_utf8(error)}") from None
    except csv.Error as error:
        raise TableError(f"{path}: line {lines.line_num}: {error}") from None


def is_value(cell, kind):
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


def reason(error, frame, schema):
    """The first of pandera's complaints, as one line for a person."""
    case = error.failure_cases.iloc[0]
    row, column = case["index"], case["column"]
    if case["check"] == "multiple_fields_uniqueness":
        key = one_line(", ".join(map(str, frame.loc[row, schema.unique])))
        return f"columns {', '.join(schema.unique)}, row {row + 1}: got {key} again; allowed: once"
    return wrong_cell(column, row, case["failure_case"], schema.columns[column])


def wrong_cell(column, row, value, kind):
    place = f"column {column}" if row is None else f"column {column}, row {row + 1}"
    given = "none" if pd.isna(value) or value == "" else one_line(str(value))
    return f"{place}: got {given}; allowed: {kind.description}"
