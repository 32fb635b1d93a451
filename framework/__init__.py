"""A mini deep-learning framework on torch's tensor operations and `math` alone.

Every layer knows its own forward and backward formula; nothing is differentiated automatically.
"""

from .activations import SELU, Activation, Identity, ReLU, Sigmoid, Tanh
from .init import glorot_uniform_, uniform_
from .linear import Linear
from .losses import BCELoss, BCEWithLogitsLoss, MSELoss
from .mlp import MLP
from .module import Module
from .optim import SGD, Adam
from .sequential import Sequential

__all__ = [
    "MLP",
    "SELU",
    "SGD",
    "Activation",
    "Adam",
    "BCELoss",
    "BCEWithLogitsLoss",
    "Identity",
    "Linear",
    "MSELoss",
    "Module",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "glorot_uniform_",
    "uniform_",
]
