"""The study's activations by name: the framework's, and those that only the study needs.

To add one, define a class here and list its name, in lower case, in config.yaml.
"""

import torch

import framework
from framework import Activation, Tanh


class PublishedTanh(Tanh):
    """tanh with the gradient of the published code, which differs from that of tanh.

    The code overwrites its cached input z with tanh z, and then takes the derivative at the cached
    value: it computes 1 − tanh²(tanh z), where 1 − tanh² z is correct.
    """

    wrong_on_purpose = "1 − tanh²(tanh x), as in the published code"

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return 1 − tanh²(tanh x), elementwise."""
        return super().derivative(self.function(x))


def by_name() -> dict[str, type[Activation]]:
    """Return every activation of framework/activations.py and of this file: {"relu": ReLU, …}."""
    classes = [*vars(framework.activations).values(), *globals().values()]
    return {
        item.__name__.lower(): item
        for item in classes
        if isinstance(item, type) and issubclass(item, Activation) and item is not Activation
    }
