"""Train one combination of activations under one protocol, for a block of seeds side by side.

    python -m scripts.train --settings JSON --protocol NAME --hidden NAME --output NAME
        --seeds FIRST-LAST --folder FOLDER [--by DIGEST]

writes runs.csv, losses.csv and layers.csv into the folder, and a receipt (scripts/receipts.py).
"""

import argparse
import json
import tempfile
from pathlib import Path

import pandas as pd
import torch
import yaml

from framework import MLP, SGD, Adam, BCELoss, BCEWithLogitsLoss, Linear, MSELoss, glorot_uniform_
from scripts import tables
from scripts.activations import by_name
from scripts.data import WEIGHTS, draw_replicas, orders, stream
from scripts.errors import reported
from scripts.progress import progress
from scripts.receipts import receipt

TEN = 10  # seeds 0 to 9, 10 to 19, …: always trained in one tensor, which fixes a run's last bits
SIDE_BY_SIDE = {"cpu": TEN, "cuda": 1000 * TEN}  # seeds in a tensor: as many as are fastest
NUDGE = 1e-12  # of a weight: some thousand times its last digit in double precision
DTYPES = {"double": torch.float64, "single": torch.float32}
PER_REPLICA = (-2, -1)  # the axes of one replica's points and outputs
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


def build(settings, hidden, output, seeds):
    """The network of the report, a replica for each seed, as it is before training. Its weights are
    drawn on the processor in double precision, so that a seed starts from the same ones everywhere.
    """
    device, dtype = settings["device"], DTYPES[settings["precision"]]
    classes = by_name()
    hidden, output = (classes[trained(settings, name)] for name in (hidden, output))
    generators = [stream(seed, WEIGHTS) for seed in seeds]
    widths = (2, *settings["hidden_widths"], 1)
    network = MLP(hidden, output, widths, generator=generators, dtype=torch.float64)
    for layer in network:
        if isinstance(layer, Linear):
            if settings["initialisation"] == "glorot":
                glorot_uniform_(layer.weight, settings["gain"], generators)
            if settings["biases"] == "zero":
                layer.bias.zero_()
            layer.weight, layer.bias = (p.to(device, dtype) for p in layer.parameters())
            if settings["start"] == "nudged":
                layer.weight = layer.weight * (1 + max(NUDGE, torch.finfo(dtype).eps))
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


def measure_layers(network, criterion, x, t):
    """For each linear layer, of the loss over all points: ‖∂L/∂W‖, and ‖∂L/∂z‖ where z is what the
    layer gives; of its activation y = f(z): the mean, the standard deviation over points (of each
    unit; then the root mean square over units), and the root mean square of f′(z): (R, layers).
    """
    criterion(network(x), t)
    gradient = criterion.backward()
    measures = []
    for linear, activation in reversed(list(zip(network[::2], network[1::2], strict=True))):
        z = activation.cache
        y = activation.function(z)
        gradient = activation.backward(gradient)
        delta_norm = norm(gradient)
        linear.weight.grad = linear.bias.grad = None
        gradient = linear.backward(gradient)
        measures.append(
            {
                "weight_grad_norm": norm(linear.weight.grad),
                "delta_norm": delta_norm,
                "activation_mean": y.mean(PER_REPLICA),
                "activation_std": rms(y - y.mean(-2, keepdim=True)),
                "activation_slope": rms(activation.derivative(z) * torch.ones_like(z)),
            }
        )
    measures.reverse()
    return {
        name: torch.stack([layer[name] for layer in measures], -1).cpu() for name in measures[0]
    }


def norm(values):
    """Each replica's Euclidean norm."""
    return (values * values).sum(PER_REPLICA).sqrt()


def rms(values):
    """Each replica's root mean square."""
    return (values * values).mean(PER_REPLICA).sqrt()


def first_epoch(reached):
    """The first epoch, from 1, in which each replica is True, of (epochs, R); none where never."""
    first = pd.Series(reached.to(torch.uint8).argmax(0).numpy() + 1, dtype="Int64")
    return first.where(pd.Series(reached.any(0).numpy()))


def runs_table(seeds, losses, train_accuracy, test_accuracy, epochs_to_target):
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
    table["diverged_epoch"] = first_epoch(~finite)
    table["epochs_to_target"] = epochs_to_target
    table["loss_roughness"] = roughness(losses).numpy()
    return table


def roughness(losses):
    """How jagged each replica's curve of losses (epochs, R) is: r = √mean((Δ² log L)²), (R,).

    Δ² log Lₑ = log Lₑ₊₁ − 2 log Lₑ + log Lₑ₋₁ is 0 on a curve that falls at a steady rate, whatever
    the rate, and on a flat one. NaN where there are fewer than three epochs or a loss has no log.
    """
    bends = losses.double().log().T.contiguous().diff(n=2)
    jaggedness = (bends * bends).mean(-1).sqrt()
    return jaggedness.where(jaggedness.isfinite(), torch.nan)


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


def warm_up():
    """Spend what first uses of torch and pandas cost, so that forks of this process need not."""
    torch.set_num_threads(1)
    tiny = {"points": 2, "batch_size": 1, "epochs": 1, "hidden_widths": [1], "substitute": {}}
    settings = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["training"]
    settings |= tiny | {"device": "cpu"}
    names = {"protocol": "warm-up", "hidden": "relu", "output": "identity"}
    with tempfile.TemporaryDirectory() as folder:
        write_block([train(settings, names["hidden"], names["output"], [0, 1])], names, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("settings", "protocol", "hidden", "output", "seeds", "folder"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--by")
    arguments = parser.parse_args()
    combination = f"{arguments.protocol}/{arguments.hidden}-{arguments.output}"
    step = f"train/{combination}/seeds-{arguments.seeds}"
    made = [f"{arguments.folder}/{table}.csv" for table in tables.BLOCK_TABLES]
    with (
        reported(f"train {combination}, seeds {arguments.seeds}"),
        receipt(step, arguments.by, made),
    ):
        train_block(arguments)


def train_block(arguments):
    torch.set_num_threads(1)  # sums over several threads would depend on their number
    settings = json.loads(arguments.settings)
    names = {name: getattr(arguments, name) for name in ("protocol", "hidden", "output")}
    first, last = map(int, arguments.seeds.split("-"))
    parts = train_by_tens(settings, arguments.hidden, arguments.output, first, last)
    write_block(parts, names, arguments.folder)


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


def write_block(parts, names, folder):
    parts = list(parts)
    for table, kind in tables.BLOCK_TABLES.items():
        rows = pd.concat([part[table] for part in parts])
        tables.write(rows.assign(**names), kind, f"{folder}/{table}.csv")


if __name__ == "__main__":
    main()
