"""Small studies and the tables that they would leave, for the tests of figures."""

import numpy as np
import pandas as pd
import pytest

from scripts.analysis.runs import KEYS
from scripts.analysis.summaries import over_seeds, summarise
from scripts.study.layout import combinations
from scripts.study.project import ROOT
from scripts.tables import schemas
from scripts.tables.io import check

CLAIMS = ROOT / "report/claims.yaml"
SEVEN = ["relu", "tanh", "selu", "sigmoid", "identity", "publishedtanh", "softsign"]
EPOCHS = 4
TRAINING = {"points": 1000, "epochs": EPOCHS, "dataset": "disk", "loss": "mse"}
TRAINING |= {"inputs": "raw", "learning_rate": 0.1}
LAYERS = 3


def config(**own):
    study = {
        "seeds": 5,
        "seeds_per_job": 5,
        "hidden": ["relu", "tanh"],
        "output": ["identity", "sigmoid"],
        "training": TRAINING,
        "protocols": {"plain": {}, "other": {}},
    } | own
    return {"main": next(iter(study["protocols"]))} | study


def made(config, accuracy=lambda i: 0.5 + 0.499 * (i * 0.37 % 1), diverged=lambda i: False):
    """The tables runs and losses that a study would leave: `accuracy` of its i-th run."""
    runs, losses = [], []
    for names in combinations(config):
        combination, curves = dict(zip(["protocol", "hidden", "output"], names, strict=True)), []
        for seed in range(config["seeds"]):
            i = len(runs)
            lost = diverged(i)
            share = np.nan if lost else accuracy(i)
            runs.append(
                {**combination, "seed": seed, "final_train_loss": 1 - share}
                | {"train_accuracy": share, "test_accuracy": share}
                | {"diverged": lost, "diverged_epoch": 1 if lost else None}
                | {"epochs_to_target": None if lost or i % 3 == 2 else 1 + i % EPOCHS}
                | {"loss_roughness": share / (1 + seed)}
            )
            curve = 0.3 / np.arange(1, EPOCHS + 1) + 0.01 * (i % 7)
            curves.append(np.full(EPOCHS, np.nan) if lost else curve)
        own = over_seeds(np.transpose(curves))
        losses.append(own.assign(epoch=own.index + 1, **combination))
    runs = pd.DataFrame(runs).astype({"diverged_epoch": "Int64", "epochs_to_target": "Int64"})
    return runs, pd.concat(losses, ignore_index=True)


def made_layers(config, diverged=lambda i: False, **_):
    """The table layers that a study would leave: a run that diverged has no values in the end."""
    generator = np.random.default_rng(0)
    runs = [(*names, seed) for names in combinations(config) for seed in range(config["seeds"])]
    columns = list(schemas.TABLES["layers"].columns)
    rows = [
        [*run, epoch, layer, *(generator.random(len(columns) - 6) * (np.nan if lost else 1))]
        for i, run in enumerate(runs)
        for epoch in (0, 1, EPOCHS)
        for lost in [epoch and diverged(i)]
        for layer in range(1, LAYERS + 1)
    ]
    return check(pd.DataFrame(rows, columns=columns), "layers", "layers.csv")


def made_accuracies(config, **results):
    """The table accuracies, of the epochs that the study measures."""
    _, losses = made(config, **results)
    values = ["mean", "median", "min", "q25", "q75", "max"]
    shares = 1 - losses[values]
    shares[["q25", "q75"]] = shares[["q75", "q25"]]
    return losses.assign(**shares)[losses["epoch"] != 3].reset_index(drop=True)


def made_boundaries(config, value=lambda i, x, y: x * (1 - y)):
    """The table boundaries: `value` of the i-th hidden activation at each point."""
    main = next(iter(config["protocols"]))
    places = np.linspace(0, 1, 5)
    rows = [
        [main, hidden, config["output"][-1], 7 + i, epoch, x, y, value(i, x, y)]
        for i, hidden in enumerate(config["hidden"])
        for epoch in (1, EPOCHS)
        for x in places
        for y in places
    ]
    table = pd.DataFrame(rows, columns=list(schemas.TABLES["boundaries"].columns))
    return check(table, "boundaries", "boundaries.csv")


def signal_of(layers):
    """The table signal that layers give."""
    values = layers.groupby(schemas.TABLES["signal"].unique, sort=False)[list(schemas.SIGNAL)]
    quartiles = {"median": 0.5, "q25": 0.25, "q75": 0.75}
    parts = [values.quantile(q).add_suffix(f"_{name}") for name, q in quartiles.items()]
    return pd.concat(parts, axis=1).reset_index()


def summary_of(runs):
    rows = [
        summarise(own, 0.9).assign(plateau_left=7, **dict(zip(KEYS, key, strict=True)))
        for key, own in runs.groupby(KEYS)
    ]
    return pd.concat(rows)[list(schemas.TABLES["summary"].columns)]


CASES = {
    "plain": ({}, {}),
    "one seed": ({"seeds": 1}, {}),
    "one output": ({"output": ["sigmoid"]}, {}),
    "one of everything": (
        {"seeds": 1, "hidden": ["tanh"], "output": ["identity"], "protocols": {"only": {}}},
        {},
    ),
    "seven hidden activations": ({"hidden": SEVEN}, {}),
    "seven output activations": ({"output": SEVEN}, {}),
    "seven protocols": ({"protocols": {f"p{i}": {} for i in range(7)}}, {}),
    "no error": ({}, {"accuracy": lambda i: 1.0}),
    "nothing right": ({}, {"accuracy": lambda i: 0.0}),
    "one run diverged": ({}, {"diverged": lambda i: i == 3}),
    "the first combination diverged": ({}, {"diverged": lambda i: i < 5}),
    "all of one panel diverged": ({}, {"diverged": lambda i: i < 20}),
    "all diverged": ({}, {"diverged": lambda i: True}),
    "all but one diverged": ({}, {"diverged": lambda i: i != 3}),
}
cases = pytest.mark.parametrize(("own", "results"), CASES.values(), ids=CASES)
