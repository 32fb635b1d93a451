"""Losses and optimizers by the names that config.yaml gives them: one entry each.

An entry names the framework's class, so that nothing here imports torch.
"""

import math
from typing import NamedTuple


class Loss(NamedTuple):
    """A loss: its classes, of an output and of one before the sigmoid (its logit); its value where
    every output is ½; and the output activations that it takes, if not any.
    """

    of_outputs: str
    of_logits: str
    of_half: float
    outputs: tuple[str, ...] = ()


class Optimizer(NamedTuple):
    """An optimizer: its class, and the settings that are its arguments after the parameters."""

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
