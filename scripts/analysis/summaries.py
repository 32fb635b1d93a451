"""Summaries over seeds of each combination's runs."""

import numpy as np
import pandas as pd

from scripts.analysis.chaos import chaotic
from scripts.analysis.factors import factors
from scripts.study.block import FOLDER
from scripts.study.choices import LOSSES
from scripts.study.config import NUDGED
from scripts.tables import schemas
from scripts.tables.blocks import gather
from scripts.tables.io import read_tables


def over_seeds(values):
    """Return, for each row of (rows, seeds), how many values are finite, and their statistics."""
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


def by_seed(column, seeds):
    """Return a column of a table that is sorted by seed as an array (rows of a seed, seeds)."""
    return column.to_numpy().reshape(seeds, -1).T


def summarise(runs, target):
    """Of the runs of a combination: how many there are and how many diverged; the share whose test
    accuracy ends above the target, and the median of the epochs to it; over runs that did not
    diverge, each metric's mean, standard deviation, median, least and greatest value.
    """
    never = float("inf")  # a run that doesn't get there takes longer than any that does
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


def plateau_left(losses, kind):
    """The first epoch, from 1, whose loss is below nine tenths of an output of ½'s; NaN if none."""
    below = losses < 0.9 * LOSSES[kind].of_half
    return below.to_numpy().argmax() + 1 if below.any() else np.nan


def aggregate(settings, blocks):
    """Return {table: rows} of the blocks of a combination, and of what they say over seeds."""
    runs, losses, layers = (
        gather(name, blocks, settings["epochs"]) for name in schemas.BLOCK_TABLES
    )
    by_epoch = over_seeds(by_seed(losses["loss"], len(runs)))
    left = plateau_left(by_epoch["median"], settings["loss"])
    return {
        "runs": runs,
        "losses": by_epoch.assign(epoch=by_epoch.index + 1),
        "layers": layers,
        "signal": signal(layers, len(runs)),
        "factors": factors(layers),
        "summary": summarise(runs, settings["target_accuracy"]).assign(plateau_left=left),
    }


def signal(layers, seeds):
    """Return the quartiles over seeds of what was measured in each layer and epoch."""
    place = layers[["epoch", "layer"]][: len(layers) // seeds].reset_index(drop=True)
    quartiles = [
        over_seeds(by_seed(layers[name], seeds))[list(schemas.QUARTILES)].add_prefix(f"{name}_")
        for name in schemas.SIGNAL
    ]
    return pd.concat([place, *quartiles], axis=1)


def without_runs(settings):
    """Return the tables of a combination whose blocks are all missing."""
    nothing = over_seeds(np.full((settings["epochs"], 1), np.nan))
    row = pd.DataFrame([{"n": 0, "diverged": 0}])
    return {
        "losses": nothing.assign(epoch=nothing.index + 1),
        "summary": row.reindex(columns=list(schemas.TABLES["summary"].columns)),
    }


def chaotic_table(blocks_by_combination):
    """The chaotic runs of each combination that is trained from a nudged start, too."""
    parts = [pd.DataFrame(columns=list(schemas.TABLES["chaotic"].columns))]
    for (protocol, *activations), own in blocks_by_combination.items():
        nudged = blocks_by_combination.get((protocol + NUDGED, *activations))
        if own and nudged:
            parts.append(chaotic(all_losses(own), all_losses(nudged)))
    return pd.concat(parts[1:] or parts)


def all_losses(blocks):
    return pd.concat(read_tables("block_losses", [f"{FOLDER}/{b}/losses.csv" for b in blocks]))


def missing_table(blocks):
    """A row for each block that is missing."""
    return pd.DataFrame(blocks, columns=list(schemas.TABLES["missing"].columns))
