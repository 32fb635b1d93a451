"""The network of the study, its loss and its optimizer, as a protocol's settings describe them."""

import torch

import framework
from framework import MLP, Linear, glorot_uniform_
from scripts.study.activations import by_name
from scripts.study.choices import LOSSES, OPTIMIZERS
from scripts.study.datasets import WEIGHTS, stream

NUDGE = 1e-12  # of a weight: some thousand times its last digit in double precision
DTYPES = {"double": torch.float64, "single": torch.float32}
PER_REPLICA = (-2, -1)  # the axes of one replica's points and outputs


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
    loss = LOSSES[settings["loss"]]
    gives_logits = trained(settings, output) == "identity"
    return getattr(framework, loss.of_logits if gives_logits else loss.of_outputs)(dim=PER_REPLICA)


def optimizer_of(settings, network):
    optimizer = OPTIMIZERS[settings["optimizer"]]
    arguments = [settings[name] for name in optimizer.settings]
    return getattr(framework, optimizer.name)(network.parameters(), *arguments)
