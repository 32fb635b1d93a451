"""The training loop, for ten seeds side by side."""

import torch

from framework import BCEWithLogitsLoss
from scripts.study.datasets import draw_replicas, orders
from scripts.training.measures import (
    first_epoch,
    layers_table,
    losses_table,
    measure_layers,
    runs_table,
)
from scripts.training.network import DTYPES, PER_REPLICA, build, loss_of, optimizer_of
from scripts.training.progress import progress

TEN = 10  # seeds 0 to 9, 10 to 19, …: always trained in one tensor, which fixes a run's last bits
SIDE_BY_SIDE = {"cpu": TEN, "cuda": 1000 * TEN}  # seeds in a tensor: as many as are fastest
LAYER_EPOCHS = (0, 1, 10, 100)  # when layers are measured, besides the last epoch


@torch.inference_mode()  # spares torch the book-keeping for gradients that it is not asked for
def train(settings, hidden, output, seeds):
    """Train a network for each seed. The tables runs, losses and layers, still without the names
    of protocol and activations.
    """
    device, dtype = settings["device"], DTYPES[settings["precision"]]
    x, t, x_test, t_test = (p.to(device, dtype) for p in draw_replicas(settings, seeds))
    network = build(settings, hidden, output, seeds)
    criterion = loss_of(settings, output)
    optimizer = optimizer_of(settings, network)

    losses, accuracies = [], []
    layers = {0: measure_layers(network, criterion, x, t)}
    tell = progress(settings["epochs"])
    for epoch, order in enumerate(orders(settings, seeds), start=1):
        order = order.to(device)
        loss, right = train_epoch(settings, network, criterion, optimizer, x, t, order)
        losses.append(loss)
        accuracies.append(right)
        tell(epoch, loss)
        if epoch in LAYER_EPOCHS or epoch == settings["epochs"]:
            layers[epoch] = measure_layers(network, criterion, x, t)
    losses = torch.stack(losses).cpu()  # (epochs, R)

    train_accuracy = accuracy(settings, criterion, network(x), t).cpu()
    test_accuracy = accuracy(settings, criterion, network(x_test), t_test).cpu()
    epochs = first_epoch(torch.stack(accuracies).cpu() >= settings["target_accuracy"])
    return {
        "runs": runs_table(seeds, losses, train_accuracy, test_accuracy, epochs),
        "losses": losses_table(seeds, losses),
        "layers": layers_table(seeds, layers),
    }


def train_epoch(settings, network, criterion, optimizer, x, t, order):
    """One pass over the points. Each replica's mean loss and accuracy over them, (R,) and (R,), as
    they were in training: those of a batch before its step.
    """
    x, t = shuffled(x, order), shuffled(t, order)
    size = settings["batch_size"]
    total, outputs = 0, []
    for x_batch, t_batch in zip(x.split(size, dim=1), t.split(size, dim=1), strict=True):
        optimizer.zero_grad()
        output = network(x_batch)
        loss = criterion(output, t_batch)
        network.backward(criterion.backward())
        optimizer.step()
        outputs.append(output)
        total = total + loss * x_batch.shape[1]
    return total / x.shape[1], accuracy(settings, criterion, torch.cat(outputs, dim=1), t)


def shuffled(points, order):
    """Points (R, N, features) in each replica's order (R, N); in memory feature by feature, as
    layers have them.
    """
    features = points.mT
    return features.gather(-1, order.unsqueeze(-2).expand_as(features)).mT


def accuracy(settings, criterion, output, labels):
    """The share of points whose label the output predicts, (R,). NaN where an output is infinite or
    no number.
    """
    probability = output.sigmoid() if isinstance(criterion, BCEWithLogitsLoss) else output
    predicted = probability.round() if settings["prediction"] == "round" else probability > 0.5
    right = (predicted == labels).to(torch.float64)
    return right.masked_fill(~output.isfinite(), torch.nan).mean(PER_REPLICA)


def train_by_tens(settings, hidden, output, first, last):
    """`train` for seeds first to last, with the other seeds of their tens, which are left out of
    the tables: so a seed is always replica s mod 10 of a tensor, and its bits depend on no other's
    being asked for.
    """
    start, end = first // TEN * TEN, (last // TEN + 1) * TEN
    at_once = SIDE_BY_SIDE[settings["device"]]
    for begin in range(start, end, at_once):
        seeds = range(begin, min(begin + at_once, end))
        if end - start > at_once:
            print(f"seeds {max(first, seeds[0])} to {min(last, seeds[-1])}", flush=True)
        made = train(settings, hidden, output, list(seeds))
        yield {name: rows[rows["seed"].between(first, last)] for name, rows in made.items()}
