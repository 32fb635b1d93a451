"""Train one combination of activations under one protocol, for a block of seeds side by side.

    python -m scripts.train --settings JSON --block PROTOCOL/HIDDEN-OUTPUT/seeds-FIRST-LAST
        [--by DIGEST]

writes runs.csv, losses.csv, accuracies.csv, layers.csv and networks.pt, the networks that the
settings keep, into the block's folder in results/runs/, and a receipt.
"""

import argparse
import json
import tempfile
from pathlib import Path

import pandas as pd
import torch
import yaml

from scripts.study.activations import by_name
from scripts.study.block import FOLDER, Block
from scripts.study.errors import reported
from scripts.tables.io import write_table
from scripts.tables.schemas import BLOCK_TABLES, KEYS
from scripts.training.derivatives import check_derivative
from scripts.training.kept import Networks, write_networks
from scripts.training.loop import train_by_tens
from scripts.training.network import substituted
from scripts.workflow.receipts import receipt


def main() -> None:
    """Train the block that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", required=True, type=json.loads)
    parser.add_argument("--block", required=True, type=Block.parse)
    parser.add_argument("--by")
    arguments = parser.parse_args()
    block = arguments.block
    with reported(block.step), receipt(block.step, arguments.by, block.files()):
        train_block(arguments.settings, block)


def train_block(settings: dict, block: Block, folder: str | Path = FOLDER) -> None:
    """Train the seeds of a block, and write its files into its place in a folder."""
    torch.set_num_threads(1)  # sums over several threads would depend on their number
    for activation in (block.hidden, block.output):
        check_derivative(by_name()[substituted(settings, activation)])
    parts = list(train_by_tens(settings, block.hidden, block.output, block.first, block.last))
    combination = dict(zip(KEYS, block.combination, strict=True))
    for table, kind in BLOCK_TABLES.items():
        rows = pd.concat([part.tables[table] for part in parts])
        write_table(rows.assign(**combination), kind, f"{folder}/{block}/{table}.csv")
    networks: Networks = {}
    for part in parts:
        networks |= part.networks
    write_networks(networks, f"{folder}/{block}/networks.pt")


def warm_up() -> None:
    """Train and write a tiny block, so that forks of this process start fast.

    The first use of torch and of pandas costs time, which the forks need not spend again.
    """
    settings = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["training"]
    settings |= {"points": 2, "batch_size": 1, "epochs": 1, "hidden_widths": [1]}
    settings |= {"substitute": {}, "device": "cpu", "keep": []}
    with tempfile.TemporaryDirectory() as folder:
        train_block(settings, Block("warm-up", "relu", "identity", 0, 1), folder)


if __name__ == "__main__":
    main()
