"""The tables of the study: what their columns hold, checked wherever one is written or read.

results/README.md explains the columns to people.
"""

import os
from pathlib import Path

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from scripts.errors import StudyError

FLOAT_FORMAT = "%.9g"  # nine digits tell any two float32 apart
METRICS = ("final_train_loss", "train_accuracy", "test_accuracy")
STATISTICS = ("mean", "sd", "median", "min", "max")


class TableError(StudyError):
    """One line: the file, the column, what was found there, what is allowed."""


def text():
    return pa.Column("str")


def flag():
    return pa.Column("bool")


def whole(minimum):
    return pa.Column("int64", pa.Check.ge(minimum, error=f"a whole number, {minimum} or more"))


def number(*checks):
    """Any number; empty where a run diverged or there is nothing to compute it from."""
    return pa.Column("float64", checks, nullable=True, coerce=True)


def at_least_0():
    return number(pa.Check.ge(0, error="a number, 0 or more"))


def share():
    return number(pa.Check.in_range(0, 1, error="from 0 to 1"))


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
        diverged_epoch=pa.Column(
            "Int64", pa.Check.ge(1, error="an epoch, 1 or more"), nullable=True
        ),
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
        activation_mean=number(),
        activation_std=at_least_0(),
    ),
    "summary": table(
        COMBINATION,
        n=whole(1),
        diverged=whole(0),
        **{
            f"{metric}_{statistic}": KINDS[metric]()
            for metric in METRICS
            for statistic in STATISTICS
        },
    ),
}


def write(frame, name, path):
    """Write a table whole or not at all: checked, its rows sorted, its columns in order."""
    schema = TABLES[name]
    frame = check(frame[list(schema.columns)].sort_values(schema.unique), name, path)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    frame.to_csv(temporary, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")
    os.replace(temporary, path)


def read(name, path):
    """Read a table and check it. An empty cell is missing; "NA" is a name like any other."""
    types = {column: str(kind.dtype) for column, kind in TABLES[name].columns.items()}
    try:
        frame = pd.read_csv(path, dtype=types, na_values=[""], keep_default_na=False)
    except ValueError as error:
        raise TableError(f"{path}: {error}") from None
    return check(frame, name, path)


def check(frame, name, path):
    """The frame, if it is what the table may hold. TableError else."""
    try:
        return TABLES[name].validate(frame)
    except pandera.errors.SchemaError as error:
        raise TableError(f"{path}: {reason(error)}") from None


def reason(error):
    column = getattr(error.schema, "name", None)
    cases = error.failure_cases
    if column is None or not isinstance(error.check, pa.Check):
        return str(error).splitlines()[0]
    row, value = cases["index"].iloc[0], cases["failure_case"].iloc[0]
    return f"column {column}, row {row + 1}: got {value}; allowed: {error.check.error}"
