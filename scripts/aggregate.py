"""Gather the tables of all blocks, and what they say over seeds.

    python -m scripts.aggregate --config JSON

writes results/runs.csv, losses.csv, layers.csv and summary.csv.
"""

import argparse
import json

import pandas as pd

from scripts import tables
from scripts.errors import reported
from scripts.study import block_folders

COMBINATION = list(tables.COMBINATION)


def losses_over_seeds(losses):
    """For each combination and epoch: how many losses are finite, and what they are over seeds."""
    finite = losses.where(losses["loss"].abs() < float("inf"))
    by_epoch = finite["loss"].groupby([losses[key] for key in [*COMBINATION, "epoch"]])
    return pd.DataFrame(
        {
            "n": by_epoch.count(),
            "mean": by_epoch.mean(),
            "median": by_epoch.median(),
            "sd": by_epoch.std(),
            "min": by_epoch.min(),
            "q25": by_epoch.quantile(0.25),
            "q75": by_epoch.quantile(0.75),
            "max": by_epoch.max(),
        }
    ).reset_index()


def summarise(runs):
    """For each combination: how many runs there are and how many diverged, and over those that did
    not, each metric's mean, standard deviation, median, least and greatest value.
    """
    groups = runs.groupby(COMBINATION)
    summary = pd.DataFrame({"n": groups.size(), "diverged": groups["diverged"].sum()})
    for metric in tables.METRICS:
        for statistic in tables.STATISTICS:
            function = "std" if statistic == "sd" else statistic
            summary[f"{metric}_{statistic}"] = groups[metric].agg(function)
    return summary.reset_index()


def gather(name, folders, file):
    return pd.concat([block(name, folder, file) for folder in folders])


def block(name, folder, file):
    """A block's table. TableError unless it is of the runs that its folder says, and of all."""
    path = f"{folder}/{file}"
    rows = tables.read(name, path)
    *_, protocol, activations, seeds = folder.split("/")
    first, last = map(int, seeds.removeprefix("seeds-").split("-"))
    combination = rows["protocol"] + "/" + rows["hidden"] + "-" + rows["output"]
    right = set(combination) == {f"{protocol}/{activations}"}
    if not right or set(rows["seed"]) != set(range(first, last + 1)):
        raise tables.TableError(
            f"{path}: its rows are not those of {protocol}/{activations}, seeds {first} to {last}; "
            "delete the file, and the next run makes it anew"
        )
    return rows


@reported("aggregate")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    folders = block_folders(parser.parse_args().config)

    runs = gather("runs", folders, "runs.csv")
    losses = gather("block_losses", folders, "losses.csv")
    tables.write(runs, "runs", "results/runs.csv")
    tables.write(losses_over_seeds(losses), "losses", "results/losses.csv")
    tables.write(gather("layers", folders, "layers.csv"), "layers", "results/layers.csv")
    tables.write(summarise(runs), "summary", "results/summary.csv")


if __name__ == "__main__":
    main()
