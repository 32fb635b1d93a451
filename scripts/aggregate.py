"""Gather the tables of all blocks, and what they say over seeds.

    python -m scripts.aggregate --config JSON

writes results/runs.csv, losses.csv, layers.csv, factors.csv and summary.csv.
"""

import argparse
import json

import pandas as pd

from scripts import tables
from scripts.config import protocols
from scripts.errors import reported
from scripts.factors import factors
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


def gather(name, folders, file):
    paths = [f"{folder}/{file}" for folder in folders]
    parts = tables.read_parts(name, paths)
    for rows, path in zip(parts, paths, strict=True):
        check_block(rows, path)
    return pd.concat(parts)


def check_block(rows, path):
    """TableError unless a block's rows are of the runs that its folder says, and of all."""
    *_, protocol, activations, seeds, _ = path.split("/")
    first, last = map(int, seeds.removeprefix("seeds-").split("-"))
    combination = rows["protocol"] + "/" + rows["hidden"] + "-" + rows["output"]
    right = set(combination) == {f"{protocol}/{activations}"}
    if not right or set(rows["seed"]) != set(range(first, last + 1)):
        raise tables.TableError(
            f"{path}: its rows are not those of {protocol}/{activations}, seeds {first} to {last}; "
            "delete the file, and the next run makes it anew"
        )


@reported("aggregate")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    config = parser.parse_args().config
    folders = block_folders(config)
    targets = {name: own["target_accuracy"] for name, own in protocols(config).items()}

    runs = gather("runs", folders, "runs.csv")
    losses = gather("block_losses", folders, "losses.csv")
    tables.write(runs, "runs", "results/runs.csv")
    tables.write(losses_over_seeds(losses), "losses", "results/losses.csv")
    layers = gather("layers", folders, "layers.csv")
    tables.write(layers, "layers", "results/layers.csv")
    tables.write(factors(layers), "factors", "results/factors.csv")
    tables.write(summarise(runs, targets), "summary", "results/summary.csv")


if __name__ == "__main__":
    main()
