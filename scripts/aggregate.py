"""Gather the tables of all blocks, and what they say over seeds.

    python -m scripts.aggregate --config FILE [--by DIGEST] [--partial]

writes results/runs.csv, losses.csv, layers.csv, factors.csv, signal.csv, chaotic.csv, summary.csv
and missing.csv. The last says which blocks are missing; none may be but with --partial, where those
that other code or other settings made count as missing.

Blocks are read a few at a time, so that memory does not grow with the combinations, and with the
seeds of a combination by some 40 bytes each.
"""

import argparse
import contextlib
import math

import numpy as np
import pandas as pd

from scripts import tables
from scripts.analysis.chaos import NUDGED, chaotic
from scripts.columns import Columns
from scripts.config import protocols, read_resolved
from scripts.errors import StudyError, reported
from scripts.factors import root_mean, squares
from scripts.receipts import receipt
from scripts.steps import missing_steps, training_step
from scripts.study import SUMMARIES, block_folders, block_tables, blocks_by_combination

COMBINATION = list(tables.COMBINATION)
SEEDS_AT_ONCE = 1000  # read in one go
NUMBERS_AT_ONCE = 2_000_000  # sorted in one go
CONSTANT = {"mse": 0.25, "bce": math.log(2)}  # the loss of an output of ½ for every point
SUMMARISED = [*tables.METRICS, "diverged", "epochs_to_target"]  # columns of runs


def over_seeds(numbers):
    """For each row of (rows, seeds): how many numbers are finite, and their statistics."""
    finite = pd.DataFrame(np.where(np.isfinite(numbers), numbers, np.nan))
    statistics = {
        "n": finite.count(axis=1),
        "mean": finite.mean(axis=1),
        "median": finite.median(axis=1),
        "sd": finite.std(axis=1),
        "min": finite.min(axis=1),
        "q25": finite.quantile(0.25, axis=1),
        "q75": finite.quantile(0.75, axis=1),
        "max": finite.max(axis=1),
    }
    return pd.DataFrame(statistics)


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


def aggregate(settings, seeds_per_job, combination, folders, write):
    """Write what the blocks of a combination hold and what they say over seeds."""
    epochs, columns = settings["epochs"], Columns()
    squared = 0
    blocks_at_once = max(1, SEEDS_AT_ONCE // seeds_per_job)
    for i in range(0, len(folders), blocks_at_once):
        part = folders[i : i + blocks_at_once]
        runs, losses, layers = (gather(name, part, epochs) for name in tables.BLOCK_TABLES)
        write["runs"](runs)
        write["layers"](layers)
        columns.append("runs", runs[SUMMARISED].astype("float64").T)
        columns.append("loss", by_run(losses["loss"], len(runs)))
        for name in tables.SIGNAL:
            columns.append(name, by_run(layers[name], len(runs)))
        squared = squared + squares(layers)
    layer = layers[["epoch", "layer"]][: len(layers) // len(runs)].reset_index(drop=True)
    losses = statistics(columns, "loss", epochs)
    write["losses"](losses.assign(epoch=losses.index + 1, **combination))
    quartiles = [
        statistics(columns, name, len(layer))[list(tables.QUARTILES)].add_prefix(f"{name}_")
        for name in tables.SIGNAL
    ]
    write["signal"](pd.concat([layer, *quartiles], axis=1).assign(**combination))
    write["factors"](root_mean(squared))
    runs = pd.DataFrame(columns.read("runs", 0, len(SUMMARISED)).T, columns=SUMMARISED)
    summary = summarise(runs, settings["target_accuracy"])
    left = plateau_left(losses["median"], settings["loss"])
    write["summary"](summary.assign(plateau_left=left, **combination))


def by_run(column, count):
    """A column of a table of so many runs: (rows of a run, runs)."""
    return column.to_numpy().reshape(count, -1).T


def statistics(columns, name, count):
    """`over_seeds` of a table that was laid by, some of its columns at a time."""
    at_once = max(1, NUMBERS_AT_ONCE // columns.runs(name))
    ends = [(i, min(i + at_once, count)) for i in range(0, count, at_once)]
    return pd.concat([over_seeds(columns.read(name, *each)) for each in ends], ignore_index=True)


def without_runs(epochs, combination, write):
    """Write of a combination whose blocks are all missing that there is nothing."""
    nothing = over_seeds(np.full((epochs, 1), np.nan))
    write["losses"](nothing.assign(epoch=nothing.index + 1, **combination))
    row = pd.DataFrame([combination | {"n": 0, "diverged": 0}])
    write["summary"](row.reindex(columns=list(tables.TABLES["summary"].columns)))


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
    with contextlib.ExitStack() as open_tables:
        write = {
            name: open_tables.enter_context(tables.writing(name, f"results/{name}.csv"))
            for name in (*tables.BLOCK_TABLES, "factors", "signal", "summary")
        }
        for key, folders in there.items():
            combination = dict(zip(COMBINATION, key, strict=True))
            own = settings[combination["protocol"]]
            if folders:
                aggregate(own, config["seeds_per_job"], combination, folders, write)
            else:
                without_runs(own["epochs"], combination, write)
        tables.write(chaotic_table(there), "chaotic", "results/chaotic.csv")
        tables.write(missing_table(missing), "missing", "results/missing.csv")


if __name__ == "__main__":
    main()
