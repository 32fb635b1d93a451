"""The tables of the study: their columns, with what each holds, its unit and its meaning.

Tables are checked against these schemas wherever they are written or read. results/README.md is
made from them by `python -m scripts.tables.page`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import pandera.pandas as pa

NAME = re.compile(r"\w[\w .-]{0,199}")
QUARTILES = ("median", "q25", "q75")
STATISTICS = ("mean", "sd", "median", "min", "max")
OVER_SEEDS = {  # {statistic: in words}
    "mean": "mean",
    "median": "median",
    "sd": "standard deviation (n − 1)",
    "min": "least value",
    "q25": "lower quartile",
    "q75": "upper quartile",
    "max": "greatest value",
}


def column(
    dtype: str, meaning: str, allowed: str, *checks: pa.Check, unit: str = "", exact: bool = False
) -> pa.Column:
    """Return a column.

    Args:
        dtype: The type of its values; "Int64" and "float64" may be missing.
        meaning: What a value says, in one sentence.
        allowed: Which values it may hold, in words.
        checks: The same, as pandera's checks.
        unit: The unit of its values.
        exact: Whether its numbers are written with all their digits.
    """
    may_be_missing = dtype in ("Int64", "float64")
    return pa.Column(
        dtype,
        [*checks],
        nullable=may_be_missing,
        coerce=dtype == "float64",
        description=meaning,
        metadata={
            "allowed": allowed + (", or none" if may_be_missing else ""),
            "unit": unit,
            "exact": exact,
        },
    )


def text(meaning: str) -> pa.Column:
    """Return a column of names."""
    return column("str", meaning, "a name", pa.Check(_are_names))


def _are_names(texts: pd.Series) -> pd.Series:
    # Names have no special meaning in a shell, a path, LaTeX, HTML or Typst.
    return ~texts.isin([text for text in texts.unique() if not NAME.fullmatch(str(text))])


def names(meaning: str) -> pa.Column:
    """Return a column of one or more names, joined by “and”."""
    return column("str", meaning, "names with “and” between", pa.Check(_are_joined_names))


def _are_joined_names(texts: pd.Series) -> pd.Series:
    return texts.map(lambda text: all(map(NAME.fullmatch, str(text).split(" and "))))


def flag(meaning: str) -> pa.Column:
    """Return a column of True and False."""
    return column("bool", meaning, "True or False")


def whole(minimum: int, meaning: str, unit: str = "") -> pa.Column:
    """Return a column of whole numbers from a minimum."""
    return column("int64", meaning, _from(minimum), pa.Check.ge(minimum), unit=unit)


def whole_or_none(minimum: int, meaning: str, unit: str = "") -> pa.Column:
    """Return a column of whole numbers from a minimum, which may be missing."""
    return column("Int64", meaning, _from(minimum), pa.Check.ge(minimum), unit=unit)


def _from(minimum: int) -> str:
    return f"a whole number, {minimum} or more"


def number(meaning: str, unit: str = "") -> pa.Column:
    """Return a column of numbers.

    A number is missing where a run diverged or there is nothing to compute it from.
    """
    return column("float64", meaning, "a number", unit=unit)


def at_least_0(meaning: str, unit: str = "") -> pa.Column:
    """Return a column of numbers from 0."""
    return column("float64", meaning, "a number, 0 or more", pa.Check.ge(0), unit=unit)


def at_least_1(meaning: str, unit: str = "") -> pa.Column:
    """Return a column of numbers from 1."""
    return column("float64", meaning, "a number, 1 or more", pa.Check.ge(1), unit=unit)


def share(meaning: str) -> pa.Column:
    """Return a column of numbers from 0 to 1."""
    return column("float64", meaning, "a number from 0 to 1", pa.Check.in_range(0, 1))


def exact_share(meaning: str) -> pa.Column:
    """Return a column of shares of counts, which are written with all their digits."""
    range_0_to_1 = pa.Check.in_range(0, 1)
    return column("float64", meaning, "a number from 0 to 1", range_0_to_1, exact=True)


def table(
    rows: str, key: dict[str, pa.Column], note: str = "", /, **columns: pa.Column
) -> pa.DataFrameSchema:
    """Return the schema of a table, which is sorted by its key.

    Args:
        rows: What a row is, such as "a row a run".
        key: The first columns; no two rows have the same values in them.
        note: What else there is to say of the table.
        columns: The other columns.
    """
    return pa.DataFrameSchema(
        key | columns, unique=list(key), strict=True, ordered=True, title=rows, description=note
    )


LOSS = "the loss's"  # the unit of losses and of their gradients, for weights have none
COMBINATION = {
    "protocol": text("the protocol's name in `config.yaml`"),
    "hidden": text("the activation after each hidden layer"),
    "output": text("the activation after the last layer; `identity` is none"),
}
KEYS = list(COMBINATION)
RUN = {
    **COMBINATION,
    "seed": whole(0, "the run's seed: the same points, start and order in every combination"),
}
EPOCH = {"epoch": whole(1, "the epoch, from 1", "epochs")}
EPOCHS_DONE = {"epoch": whole(0, "how many epochs are done", "epochs")}
LAYER = {"layer": whole(1, "the linear layer, from 1 at the input")}


class Metric(NamedTuple):
    """A measure of a run, which claims may compare.

    Attributes:
        column: The metric's column in the table of runs.
        name: The metric's name in figures.
        summary_column: Returns the column of each of its statistics in the summary; None if it is
            not summarised over seeds.
    """

    column: pa.Column
    name: str
    summary_column: Callable[..., pa.Column] | None = None


METRICS = {
    "final_train_loss": Metric(
        at_least_0(
            "training loss of the last epoch: the mean over its points, each batch taken before "
            "its step",
            LOSS,
        ),
        "loss",
        lambda meaning: at_least_0(meaning, LOSS),
    ),
    "train_accuracy": Metric(
        exact_share("share of training points that are labelled correctly after the last epoch"),
        "training accuracy",
        share,
    ),
    "test_accuracy": Metric(
        exact_share("share of test points that are labelled correctly after the last epoch"),
        "accuracy",
        share,
    ),
    "epochs_to_target": Metric(
        whole_or_none(
            1,
            "the first epoch whose training accuracy, each batch taken before its step, reaches "
            "the protocol's `target_accuracy`; none if it never does",
            "epochs",
        ),
        "epochs",
    ),
    "loss_roughness": Metric(
        at_least_0(
            "how jagged the curve of training losses is: root mean square, over epochs, of the "
            "second difference of its natural logarithm; 0 for a steady fall"
        ),
        "roughness",
    ),
}
SUMMARISED = [name for name, metric in METRICS.items() if metric.summary_column]
SIGNAL: dict[str, tuple[Callable[[str, str], pa.Column], str, str]] = {
    "weight_grad_norm": (
        at_least_0,
        "Euclidean norm of the loss's gradient with respect to the layer's weights, ‖∂L/∂W‖",
        LOSS,
    ),
    "delta_norm": (
        at_least_0,
        "Euclidean norm, over points and units, of the gradient with respect to the input z of "
        "the layer's activation, ‖∂L/∂z‖",
        LOSS,
    ),
    "activation_mean": (number, "mean, over points and units, of the activation's output", ""),
    "activation_std": (
        at_least_0,
        "how much the output depends on the point: the standard deviation of each unit over "
        "points, then the root mean square over units",
        "",
    ),
    "activation_slope": (
        at_least_0,
        "root mean square, over points and units, of the activation's derivative f′(z); near 0 "
        "where a Sigmoid is saturated, ¼ at most",
        "",
    ),
}


def summary_columns() -> dict[str, pa.Column]:
    """Return the columns of the summary for each metric and statistic."""
    columns = {}
    for name, metric in METRICS.items():
        if metric.summary_column:
            for statistic in STATISTICS:
                meaning = f"{OVER_SEEDS[statistic]} of `{name}`"
                columns[f"{name}_{statistic}"] = metric.summary_column(meaning)
    return columns


def signal_columns() -> dict[str, pa.Column]:
    """Return the columns of the quartiles of each measure of a layer."""
    columns = {}
    for name, (kind, _, unit) in SIGNAL.items():
        for quartile in QUARTILES:
            meaning = f"{OVER_SEEDS[quartile]} of `{name}` over seeds"
            columns[f"{name}_{quartile}"] = kind(meaning, unit)
    return columns


COMPARISON = {
    "claim": text("the claim's name in `report/claims.yaml`"),
    "protocol": text("the protocol whose runs are compared"),
    "comparison": text(
        "the hidden activation of the runs compared, or both if they differ: `relu-tanh` is ReLU "
        "minus Tanh, or ReLU over Tanh"
    ),
    "output": text("their output activation, in the same way: `sigmoid-identity`"),
}
SCALE = "the scale's"
MEASURED = {
    "metric": text("the column of `runs.csv` that is compared"),
    "scale": text(
        "`difference` of the two runs of a seed, or `ratio`, which is compared by its natural "
        "logarithm"
    ),
    "margin": at_least_0(
        "the claim's margin on that scale, within which a difference does not matter", SCALE
    ),
}
TABLES = {
    "runs": table(
        "a row a run",
        RUN,
        **{name: METRICS[name].column for name in SUMMARISED},
        diverged=flag(
            "whether a training loss, or an output after the last epoch, was infinite or not a "
            "number"
        ),
        diverged_epoch=whole_or_none(1, "the first such epoch, from 1", "epochs"),
        **{name: METRICS[name].column for name in METRICS if name not in SUMMARISED},
    ),
    "block_losses": table(
        "a row a run and epoch", RUN | EPOCH, loss=number("training loss of the epoch", LOSS)
    ),
    "losses": table(
        "a row a combination and epoch",
        COMBINATION | EPOCH,
        n=whole(0, "seeds whose training loss is finite", "seeds"),
        **{name: number(f"{words} of their losses", LOSS) for name, words in OVER_SEEDS.items()},
    ),
    "block_accuracies": table(
        "a row a run and measured epoch",
        RUN | EPOCH,
        test_accuracy=exact_share("share of test points that are labelled correctly after it"),
    ),
    "accuracies": table(
        "a row a combination and measured epoch",
        COMBINATION | EPOCH,
        "The test accuracies after epochs 1, 2, 3, 5, 10, 20, … and the last.",
        n=whole(0, "seeds whose outputs are finite", "seeds"),
        **{name: share(f"{words} of their test accuracies") for name, words in OVER_SEEDS.items()},
    ),
    "layers": table(
        "a row a run, epoch and layer",
        RUN | EPOCHS_DONE | LAYER,
        "Measured over all training points, before training and after epochs 1, 10, 100 and the "
        "last.",
        **{name: kind(meaning, unit) for name, (kind, meaning, unit) in SIGNAL.items()},
    ),
    "signal": table(
        "a row a combination, measured epoch and layer",
        COMBINATION | EPOCHS_DONE | LAYER,
        "The columns of `layers.csv` over seeds, of finite values only.",
        **signal_columns(),
    ),
    "missing": table(
        "a row a missing block of runs",
        {**COMBINATION, "first_seed": whole(0, "the first seed whose run is missing")},
        "Empty, unless the report is partial (`make partial`). A run also counts as missing if "
        "other code or settings made it.",
        last_seed=whole(0, "the last seed whose run is missing"),
    ),
    "summary": table(
        "a row a combination",
        COMBINATION,
        "The statistics of a metric are over the runs that did not diverge.",
        n=whole(0, "runs; 0 where all are missing", "runs"),
        diverged=whole(0, "how many of them diverged", "runs"),
        trained=share("share of runs whose test accuracy ended above `target_accuracy`"),
        plateau_left=at_least_1(
            "the first epoch whose median training loss is below nine tenths of the loss of an "
            "output of ½ for every point (0.25 for mse, log 2 for bce)",
            "epochs",
        ),
        epochs_to_target_median=at_least_1(
            "median of `epochs_to_target`, where a run without a value counts as longer than any; "
            "none if the median run has none",
            "epochs",
        ),
        **summary_columns(),
    ),
    "factors": table(
        "a row a combination and measured epoch",
        COMBINATION | EPOCHS_DONE,
        "How much of the signal one layer passes on to the next: root mean squares over layers and "
        "seeds.",
        slope=at_least_0("`activation_slope` of the hidden layers"),
        forward=at_least_0("ratio of `activation_std` from one hidden layer to the next"),
        backward=at_least_0(
            "ratio of `delta_norm` from one layer to the one before; before training, both ratios "
            "are expected to be slope/√3 with weights uniform in ±1/√fan-in"
        ),
    ),
    "chaotic": table(
        "a row a chaotic run",
        RUN,
        "The runs whose losses differ when they start nudged, of the protocols that are also "
        "trained as `PROTOCOL-nudged`: another kind of processor gives other values for them.",
        final_train_loss=at_least_0("training loss of the last epoch, as in `runs.csv`", LOSS),
        nudged_train_loss=at_least_0("the same from the nudged start", LOSS),
    ),
    "boundaries": table(
        "a row a point of a grid over [0, 1]², of one run a combination, after each kept epoch",
        RUN | EPOCH | {"x": share("the point's first coordinate"), "y": share("its second one")},
        "Of the protocols that `keep` names: the run whose final loss is the median of the "
        "combination's.",
        prediction=number(
            "the network's output there, after a Sigmoid where outputs are logits; above ½ it "
            "predicts label 1"
        ),
    ),
    "published": table(
        "a row a published mean",
        COMBINATION,
        n=whole(1, "how many runs were published", "runs"),
        mean=share("mean test accuracy over them, as published"),
        sd=at_least_0("its standard deviation over runs, as published"),
    ),
    "agreement": table(
        "a row a published mean",
        COMBINATION,
        "The test accuracies of `report/published.csv` beside ours.",
        published_mean=share("mean over runs, as published"),
        published_sd=at_least_0("standard deviation over runs, as published"),
        mean=share("our mean"),
        sd=at_least_0("our standard deviation (n − 1)"),
        difference=number("our mean minus the published one"),
        spread=at_least_0(
            "√(`published_sd`² + `sd`²): the difference that two single runs are expected to have"
        ),
        agrees=flag("whether the difference is at most the spread, in absolute value"),
    ),
    "claims": table(
        "a row a comparison",
        COMPARISON,
        "The top of `scripts/analysis/verdicts.py` says how verdicts are made. Each claim has its "
        "comparisons under each protocol that trains the runs of at least one of them.",
        **MEASURED,
        n=whole(0, "seeds for which both runs have a value", "seeds"),
        effect=number(
            "the first run's value compared with the second's, on that scale: the mean over seeds",
            SCALE,
        ),
        ci_low=number("the lower end of its 95 % interval", SCALE),
        ci_high=number("the upper end of its 95 % interval", SCALE),
        p_adjusted=share(
            "its p-value, adjusted for the comparisons of this claim under this protocol (Holm)"
        ),
        verdict=text(
            "`holds`, `reversed`, `no difference`, or `undecided`; `unproven` where runs are "
            "missing, `not tested` where the protocol does not train them"
        ),
        leans=text("the verdict that all seeds give, whether it stands or not"),
        stands=share(
            "share of the refits to resampled seeds that give the same verdict; below 0.75, "
            "`verdict` is `undecided`"
        ),
        seeds_needed=whole_or_none(
            1,
            "if undecided: about how many seeds would decide, if effect and spread stayed as they "
            "are",
            "seeds",
        ),
    ),
    "verdicts": table(
        "a row a claim and protocol",
        {"claim": COMPARISON["claim"], "protocol": COMPARISON["protocol"]},
        "The verdict of all comparisons of a claim together.",
        comparison=names("the comparisons, as in `claims.csv`"),
        output=names("their output activations, as in `claims.csv`"),
        **MEASURED,
        n=whole(0, "the greatest number of seeds of a comparison", "seeds"),
        verdict=text(
            "that of all comparisons, or `mixed` if they disagree; `undecided` also if they agree, "
            "but too few refits agree for all of them together; `unproven` or `not tested` if one "
            "of them is"
        ),
        stands=share(
            "share of the refits in which all comparisons together give the verdict that they "
            "lean to"
        ),
    ),
    "intervals": table(
        "a row a comparison and number of seeds",
        {
            **COMPARISON,
            "seeds": whole(1, "how many seeds: the first quarter, the first half, or all", "seeds"),
        },
        "How intervals shrink with seeds, for the main protocol and those beside it.",
        half_width=at_least_0("half the width of the 95 % interval with that many seeds", SCALE),
        verdict=text("the verdict with that many seeds"),
    ),
}


def no_rows(name: str) -> pd.DataFrame:
    """Return a table without rows."""
    return pd.DataFrame(columns=list(TABLES[name].columns))


BLOCK_TABLES = {  # {file in a block's folder: its table}
    "runs": "runs",
    "losses": "block_losses",
    "accuracies": "block_accuracies",
    "layers": "layers",
}
