"""The tables of the study: what their columns hold, checked wherever one is written or read.

results/README.md explains the columns to people.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import pandera.pandas as pa

BLOCK_TABLES = {"runs": "runs", "losses": "block_losses", "layers": "layers"}  # {file: its table}
NAME = re.compile(r"\w[\w .-]{0,199}")
QUARTILES = ("median", "q25", "q75")
STATISTICS = ("mean", "sd", "median", "min", "max")


def text():
    return pa.Column("str", pa.Check(are_names), description="a name")


def are_names(texts):
    """Which of the texts mean nothing to a shell, a path, LaTeX, HTML or Typst."""
    return ~texts.isin([text for text in texts.unique() if not NAME.fullmatch(str(text))])


def names():
    return pa.Column("str", pa.Check(are_joined_names), description="names with “and” between")


def are_joined_names(texts):
    return texts.map(lambda text: all(map(NAME.fullmatch, str(text).split(" and "))))


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


def exact_share():
    """A share of countable things, written so that it is read as it was."""
    column = share()
    column.metadata = {"exact": True}
    return column


def table(key, **columns):
    """A table whose rows are told apart, and sorted, by the key's columns."""
    return pa.DataFrameSchema(key | columns, unique=list(key), strict=True, ordered=True)


COMBINATION = {"protocol": text(), "hidden": text(), "output": text()}
KEYS = list(COMBINATION)
RUN = {**COMBINATION, "seed": whole(0)}


class Metric(NamedTuple):
    """A column of runs that claims may compare: its kind there; its name in figures; and its kind
    in the summary, if it is summarised over seeds.
    """

    kind: Callable
    name: str
    in_summary: Callable | None = None


METRICS = {
    "final_train_loss": Metric(at_least_0, "loss", at_least_0),
    "train_accuracy": Metric(exact_share, "training accuracy", share),
    "test_accuracy": Metric(exact_share, "accuracy", share),
    "epochs_to_target": Metric(lambda: whole_or_none(1), "epochs"),
    "loss_roughness": Metric(at_least_0, "roughness"),
}
SUMMARISED = [name for name, metric in METRICS.items() if metric.in_summary]
COMPARISON = {"claim": text(), "protocol": text(), "comparison": text(), "output": text()}
MEASURED = {"metric": text(), "scale": text(), "margin": at_least_0()}
SIGNAL = {
    "weight_grad_norm": at_least_0,
    "delta_norm": at_least_0,
    "activation_mean": number,
    "activation_std": at_least_0,
    "activation_slope": at_least_0,
}
TABLES = {
    "runs": table(
        RUN,
        **{name: METRICS[name].kind() for name in SUMMARISED},
        diverged=flag(),
        diverged_epoch=whole_or_none(1),
        **{name: METRICS[name].kind() for name in METRICS if name not in SUMMARISED},
    ),
    "block_losses": table({**RUN, "epoch": whole(1)}, loss=number()),
    "losses": table(
        {**COMBINATION, "epoch": whole(1)},
        n=whole(0),
        **{name: number() for name in ("mean", "median", "sd", "min", "q25", "q75", "max")},
    ),
    "layers": table(
        {**RUN, "epoch": whole(0), "layer": whole(1)},
        **{column: kind() for column, kind in SIGNAL.items()},
    ),
    "signal": table(
        {**COMBINATION, "epoch": whole(0), "layer": whole(1)},
        **{f"{column}_{q}": kind() for column, kind in SIGNAL.items() for q in QUARTILES},
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
            f"{metric}_{statistic}": METRICS[metric].in_summary()
            for metric in SUMMARISED
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
