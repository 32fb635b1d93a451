"""Gather the tables of all blocks, and what they say over seeds.

    python -m scripts.aggregate --config FILE [--by DIGEST] [--partial]

writes results/runs.csv, losses.csv, layers.csv, factors.csv, signal.csv, chaotic.csv, summary.csv
and missing.csv. The last says which blocks are missing; none may be but with --partial, where those
that other code or other settings made count as missing.
"""

import argparse
import math
from collections import defaultdict

import numpy as np
import pandas as pd

from scripts import tables
from scripts.analysis.chaos import NUDGED, chaotic
from scripts.config import protocols, read_resolved
from scripts.errors import StudyError, reported
from scripts.factors import factors
from scripts.receipts import receipt
from scripts.steps import missing_steps, training_step
from scripts.study import SUMMARIES, block_folders, block_tables, blocks_by_combination

COMBINATION = list(tables.COMBINATION)
CONSTANT = {"mse": 0.25, "bce": math.log(2)}  # the loss of an output of ½ for every point


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
    for metric in tables.METRICS:
        for statistic in tables.STATISTICS:
            function = "std" if statistic == "sd" else statistic
            summary[f"{metric}_{statistic}"] = runs[metric].agg(function)
    return pd.DataFrame([summary])


def plateau_left(losses, kind):
    """The first epoch, from 1, whose loss is below nine tenths of an output of ½'s; NaN if none."""
    below = losses < 0.9 * CONSTANT[kind]
    return below.to_numpy().argmax() + 1 if below.any() else np.nan


def aggregate(settings, folders):
    """Return {table: rows} of the blocks of a combination, and of what they say over seeds."""
    runs, losses, layers = (
        gather(name, folders, settings["epochs"]) for name in tables.BLOCK_TABLES
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
        over_seeds(by_seed(layers[name], seeds))[list(tables.QUARTILES)].add_prefix(f"{name}_")
        for name in tables.SIGNAL
    ]
    return pd.concat([place, *quartiles], axis=1)


def without_runs(settings):
    """Return the tables of a combination whose blocks are all missing."""
    nothing = over_seeds(np.full((settings["epochs"], 1), np.nan))
    row = pd.DataFrame([{"n": 0, "diverged": 0}])
    return {
        "losses": nothing.assign(epoch=nothing.index + 1),
        "summary": row.reindex(columns=list(tables.TABLES["summary"].columns)),
    }


def chaotic_table(folders):
    """The chaotic runs of each combination that is trained from a nudged start, too."""
    parts = []
    for (protocol, *names), own in folders.items():
        nudged = folders.get((protocol + NUDGED, *names))
        if own and nudged:
            parts.append(chaotic(*(all_losses(each) for each in (own, nudged))))
    return pd.concat(parts or [pd.DataFrame(columns=list(tables.TABLES["chaotic"].columns))])


def all_losses(folders):
    return pd.concat(tables.read_parts("block_losses", [f"{f}/losses.csv" for f in folders]))


def missing_table(folders):
    """A row for each block that is missing."""
    rows = []
    for folder in folders:
        *_, protocol, activations, seeds = folder.split("/")
        names = [protocol, *activations.split("-")]
        first, last = map(int, seeds.removeprefix("seeds-").split("-"))
        rows.append([*names, first, last])
    return pd.DataFrame(rows, columns=list(tables.TABLES["missing"].columns))


def gather(name, folders, epochs):
    """A table of some blocks, in their order."""
    kind = tables.BLOCK_TABLES[name]
    paths = [f"{folder}/{name}.csv" for folder in folders]
    parts = tables.read_parts(kind, paths)
    within_a_run = tables.TABLES[kind].unique[len(tables.RUN) :]
    rows_a_run = {"runs": 1, "losses": epochs}.get(name)
    for rows, path in zip(parts, paths, strict=True):
        check_block(rows, path, within_a_run, rows_a_run)
    return pd.concat(parts)


def check_block(rows, path, within_a_run, rows_a_run=None):
    """TableError unless a block's rows are of the runs that its folder says, and of all, in their
    order; and alike for all of them: so many, and with the same values in some columns.
    """
    *_, protocol, activations, seeds, _ = path.split("/")
    first, last = map(int, seeds.removeprefix("seeds-").split("-"))
    count = last + 1 - first
    names = dict(zip(COMBINATION, [protocol, *activations.split("-")], strict=True))
    right = len(rows) > 0 and len(rows) % count == 0 and rows_a_run in (None, len(rows) // count)
    right = right and all((rows[column] == name).all() for column, name in names.items())
    if right:
        of_runs = rows[["seed", *within_a_run]].to_numpy().reshape(count, len(rows) // count, -1)
        expected = of_runs[:1].repeat(count, axis=0)
        expected[:, :, 0] = np.arange(first, last + 1)[:, None]
        right = (of_runs == expected).all()
    if not right:
        raise tables.TableError(
            f"{path}: its rows are not those of {protocol}/{activations}, seeds {first} to {last}; "
            "delete the file, and the next run makes it anew"
        )


@reported("aggregate")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=read_resolved)
    parser.add_argument("--by")
    parser.add_argument("--partial", action="store_true")
    arguments = parser.parse_args()
    config = arguments.config
    undone = set(missing_steps(config) if arguments.partial else ())
    missing = {folder for folder in block_folders(config) if training_step(folder) in undone}
    read = block_tables(folder for folder in block_folders(config) if folder not in missing)
    with receipt("aggregate", arguments.by, SUMMARIES, read):
        aggregate_all(config, missing)


def aggregate_all(config, missing):
    settings, blocks = protocols(config), blocks_by_combination(config)
    there = {
        key: [folder for folder in folders if folder not in missing]
        for key, folders in sorted(blocks.items())
    }
    if not any(there.values()):
        raise StudyError("no run is there yet; make report trains them")
    parts = defaultdict(list)
    for key, folders in there.items():
        combination = dict(zip(COMBINATION, key, strict=True))
        own = settings[combination["protocol"]]
        made = aggregate(own, folders) if folders else without_runs(own)
        for name, rows in made.items():
            parts[name].append(rows.assign(**combination))
    parts["chaotic"] = [chaotic_table(there)]
    parts["missing"] = [missing_table(missing)]
    for name, rows in parts.items():
        tables.write(pd.concat(rows), name, f"results/{name}.csv")


if __name__ == "__main__":
    main()
