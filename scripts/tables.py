"""The tables of the study: what their columns hold, checked wherever one is written or read.

results/README.md explains the columns to people.
"""

import contextlib
import itertools
import os
from pathlib import Path

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from scripts.errors import StudyError

FLOAT_FORMAT = "%.9g"  # nine digits tell any two float32 apart
METRICS = ("final_train_loss", "train_accuracy", "test_accuracy")
BLOCK_TABLES = {"runs": "runs", "losses": "block_losses", "layers": "layers"}  # {file: its table}
STATISTICS = ("mean", "sd", "median", "min", "max")


class TableError(StudyError):
    """One line: the file, the column and row, what was found there, what is allowed."""


def text():
    return pa.Column("str", description="a name")


def flag():
    return pa.Column("bool", description="True or False")


def whole(minimum):
    allowed = f"a whole number, {minimum} or more"
    return pa.Column("int64", pa.Check.ge(minimum), description=allowed)


def whole_or_none(minimum):
    allowed = f"a whole number, {minimum} or more, or none"
    return pa.Column("Int64", pa.Check.ge(minimum), nullable=True, description=allowed)


def number(*checks, allowed="a number"):
    """Any number; empty where a run diverged or there is nothing to compute it from."""
    allowed = f"{allowed}, or none"
    return pa.Column("float64", checks, nullable=True, coerce=True, description=allowed)


def at_least_0():
    return number(pa.Check.ge(0), allowed="a number, 0 or more")


def share():
    return number(pa.Check.in_range(0, 1), allowed="a number from 0 to 1")


def table(key, **columns):
    """A table whose rows are told apart, and sorted, by the key's columns."""
    return pa.DataFrameSchema(key | columns, unique=list(key), strict=True, ordered=True)


COMBINATION = {"protocol": text(), "hidden": text(), "output": text()}
RUN = {**COMBINATION, "seed": whole(0)}
KINDS = {"final_train_loss": at_least_0, "train_accuracy": share, "test_accuracy": share}

TABLES = {
    "runs": table(
        RUN,
        **{metric: KINDS[metric]() for metric in METRICS},
        diverged=flag(),
        diverged_epoch=whole_or_none(1),
        epochs_to_target=whole_or_none(1),
        loss_roughness=at_least_0(),
    ),
    "block_losses": table({**RUN, "epoch": whole(1)}, loss=number()),
    "losses": table(
        {**COMBINATION, "epoch": whole(1)},
        n=whole(0),
        **{name: number() for name in ("mean", "median", "sd", "min", "q25", "q75", "max")},
    ),
    "layers": table(
        {**RUN, "epoch": whole(0), "layer": whole(1)},
        weight_grad_norm=at_least_0(),
        delta_norm=at_least_0(),
        activation_mean=number(),
        activation_std=at_least_0(),
        activation_slope=at_least_0(),
    ),
    "summary": table(
        COMBINATION,
        n=whole(1),
        diverged=whole(0),
        trained=share(),
        epochs_to_target_median=number(pa.Check.ge(1), allowed="a number, 1 or more"),
        **{
            f"{metric}_{statistic}": KINDS[metric]()
            for metric in METRICS
            for statistic in STATISTICS
        },
    ),
    "factors": table(
        {**COMBINATION, "epoch": whole(0)},
        slope=at_least_0(),
        forward=at_least_0(),
        backward=at_least_0(),
    ),
    "published": table(COMBINATION, n=whole(1), mean=share(), sd=at_least_0()),
    "agreement": table(
        COMBINATION,
        published_mean=share(),
        published_sd=at_least_0(),
        mean=share(),
        sd=at_least_0(),
        difference=number(),
        spread=at_least_0(),
        agrees=flag(),
    ),
    "claims": table(
        {"claim": text(), "protocol": text(), "group": text()},
        n=whole(0),
        effect=number(),
        ci_low=number(),
        ci_high=number(),
        p_adjusted=share(),
        verdict=text(),
        fragility=whole(0),
        seeds_needed=whole_or_none(1),
    ),
    "intervals": table(
        {"claim": text(), "protocol": text(), "group": text(), "seeds": whole(1)},
        half_width=at_least_0(),
        verdict=text(),
    ),
}


def write(frame, name, path):
    """Write a table whole or not at all: checked, its rows sorted, its columns in order."""
    with writing(name, path) as write_part:
        write_part(frame)


@contextlib.contextmanager
def writing(name, path):
    """A function that writes parts of a table, each as `write` does, in the order of their keys.
    The table is there when the block is left, if without an error.
    """
    path, schema = Path(path), TABLES[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8", newline="") as file:

        def write_part(frame):
            unknown = [column for column in frame if column not in schema.columns]
            known = [column for column in schema.columns if column in frame]
            frame = check(frame[known + unknown].reset_index(drop=True), name, path)
            frame.sort_values(schema.unique).to_csv(
                file,
                header=file.tell() == 0,
                index=False,
                float_format=FLOAT_FORMAT,
                lineterminator="\n",
            )

        try:
            yield write_part
        except BaseException:
            temporary.unlink()
            raise
    os.replace(temporary, path)


def read(name, path):
    """Read a table and check it. An empty cell is missing; "NA" is a name like any other."""
    return check(parse(name, path), name, path)


def read_parts(name, paths):
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
    if not Path(path).read_bytes().endswith(b"\n"):
        raise TableError(f"{path}: the file is cut off in a line")
    types = {column: str(kind.dtype) for column, kind in TABLES[name].columns.items()}
    try:
        frame = pd.read_csv(path, dtype=types, na_values=[""], keep_default_na=False)
    except (ValueError, TypeError) as error:
        check_cells(name, path)
        raise TableError(f"{path}: {str(error).splitlines()[0]}") from None
    check_columns(frame, name, path)
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
            raise TableError(f"{path}: column {place}: got {column}; allowed: {allowed}")


def check_cells(name, path):
    """TableError at the first cell that is no value of its column's type."""
    with contextlib.suppress(ValueError):  # the file is no table at all
        cells = pd.read_csv(path, dtype=str, keep_default_na=False)
        check_columns(cells, name, path)
        for column, kind in TABLES[name].columns.items():
            for row, cell in enumerate(cells[column]):
                if not is_value(cell, kind):
                    raise TableError(f"{path}: {wrong_cell(column, row, cell, kind)}")


def is_value(cell, kind):
    if cell == "":
        return kind.nullable
    if str(kind.dtype) == "bool":
        return cell in ("True", "False")
    number = {"int64": int, "Int64": int, "float64": float}.get(str(kind.dtype), str)
    try:
        return number(cell) is not None
    except ValueError:
        return False


def reason(error, frame, schema):
    """The first of pandera's complaints, as one line for a person."""
    case = error.failure_cases.iloc[0]
    row, column = case["index"], case["column"]
    if case["check"] == "multiple_fields_uniqueness":
        key = ", ".join(map(str, frame.loc[row, schema.unique]))
        return f"columns {', '.join(schema.unique)}, row {row + 1}: got {key} again; allowed: once"
    return wrong_cell(column, row, case["failure_case"], schema.columns[column])


def wrong_cell(column, row, value, kind):
    place = f"column {column}" if row is None else f"column {column}, row {row + 1}"
    given = "none" if pd.isna(value) or value == "" else value
    return f"{place}: got {given}; allowed: {kind.description}"
