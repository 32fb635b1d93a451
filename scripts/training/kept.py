"""Networks that are kept while they train, in networks.pt of a block's folder.

They are {seed: {epoch: state}}. A state holds a network's parameters by name, and loads into the
same network without replicas.
"""

import io
from pathlib import Path

import torch

from framework import Sequential
from scripts.study.files import write_whole

State = dict[str, torch.Tensor]
Networks = dict[int, dict[int, State]]


def states(network: Sequential) -> list[State]:
    """Return the state of each replica of a network."""
    together = {name: value.cpu() for name, value in network.state().items()}
    replicas = len(next(iter(together.values())))
    return [{name: value[r].clone() for name, value in together.items()} for r in range(replicas)]


def write_networks(networks: Networks, path: str | Path) -> None:
    """Write networks to a file, completely or not at all."""
    content = io.BytesIO()  # given a path, torch.save would write the file's name into it
    torch.save(networks, content)
    write_whole(path, content.getvalue())


def read_networks(path: str | Path) -> Networks:
    """Return the networks in a file."""
    return torch.load(path, weights_only=True)
