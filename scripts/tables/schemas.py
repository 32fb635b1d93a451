"""The schemas of the study's tables, which are checked wherever a table is written or read.

results/README.md explains the columns.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import pandera.pandas as pa

BLOCK_TABLES = {"runs": "runs", "losses": "block_losses", "layers": "layers"}  # {file: its table}
NAME = re.compile(r"\w[\w .-]{0,199}")
QUARTILES = ("median", "q25", "q75")
STATISTICS = ("mean", "sd", "median", "min", "max")


def text() -> pa.Column:
    """Return a column of names."""
    return pa.Column("str", pa.Check(_are_names), description="a name")


def _are_names(texts: pd.Series) -> pd.Series:
    # Names have no special meaning in a shell, a path, LaTeX, HTML or Typst.
    return ~texts.isin([text for text in texts.unique() if not NAME.fullmatch(str(text))])


def names() -> pa.Column:
    """Return a column of one or more names, joined by “and”."""
    return pa.Column("str", pa.Check(_are_joined_names), description="names with “and” between")


def _are_joined_names(texts: pd.Series) -> pd.Series:
    return texts.map(lambda text: all(map(NAME.fullmatch, str(text).split(" and "))))


def flag() -> pa.Column:
    """Return a column of True and False."""
    return pa.Column("bool", description="True or False")


def whole(minimum: int) -> pa.Column:
    """Return a column of whole numbers from a minimum."""
    allowed = f"a whole number, {minimum} or more"
    return pa.Column("int64", pa.Check.ge(minimum), description=allowed)


def whole_or_none(minimum: int) -> pa.Column:
    """Return a column of whole numbers from a minimum, which may be missing."""
    allowed = f"a whole number, {minimum} or more, or none"
    return pa.Column("Int64", pa.Check.ge(minimum), nullable=True, description=allowed)


def number(*checks: pa.Check, allowed: str = "a number") -> pa.Column:
    """Return a column of numbers that pass the checks.

    A number is missing where a run diverged or there is nothing to compute it from.
    """
    allowed = f"{allowed}, or none"
    return pa.Column("float64", [*checks], nullable=True, coerce=True, description=allowed)


def at_least_0() -> pa.Column:
    """Return a column of numbers from 0."""
    return number(pa.Check.ge(0), allowed="a number, 0 or more")


def share() -> pa.Column:
    """Return a column of numbers from 0 to 1."""
    return number(pa.Check.in_range(0, 1), allowed="a number from 0 to 1")


def exact_share() -> pa.Column:
    """Return a column of shares of counts, which are written with all their digits."""
    column = share()
    column.metadata = {"exact": True}
    return column


def table(key: dict[str, pa.Column], **columns: pa.Column) -> pa.DataFrameSchema:
    """Return the schema of a table whose rows are unique in the key's columns, and sorted by them.

    The key's columns come first.
    """
    return pa.DataFrameSchema(key | columns, unique=list(key), strict=True, ordered=True)


COMBINATION = {"protocol": text(), "hidden": text(), "output": text()}
KEYS = list(COMBINATION)
RUN = {**COMBINATION, "seed": whole(0)}


class Metric(NamedTuple):
    """A measure of a run, which claims may compare.

    Attributes:
        column: Returns the metric's column in the table of runs.
        name: The metric's name in figures.
        summary_column: Returns the column of each of its statistics in the summary; None if it is
            not summarised over seeds.
    """

    column: Callable[[], pa.Column]
    name: str
    summary_column: Callable[[], pa.Column] | None = None


METRICS = {
    "final_train_loss": Metric(at_least_0, "loss", at_least_0),
    "train_accuracy": Metric(exact_share, "training accuracy", share),
    "test_accuracy": Metric(exact_share, "accuracy", share),
    "epochs_to_target": Metric(lambda: whole_or_none(1), "epochs"),
    "loss_roughness": Metric(at_least_0, "roughness"),
}
SUMMARY_COLUMNS = {
    name: metric.summary_column for name, metric in METRICS.items() if metric.summary_column
}
SUMMARISED = list(SUMMARY_COLUMNS)
COMPARISON = {"claim": text(), "protocol": text(), "comparison": text(), "output": text()}
MEASURED = {"metric": text(), "scale": text(), "margin": at_least_0()}
SIGNAL: dict[str, Callable[[], pa.Column]] = {
    "weight_grad_norm": at_least_0,
    "delta_norm": at_least_0,
    "activation_mean": number,
    "activation_std": at_least_0,
    "activation_slope": at_least_0,
}
TABLES = {
    "runs": table(
        RUN,
        **{name: METRICS[name].column() for name in SUMMARISED},
        diverged=flag(),
        diverged_epoch=whole_or_none(1),
        **{name: METRICS[name].column() for name in METRICS if name not in SUMMARISED},
    ),
    "block_losses": table({**RUN, "epoch": whole(1)}, loss=number()),
    "losses": table(
        {**COMBINATION, "epoch": whole(1)},
        n=whole(0),
        **{name: number() for name in ("mean", "median", "sd", "min", "q25", "q75", "max")},
    ),
    "layers": table(
        {**RUN, "epoch": whole(0), "layer": whole(1)},
        **{name: column() for name, column in SIGNAL.items()},
    ),
    "signal": table(
        {**COMBINATION, "epoch": whole(0), "layer": whole(1)},
        **{f"{name}_{q}": column() for name, column in SIGNAL.items() for q in QUARTILES},
    ),
    "missing": table({**COMBINATION, "first_seed": whole(0)}, last_seed=whole(0)),
    "summary": table(
        COMBINATION,
        n=whole(0),
        diverged=whole(0),
        trained=share(),
        plateau_left=number(pa.Check.ge(1), allowed="a number, 1 or more"),
        epochs_to_target_median=number(pa.Check.ge(1), allowed="a number, 1 or more"),
        **{
            f"{name}_{statistic}": column()
            for name, column in SUMMARY_COLUMNS.items()
            for statistic in STATISTICS
        },
    ),
    "factors": table(
        {**COMBINATION, "epoch": whole(0)},
        slope=at_least_0(),
        forward=at_least_0(),
        backward=at_least_0(),
    ),
    "chaotic": table(RUN, final_train_loss=at_least_0(), nudged_train_loss=at_least_0()),
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
        COMPARISON,
        **MEASURED,
        n=whole(0),
        effect=number(),
        ci_low=number(),
        ci_high=number(),
        p_adjusted=share(),
        verdict=text(),
        leans=text(),
        stands=share(),
        seeds_needed=whole_or_none(1),
    ),
    "verdicts": table(
        {"claim": text(), "protocol": text()},
        comparison=names(),
        output=names(),
        **MEASURED,
        n=whole(0),
        verdict=text(),
        stands=share(),
    ),
    "intervals": table(
        {**COMPARISON, "seeds": whole(1)},
        half_width=at_least_0(),
        verdict=text(),
    ),
}
