"""The network of the study, its loss and its optimizer, as a protocol's settings describe them."""

from collections.abc import Sequence
from typing import Any

import torch

from framework import MLP, BCEWithLogitsLoss, Linear, Sequential, glorot_uniform_, losses, optim
from framework.losses import Loss
from framework.optim import Optimizer
from scripts.study.activations import by_name
from scripts.study.choices import LOSSES, OPTIMIZERS
from scripts.study.datasets import WEIGHTS, stream

NUDGE = 1e-12  # relative change of a weight: a few thousand times the last digit of a double
DTYPES = {"double": torch.float64, "single": torch.float32}
PER_REPLICA = (-2, -1)  # the axes of one replica's points and outputs


def build(settings: dict, hidden: str, output: str, seeds: Sequence[int]) -> MLP:
    """Return the network before training, with one replica for each seed.

    The weights are drawn on the processor in double precision, so that a seed starts from the same
    weights on every device and in every precision.
    """
    device = settings["device"]
    dtype = DTYPES[settings["precision"]]
    generators = [stream(seed, WEIGHTS) for seed in seeds]
    network = untrained(settings, hidden, output, generator=generators, dtype=torch.float64)
    for layer in network:
        if isinstance(layer, Linear):
            weight, bias = layer.parameters()
            if settings["initialisation"] == "glorot":
                glorot_uniform_(weight, settings["gain"], generators)
            if settings["biases"] == "zero":
                bias.zero_()
            layer.weight = weight.to(device, dtype)
            layer.bias = bias.to(device, dtype)
            if settings["start"] == "nudged":
                layer.weight = layer.weight * (1 + max(NUDGE, torch.finfo(dtype).eps))
    return network


def untrained(settings: dict, hidden: str, output: str, **options: Any) -> MLP:
    """Return a protocol's network before training. The options are those of `MLP`."""
    classes = by_name()
    hidden_class = classes[substituted(settings, hidden)]
    output_class = classes[substituted(settings, output)]
    return MLP(hidden_class, output_class, (2, *settings["hidden_widths"], 1), **options)


def substituted(settings: dict, name: str) -> str:
    """Return the activation that a protocol trains instead of `name`: its substitute, or itself."""
    return settings["substitute"].get(name, name)


def loss_of(settings: dict, output: str) -> Loss:
    """Return the protocol's loss, of logits if the output is the identity.

    It gives each replica its own value, (R,).
    """
    loss = LOSSES[settings["loss"]]
    gives_logits = substituted(settings, output) == "identity"
    name = loss.of_logits if gives_logits else loss.of_outputs
    return getattr(losses, name)(dim=PER_REPLICA)


def probabilities(criterion: Loss, output: torch.Tensor) -> torch.Tensor:
    """Return outputs, after a Sigmoid where the loss takes them as logits."""
    return output.sigmoid() if isinstance(criterion, BCEWithLogitsLoss) else output


def optimizer_of(settings: dict, network: Sequential) -> Optimizer:
    """Return the protocol's optimizer, for the parameters of a network."""
    optimizer = OPTIMIZERS[settings["optimizer"]]
    arguments = [settings[name] for name in optimizer.settings]
    return getattr(optim, optimizer.name)(network.parameters(), *arguments)
