"""The training loop, for many seeds side by side."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
import torch

from framework import Sequential
from framework.losses import Loss
from framework.optim import Optimizer
from scripts.study.datasets import draw_replicas, orders
from scripts.training.kept import Networks, states
from scripts.training.measures import (
    accuracies_table,
    first_epoch,
    layers_table,
    losses_table,
    measure_layers,
    runs_table,
)
from scripts.training.network import (
    DTYPES,
    PER_REPLICA,
    build,
    loss_of,
    optimizer_of,
    probabilities,
)
from scripts.training.progress import progress

TEN = 10  # seeds 0 to 9, 10 to 19, …: always trained in one tensor, which fixes a run's last bits
SIDE_BY_SIDE = {"cpu": TEN, "cuda": 1000 * TEN}  # seeds in a tensor: the number that is fastest
LAYER_EPOCHS = (1, 10, 100)  # after these, before the first and after the last, layers are measured


class Trained(NamedTuple):
    """What training gives: its tables by name, and the networks that the settings keep."""

    tables: dict[str, pd.DataFrame]
    networks: Networks


def accuracy_epochs(epochs: int) -> list[int]:
    """Return after which epochs the test accuracy is measured: 1, 2, 3, 5, 10, … and the last."""
    rounded = [n for n in range(1, epochs) if str(n).rstrip("0") in ("1", "2", "3", "5")]
    return [*rounded, epochs]


@torch.inference_mode()  # spares torch the bookkeeping for gradients, which nothing here asks for
def train(settings: dict, hidden: str, output: str, seeds: Sequence[int]) -> Trained:
    """Train a network for each seed.

    The tables have no columns for the protocol and the activations.
    """
    device = settings["device"]
    dtype = DTYPES[settings["precision"]]
    x, t, x_test, t_test = (part.to(device, dtype) for part in draw_replicas(settings, seeds))
    network = build(settings, hidden, output, seeds)
    criterion = loss_of(settings, output)
    optimizer = optimizer_of(settings, network)

    losses_by_epoch = []
    train_accuracies = []
    test_accuracies = {}
    networks: Networks = {seed: {} for seed in seeds}
    layers = {0: measure_layers(network, criterion, x, t)}
    measured = accuracy_epochs(settings["epochs"])
    report_epoch = progress(settings["epochs"])
    for epoch, order in enumerate(orders(settings, seeds), start=1):
        loss, share = train_epoch(settings, network, criterion, optimizer, x, t, order.to(device))
        losses_by_epoch.append(loss)
        train_accuracies.append(share)
        report_epoch(epoch, loss)
        if epoch in LAYER_EPOCHS or epoch == settings["epochs"]:
            layers[epoch] = measure_layers(network, criterion, x, t)
        if epoch in measured:
            test_accuracies[epoch] = accuracy(settings, criterion, network(x_test), t_test)
        if epoch in settings["keep"]:
            for seed, state in zip(seeds, states(network), strict=True):
                networks[seed][epoch] = state
    losses = torch.stack(losses_by_epoch).cpu()  # (epochs, R)

    final_accuracy = accuracy(settings, criterion, network(x), t)
    test_accuracy = test_accuracies[settings["epochs"]]
    epochs_to_target = first_epoch(torch.stack(train_accuracies) >= settings["target_accuracy"])
    tables = {
        "runs": runs_table(seeds, losses, final_accuracy, test_accuracy, epochs_to_target),
        "losses": losses_table(seeds, losses),
        "accuracies": accuracies_table(seeds, test_accuracies),
        "layers": layers_table(seeds, layers),
    }
    return Trained(tables, networks)


def train_epoch(
    settings: dict,
    network: Sequential,
    criterion: Loss,
    optimizer: Optimizer,
    x: torch.Tensor,
    t: torch.Tensor,
    order: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Train for one pass over the points, and return each replica's mean loss and accuracy.

    Both have the shape (R,), and are those during training: of each batch before its step.
    """
    x, t = shuffled(x, order), shuffled(t, order)
    size = settings["batch_size"]
    total = x.new_zeros(len(x))  # (R,)
    outputs = []
    for x_batch, t_batch in zip(x.split(size, dim=1), t.split(size, dim=1), strict=True):
        optimizer.zero_grad()
        output = network(x_batch)
        loss = criterion(output, t_batch)
        network.backward(criterion.backward())
        optimizer.step()
        outputs.append(output)
        total = total + loss * x_batch.shape[1]
    return total / x.shape[1], accuracy(settings, criterion, torch.cat(outputs, dim=1), t)


def shuffled(points: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """Return points (R, N, features) in each replica's order (R, N).

    They lie in memory feature by feature, as the outputs of layers do.
    """
    features = points.mT
    return features.gather(-1, order.unsqueeze(-2).expand_as(features)).mT


def accuracy(
    settings: dict, criterion: Loss, output: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Return the share of points whose label the output predicts, (R,).

    NaN where an output is infinite or NaN.
    """
    probability = probabilities(criterion, output)
    predicted = probability.round() if settings["prediction"] == "round" else probability > 0.5
    right = (predicted == labels).to(torch.float64).masked_fill(~output.isfinite(), torch.nan)
    return right.sum(PER_REPLICA).cpu() / output.shape[1]  # a GPU's mean is off by a last bit


def train_by_tens(
    settings: dict, hidden: str, output: str, first: int, last: int
) -> Iterator[Trained]:
    """Train seeds first to last with `train`, and yield the results part by part.

    The other seeds of their tens are trained too, and left out of the results. So on a processor,
    seed s is always replica s mod 10 of ten, and its bits do not depend on which seeds are asked
    for. On a GPU, many tens share a tensor.
    """
    start, end = first // TEN * TEN, (last // TEN + 1) * TEN
    at_once = SIDE_BY_SIDE[settings["device"]]
    for begin in range(start, end, at_once):
        seeds = range(begin, min(begin + at_once, end))
        if end - start > at_once:
            print(f"seeds {max(first, seeds[0])} to {min(last, seeds[-1])}", flush=True)
        tables, networks = train(settings, hidden, output, list(seeds))
        yield Trained(
            {name: rows[rows["seed"].between(first, last)] for name, rows in tables.items()},
            {seed: kept for seed, kept in networks.items() if first <= seed <= last},
        )
