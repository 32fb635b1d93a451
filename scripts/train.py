"""Train one combination of activations under one protocol, for a block of seeds side by side.

    python -m scripts.train --settings JSON --protocol NAME --hidden NAME --output NAME
        --seeds FIRST-LAST --folder FOLDER

writes runs.csv, losses.csv and layers.csv into the folder.
"""

import argparse
import json
import os

os.environ.setdefault("MKL_CBWR", "AUTO")  # the same bits for any block: framework/product.py

import pandas as pd
import torch

from framework import MLP, SGD, Adam, BCELoss, BCEWithLogitsLoss, Linear, MSELoss, glorot_uniform_
from framework.activations import sigmoid
from scripts import tables
from scripts.activations import by_name
from scripts.data import WEIGHTS, draw_replicas, orders, stream
from scripts.errors import reported

PER_REPLICA = (-2, -1)  # the axes of one replica's points and outputs
LAYER_EPOCHS = (0, 1, 10, 100)  # when layers are measured, besides the last epoch


@torch.inference_mode()  # spares torch the book-keeping for gradients that it is not asked for
def train(settings, hidden, output, seeds):
    """Train a network for each seed. The tables runs, losses and layers, still without the names
    of protocol and activations.
    """
    x, t, x_test, t_test = draw_replicas(settings, seeds)
    network = build(settings, hidden, output, seeds)
    criterion = loss_of(settings, output)
    optimizer = optimizer_of(settings, network)

    losses = []
    layers = {0: measure_layers(network, criterion, x, t)}
    for epoch, order in enumerate(orders(settings, seeds), start=1):
        losses.append(train_epoch(settings, network, criterion, optimizer, x, t, order))
        if epoch in LAYER_EPOCHS or epoch == settings["epochs"]:
            layers[epoch] = measure_layers(network, criterion, x, t)
    losses = torch.stack(losses)  # (epochs, R)

    train_accuracy = accuracy(settings, criterion, network(x), t)
    test_accuracy = accuracy(settings, criterion, network(x_test), t_test)
    return {
        "runs": runs_table(seeds, losses, train_accuracy, test_accuracy),
        "losses": losses_table(seeds, losses),
        "layers": layers_table(seeds, layers),
    }


def build(settings, hidden, output, seeds):
    """The network of the report, a replica for each seed, as it is before training."""
    classes = by_name()
    hidden, output = (classes[trained(settings, name)] for name in (hidden, output))
    generators = [stream(seed, WEIGHTS) for seed in seeds]
    network = MLP(hidden, output, (2, *settings["hidden_widths"], 1), generator=generators)
    if settings["initialisation"] == "glorot":
        for layer in network:
            if isinstance(layer, Linear):
                glorot_uniform_(layer.weight, settings["gain"], generators)
    return network


def trained(settings, name):
    """The activation that a protocol trains where it says `name`."""
    return settings["substitute"].get(name, name)


def loss_of(settings, output):
    if settings["loss"] == "mse":
        return MSELoss(dim=PER_REPLICA)
    gives_logits = trained(settings, output) == "identity"
    return BCEWithLogitsLoss(dim=PER_REPLICA) if gives_logits else BCELoss(dim=PER_REPLICA)


def optimizer_of(settings, network):
    if settings["optimizer"] == "adam":
        return Adam(network.parameters(), settings["learning_rate"])
    return SGD(network.parameters(), settings["learning_rate"], settings["momentum"])


def train_epoch(settings, network, criterion, optimizer, x, t, order):
    """One pass over the points. Each replica's mean loss over them, (R,), as it was in training."""
    x, t = (points.gather(1, order[..., None].expand_as(points)) for points in (x, t))
    size = settings["batch_size"]
    total = 0
    for x_batch, t_batch in zip(x.split(size, dim=1), t.split(size, dim=1), strict=True):
        optimizer.zero_grad()
        loss = criterion(network(x_batch), t_batch)
        network.backward(criterion.backward())
        optimizer.step()
        total = total + loss * x_batch.shape[1]
    return total / x.shape[1]


def accuracy(settings, criterion, output, labels):
    """The share of points whose label the output predicts, (R,). NaN where an output is infinite or
    no number.
    """
    probability = sigmoid(output) if isinstance(criterion, BCEWithLogitsLoss) else output
    predicted = probability.round() if settings["prediction"] == "round" else probability > 0.5
    right = (predicted == labels).to(torch.float64)
    return right.masked_fill(~output.isfinite(), torch.nan).mean(PER_REPLICA)


def measure_layers(network, criterion, x, t):
    """For each linear layer, over all points: ‖∂L/∂W‖, and the mean and standard deviation of
    what comes out of its activation. Each is (R, layers).
    """
    activations = []
    output = x
    for layer in network:
        output = layer(output)
        if isinstance(layer, Linear):
            activations.append(output)
        else:
            activations[-1] = output
    criterion(output, t)
    for parameter in network.parameters():
        parameter.grad = None
    network.backward(criterion.backward())
    gradients = [layer.weight.grad for layer in network if isinstance(layer, Linear)]
    return {
        "weight_grad_norm": torch.stack([(g * g).sum(PER_REPLICA).sqrt() for g in gradients], -1),
        "activation_mean": torch.stack([a.mean(PER_REPLICA) for a in activations], -1),
        "activation_std": torch.stack([spread(a) for a in activations], -1),
    }


def spread(values):
    """Each replica's standard deviation, spelled out: the bits of torch's depend on neighbours."""
    deviations = values - values.mean(PER_REPLICA, keepdim=True)
    return (deviations * deviations).mean(PER_REPLICA).sqrt()


def runs_table(seeds, losses, train_accuracy, test_accuracy):
    """A row a run. A loss that is no finite number is a result: the run diverged at that epoch,
    and has no final values.
    """
    finite = losses.isfinite()
    finite[-1] &= train_accuracy.isfinite() & test_accuracy.isfinite()  # the last step's doing
    diverged = ~finite.all(0)
    table = pd.DataFrame(
        {
            "seed": seeds,
            "final_train_loss": losses[-1].numpy(),
            "train_accuracy": train_accuracy.numpy(),
            "test_accuracy": test_accuracy.numpy(),
            "diverged": diverged.numpy(),
        }
    )
    table.loc[table["diverged"], list(tables.METRICS)] = None
    first = (~finite).to(torch.uint8).argmax(0) + 1
    table["diverged_epoch"] = pd.Series(first.numpy(), dtype="Int64").where(table["diverged"])
    table["loss_roughness"] = roughness(losses).numpy()
    return table


def roughness(losses):
    """How jagged each replica's curve of losses (epochs, R) is: r = √mean((Δ² log L)²), (R,).

    Δ² log Lₑ = log Lₑ₊₁ − 2 log Lₑ + log Lₑ₋₁ is 0 on a curve that falls at a steady rate, whatever
    the rate, and on a flat one. NaN where there are fewer than three epochs or a loss has no log.
    """
    bends = losses.double().log().T.contiguous().diff(n=2)
    return (bends * bends).mean(-1).sqrt()


def losses_table(seeds, losses):
    """A row a seed and epoch."""
    epochs = len(losses)
    return pd.DataFrame(
        {
            "seed": torch.tensor(seeds).repeat_interleave(epochs).numpy(),
            "epoch": torch.arange(1, epochs + 1).repeat(len(seeds)).numpy(),
            "loss": losses.T.flatten().numpy(),
        }
    )


def layers_table(seeds, layers):
    """A row a seed, epoch and layer; layers count from 1."""
    rows = [
        {
            "seed": seed,
            "epoch": epoch,
            "layer": layer + 1,
            **{name: values[replica, layer].item() for name, values in measures.items()},
        }
        for replica, seed in enumerate(seeds)
        for epoch, measures in layers.items()
        for layer in range(measures["activation_mean"].shape[1])
    ]
    return pd.DataFrame(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("settings", "protocol", "hidden", "output", "seeds", "folder"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    with reported(
        f"train {arguments.protocol}/{arguments.hidden}-{arguments.output}, seeds {arguments.seeds}"
    ):
        train_block(arguments)


def train_block(arguments):
    first, last = map(int, arguments.seeds.split("-"))
    torch.set_num_threads(1)  # sums over several threads would depend on their number
    result = train(
        json.loads(arguments.settings),
        arguments.hidden,
        arguments.output,
        list(range(first, last + 1)),
    )
    names = {name: getattr(arguments, name) for name in ("protocol", "hidden", "output")}
    for table, rows in result.items():
        kind = "block_losses" if table == "losses" else table
        tables.write(rows.assign(**names), kind, f"{arguments.folder}/{table}.csv")


if __name__ == "__main__":
    main()
