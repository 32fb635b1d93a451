"""Networks that are kept, and what is drawn from them."""

import re

import pandas as pd
import pytest
import torch

from framework import MLP, ReLU, Sigmoid
from scripts.study.block import Block
from scripts.study.config import job_settings
from scripts.study.datasets import draw
from scripts.study.project import ROOT
from scripts.study.schema import read_yaml
from scripts.tables.io import read_table
from scripts.train import train_block
from scripts.training.boundaries import POINTS, boundaries, predictions
from scripts.training.kept import read_networks
from tests.training.test_train import settings, tables_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_kept_network_is_that_of_a_run_that_ends_there(folder):
    block = Block("p", "relu", "sigmoid", 3, 4)
    train_block(settings(epochs=3, keep=[1, 3, 9]), block)
    networks = read_networks(f"results/runs/{block}/networks.pt")
    assert {seed: list(kept) for seed, kept in networks.items()} == {3: [1, 3], 4: [1, 3]}
    for seed in (3, 4):
        for epoch, state in networks[seed].items():
            network = MLP(ReLU, Sigmoid, dtype=torch.float64)
            network.load(state)
            _, _, x, t = draw(settings(), seed)
            right = ((network(x) > 0.5) == t).double().mean().item()
            ended = tables_of(settings(epochs=epoch), "relu", "sigmoid", [seed])["runs"]
            assert right == ended["test_accuracy"].item()


def test_keeping_networks_changes_no_other_result_and_no_byte_twice(folder):
    block = Block("p", "selu", "identity", 0, 1)
    made = []
    for keep in ([], [1, 2], [1, 2]):
        train_block(settings(keep=keep), block)
        files = {path.name: path.read_bytes() for path in folder.glob(f"results/runs/{block}/*")}
        made.append(files)
    assert made[1] == made[2]
    assert made[0].pop("networks.pt") != made[1].pop("networks.pt")
    assert made[0] == made[1]
    assert len(made[0]) == 4


@pytest.mark.parametrize("own", [{}, {"inputs": "standardised"}, {"loss": "bce"}])
@pytest.mark.parametrize("output", ["identity", "sigmoid"])
def test_predictions_are_the_networks_outputs_at_the_points(folder, own, output):
    own = settings(epochs=5, learning_rate=0.5, keep=[5], **own)
    block = Block("p", "tanh", output, 2, 2)
    train_block(own, block)
    state = read_networks(f"results/runs/{block}/networks.pt")[2][5]
    grid = predictions(own, "tanh", output, 2, state)
    assert len(grid) == len(grid.drop_duplicates(["x", "y"])) == POINTS**2
    assert (grid[["x", "y"]].min().tolist(), grid[["x", "y"]].max().tolist()) == ([0, 0], [1, 1])
    inside, _, _, _ = draw(own | {"inputs": "raw", "draw": "per-seed"}, 2)
    place = torch.tensor(grid[["x", "y"]].to_numpy())
    nearest = torch.cdist(inside[:1], place).argmin().item()
    shift, scale = (inside.mean(), inside.std()) if own["inputs"] == "standardised" else (0, 1)
    z = (place[nearest] - shift) / scale
    layers = [state[name] for name in state]
    for weight, bias in zip(layers[::2], layers[1::2], strict=True):
        z = z @ weight + bias
        z = z if weight is layers[-2] else z.tanh()
    if output == "sigmoid" or own["loss"] == "bce":
        z = z.sigmoid()
    assert grid["prediction"][nearest] == pytest.approx(z.item(), rel=1e-12)


def test_the_run_that_is_drawn_is_the_median_of_all_blocks(folder):
    own = settings(keep=[1, 2])
    blocks = [Block("p", "relu", "sigmoid", 0, 1), Block("p", "relu", "sigmoid", 2, 4)]
    for block in blocks:
        train_block(own, block)
    runs = pd.concat(read_table("runs", f"results/runs/{block}/runs.csv") for block in blocks)
    losses = {0: 0.5, 1: 0.3, 2: 0.4, 3: 0.1, 4: 0.2}
    runs["final_train_loss"] = runs["seed"].map(losses)
    drawn = boundaries(own, blocks, runs)
    assert (set(drawn["seed"]), list(drawn["epoch"].unique())) == ({1}, [1, 2])
    runs.loc[runs["seed"] == 1, "diverged"] = True
    assert set(boundaries(own, blocks, runs)["seed"]) == {4}  # of four, the second
    assert boundaries(own, blocks, runs.assign(diverged=True)).empty
    assert boundaries(own | {"keep": []}, blocks, runs[:0]).empty


def test_a_kept_network_loads_as_the_documentation_says(folder, capsys):
    study = job_settings(read_yaml(ROOT / "config.yaml"))["as-written"]
    train_block(
        study | {"points": 20, "batch_size": 10}, Block("as-written", "relu", "sigmoid", 0, 19)
    )
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/results.md").read_text(), re.S)
    exec(code, {})
    assert re.search(r"tensor\(\[\[0\.\d+\]\]", capsys.readouterr().out)
