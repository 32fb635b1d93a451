"""The losses and optimizers that config.yaml may name, with one entry for each.

Entries hold the names of the framework's classes, so that this file need not import torch.
"""

import math
from typing import NamedTuple


class Loss(NamedTuple):
    """A loss function.

    Attributes:
        of_outputs: The framework's class that takes outputs.
        of_logits: The framework's class that takes the values before the sigmoid (logits).
        of_half: The loss if every output is ½.
        outputs: The output activations that the loss allows; empty if it allows all.
    """

    of_outputs: str
    of_logits: str
    of_half: float
    outputs: tuple[str, ...] = ()


class Optimizer(NamedTuple):
    """An optimizer.

    Attributes:
        name: The framework's class.
        settings: The settings that the class takes as arguments, after the parameters.
    """

    name: str
    settings: tuple[str, ...]


LOSSES = {
    "mse": Loss("MSELoss", "MSELoss", 0.25),
    "bce": Loss("BCELoss", "BCEWithLogitsLoss", math.log(2), ("identity", "sigmoid")),
}
OPTIMIZERS = {
    "sgd": Optimizer("SGD", ("learning_rate", "momentum")),
    "adam": Optimizer("Adam", ("learning_rate",)),
}
