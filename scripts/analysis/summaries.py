"""Summaries over seeds of each combination's runs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scripts.analysis.chaos import chaotic
from scripts.analysis.factors import factors
from scripts.study.block import FOLDER, Block
from scripts.study.choices import LOSSES
from scripts.study.config import NUDGED
from scripts.tables import schemas
from scripts.tables.blocks import gather
from scripts.tables.io import read_tables


def over_seeds(values: np.ndarray) -> pd.DataFrame:
    """Return, for each row of (rows, seeds), the number of finite values and their statistics."""
    finite = pd.DataFrame(np.where(np.isfinite(values), values, np.nan))
    return pd.DataFrame(
        {
            "n": finite.count(axis=1),
            "mean": finite.mean(axis=1),
            "median": finite.median(axis=1),
            "sd": finite.std(axis=1),
            "min": finite.min(axis=1),
            "q25": finite.quantile(0.25, axis=1),
            "q75": finite.quantile(0.75, axis=1),
            "max": finite.max(axis=1),
        }
    )


def by_seed(column: pd.Series, seeds: int) -> np.ndarray:
    """Return a column as an array (rows of a seed, seeds); its table must be sorted by seed."""
    return column.to_numpy().reshape(seeds, -1).T


def summarise(runs: pd.DataFrame, target: float) -> pd.DataFrame:
    """Return a summary, in one row, of the runs of a combination.

    It holds the number of runs and how many diverged; the share whose test accuracy ends above the
    target, and the median of the epochs to the target; and of each metric the mean, standard
    deviation, median, least and greatest value over the runs that did not diverge.
    """
    never = float("inf")  # a run that misses the target takes longer than any that reaches it
    median_epochs = runs["epochs_to_target"].astype("float64").fillna(never).median()
    summary = {
        "n": len(runs),
        "diverged": int(runs["diverged"].sum()),
        "trained": (runs["test_accuracy"] > target).mean(),
        "epochs_to_target_median": median_epochs if median_epochs < never else np.nan,
    }
    for metric in schemas.SUMMARISED:
        for statistic in schemas.STATISTICS:
            function = "std" if statistic == "sd" else statistic
            summary[f"{metric}_{statistic}"] = runs[metric].agg(function)
    return pd.DataFrame([summary])


def plateau_left(losses: pd.Series, kind: str) -> float:
    """Return the first epoch, counted from 1, in which the loss has left its plateau.

    There it is below nine tenths of the loss of outputs that are all ½. NaN if that never happens.
    """
    below = losses < 0.9 * LOSSES[kind].of_half
    return below.to_numpy().argmax() + 1 if below.any() else np.nan


def aggregate(settings: dict, blocks: Sequence[Block]) -> dict[str, pd.DataFrame]:
    """Return {table: rows} of a combination: its blocks' rows, and summaries over seeds."""
    runs, losses, accuracies, layers = (
        gather(name, blocks, settings["epochs"]) for name in schemas.BLOCK_TABLES
    )
    seeds = len(runs)
    losses_by_epoch = by_epoch(losses, "loss", seeds)
    left = plateau_left(losses_by_epoch["median"], settings["loss"])
    return {
        "runs": runs,
        "losses": losses_by_epoch,
        "accuracies": by_epoch(accuracies, "test_accuracy", seeds),
        "layers": layers,
        "signal": signal(layers, seeds),
        "factors": factors(layers),
        "summary": summarise(runs, settings["target_accuracy"]).assign(plateau_left=left),
    }


def by_epoch(table: pd.DataFrame, column: str, seeds: int) -> pd.DataFrame:
    """Return the statistics over seeds of a column, for each epoch in the table."""
    epochs = table["epoch"].to_numpy()[: len(table) // seeds]
    return over_seeds(by_seed(table[column], seeds)).assign(epoch=epochs)


def signal(layers: pd.DataFrame, seeds: int) -> pd.DataFrame:
    """Return the quartiles over seeds of the measures of each layer and epoch."""
    place = layers[["epoch", "layer"]][: len(layers) // seeds].reset_index(drop=True)
    quartiles = [
        over_seeds(by_seed(layers[name], seeds))[list(schemas.QUARTILES)].add_prefix(f"{name}_")
        for name in schemas.SIGNAL
    ]
    return pd.concat([place, *quartiles], axis=1)


def without_runs(settings: dict) -> dict[str, pd.DataFrame]:
    """Return the tables of a combination whose blocks are all missing."""
    nothing = over_seeds(np.full((settings["epochs"], 1), np.nan))
    row = pd.DataFrame([{"n": 0, "diverged": 0}])
    return {
        "losses": nothing.assign(epoch=nothing.index + 1),
        "summary": row.reindex(columns=list(schemas.TABLES["summary"].columns)),
    }


def chaotic_table(
    blocks_by_combination: Mapping[tuple[str, str, str], Sequence[Block]],
) -> pd.DataFrame:
    """Return the chaotic runs of each combination that is also trained from a nudged start."""
    parts = []
    for (protocol, hidden, output), blocks in blocks_by_combination.items():
        nudged = blocks_by_combination.get((protocol + NUDGED, hidden, output))
        if blocks and nudged:
            parts.append(chaotic(all_losses(blocks), all_losses(nudged)))
    if not parts:
        return schemas.no_rows("chaotic")
    return pd.concat(parts)


def all_losses(blocks: Sequence[Block]) -> pd.DataFrame:
    """Return the losses of some blocks, by seed and epoch."""
    paths = [f"{FOLDER}/{block}/losses.csv" for block in blocks]
    return pd.concat(read_tables("block_losses", paths))


def missing_table(blocks: Sequence[Block]) -> pd.DataFrame:
    """Return the table missing, a row for each block that is missing."""
    return pd.DataFrame(blocks, columns=list(schemas.TABLES["missing"].columns))
