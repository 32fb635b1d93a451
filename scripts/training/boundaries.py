"""Decision boundaries: a network's outputs over the unit square, after each kept epoch."""

from collections.abc import Sequence

import pandas as pd
import torch

from scripts.study.block import FOLDER, Block
from scripts.study.datasets import draw, scaled
from scripts.training.kept import State, read_networks
from scripts.training.network import DTYPES, loss_of, probabilities, untrained

POINTS = 41  # along each side of the square


def boundaries(settings: dict, blocks: Sequence[Block], runs: pd.DataFrame) -> pd.DataFrame:
    """Return the table boundaries of a combination, of the run whose final loss is the median.

    `blocks` are the combination's, and `runs` the rows of their runs. The table is empty if no run
    ended, or if no network was kept.
    """
    ended = runs[~runs["diverged"]].sort_values(["final_train_loss", "seed"])
    if ended.empty:
        return pd.DataFrame()
    seed = int(ended["seed"].iloc[(len(ended) - 1) // 2])
    block = next(block for block in blocks if seed in block.seeds)
    tables = []
    for epoch, state in read_networks(f"{FOLDER}/{block}/networks.pt")[seed].items():
        rows = predictions(settings, block.hidden, block.output, seed, state)
        tables.append(rows.assign(seed=seed, epoch=epoch))
    return pd.concat(tables) if tables else pd.DataFrame()


def predictions(settings: dict, hidden: str, output: str, seed: int, state: State) -> pd.DataFrame:
    """Return the `prediction` of one network at each point `x`, `y` of a grid."""
    network = untrained(settings, hidden, output, dtype=DTYPES[settings["precision"]])
    network.load(state)
    side = torch.linspace(0, 1, POINTS, dtype=torch.float64)
    points = torch.cartesian_prod(side, side)
    training = draw(settings | {"inputs": "raw"}, seed)[0]
    inputs = scaled(settings, points, training)
    outputs = network(inputs.to(DTYPES[settings["precision"]]))
    prediction = probabilities(loss_of(settings, output), outputs)
    x, y = points.T
    return pd.DataFrame({"x": x, "y": y, "prediction": prediction.squeeze(1)})
