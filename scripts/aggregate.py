"""Gather the tables of all blocks, and what they say over seeds.

    python -m scripts.aggregate --config JSON [--by DIGEST] [--partial]

writes results/runs.csv, losses.csv, layers.csv, factors.csv, summary.csv and missing.csv. The last
says which blocks are missing; none may be but with --partial, where those that other code or other
settings made count as missing.
"""

import argparse
import contextlib
import json
import tempfile

import numpy as np
import pandas as pd

from scripts import tables
from scripts.config import protocols
from scripts.errors import StudyError, reported
from scripts.factors import root_mean, squares
from scripts.receipts import receipt
from scripts.steps import missing_steps, training_step
from scripts.study import SUMMARIES, block_folders, block_tables, blocks_by_combination

COMBINATION = list(tables.COMBINATION)
SEEDS_AT_ONCE = 1000  # read in one go
LOSSES_AT_ONCE = 10_000_000  # sorted in one go


def losses_over_seeds(curves):
    """For each epoch of (epochs, seeds): how many losses are finite, and their statistics."""
    finite = pd.DataFrame(np.where(np.isfinite(curves), curves, np.nan))
    statistics = {
        "epoch": finite.index + 1,
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


def summarise(runs, targets):
    """For each combination: how many runs there are and how many diverged; the share whose test
    accuracy ends above their protocol's target, and the median of the epochs to it; over runs that
    did not diverge, each metric's mean, standard deviation, median, least and greatest value.
    """
    trained = runs["test_accuracy"] > runs["protocol"].map(targets)
    never = float("inf")  # a run that doesn't get there takes longer than any that does
    epochs = runs["epochs_to_target"].astype("float64").fillna(never)
    groups = runs.assign(trained=trained, epochs=epochs).groupby(COMBINATION)
    median_epochs = groups["epochs"].median()
    summary = pd.DataFrame(
        {
            "n": groups.size(),
            "diverged": groups["diverged"].sum(),
            "trained": groups["trained"].mean(),
            "epochs_to_target_median": median_epochs.where(median_epochs < never),
        }
    )
    for metric in tables.METRICS:
        for statistic in tables.STATISTICS:
            function = "std" if statistic == "sd" else statistic
            summary[f"{metric}_{statistic}"] = groups[metric].agg(function)
    return summary.reset_index()


def aggregate(settings, seeds_per_job, combination, folders, write):
    """Write what the blocks of a combination hold and what they say over seeds. They are read a few
    at a time and their losses laid by in a file, so that memory does not grow with the seeds.
    """
    epochs, seeds = settings["epochs"], settings["seeds"]
    all_runs, all_squares = [], []
    with tempfile.TemporaryFile() as file:
        curves = np.memmap(file, "float64", "w+", shape=(epochs, seeds))
        curves[:] = np.nan
        blocks_at_once = max(1, SEEDS_AT_ONCE // seeds_per_job)
        for i in range(0, len(folders), blocks_at_once):
            part = folders[i : i + blocks_at_once]
            runs, losses, layers = (gather(name, part, epochs) for name in tables.BLOCK_TABLES)
            write["runs"](runs)
            write["layers"](layers)
            curves[:, runs["seed"]] = losses["loss"].to_numpy().reshape(len(runs), epochs).T
            all_runs.append(runs)
            all_squares.append(squares(layers))
        epochs_at_once = max(1, LOSSES_AT_ONCE // seeds)
        for i in range(0, epochs, epochs_at_once):
            rows = losses_over_seeds(curves[i : i + epochs_at_once])
            write["losses"](rows.assign(epoch=rows["epoch"] + i, **combination))
    write["factors"](root_mean(sum(all_squares)))
    targets = {combination["protocol"]: settings["target_accuracy"]}
    write["summary"](summarise(pd.concat(all_runs), targets))


def without_runs(epochs, combination, write):
    """Write of a combination whose blocks are all missing that there is nothing."""
    nothing = losses_over_seeds(np.full((epochs, 1), np.nan))
    write["losses"](nothing.assign(**combination))
    row = pd.DataFrame([combination | {"n": 0, "diverged": 0}])
    write["summary"](row.reindex(columns=list(tables.TABLES["summary"].columns)))


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
    paths = [f"{folder}/{name}.csv" for folder in folders]
    parts = tables.read_parts(tables.BLOCK_TABLES[name], paths)
    for rows, path in zip(parts, paths, strict=True):
        check_block(rows, path, epochs if name == "losses" else None)
    return pd.concat(parts)


def check_block(rows, path, epochs=None):
    """TableError unless a block's rows are of the runs that its folder says, and of all; and as
    many of each as there are epochs, if they are given.
    """
    *_, protocol, activations, seeds, _ = path.split("/")
    first, last = map(int, seeds.removeprefix("seeds-").split("-"))
    combination = rows["protocol"] + "/" + rows["hidden"] + "-" + rows["output"]
    right = set(combination) == {f"{protocol}/{activations}"}
    right = right and set(rows["seed"]) == set(range(first, last + 1))
    if not right or (epochs and len(rows) != (last + 1 - first) * epochs):
        raise tables.TableError(
            f"{path}: its rows are not those of {protocol}/{activations}, seeds {first} to {last}; "
            "delete the file, and the next run makes it anew"
        )


@reported("aggregate")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
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
            for name in (*tables.BLOCK_TABLES, "factors", "summary")
        }
        for key, folders in there.items():
            combination = dict(zip(COMBINATION, key, strict=True))
            own = settings[combination["protocol"]]
            if folders:
                aggregate(own, config["seeds_per_job"], combination, folders, write)
            else:
                without_runs(own["epochs"], combination, write)
        tables.write(missing_table(missing), "missing", "results/missing.csv")


if __name__ == "__main__":
    main()
