"""The network of the report: a multilayer perceptron."""

from .activations import ReLU
from .linear import Linear
from .sequential import Sequential


class MLP(Sequential):
    """Linear layers of the given widths, `activation()` after each but the last.

    `output()`, if given, follows the last. As it stands: 2 inputs, three hidden layers of 25 units
    and 1 output. `generator`, `device` and `dtype` go to the linear layers; a list of generators
    makes as many replicas (see `Linear`).
    """

    def __init__(
        self,
        activation=ReLU,
        output=None,
        widths=(2, 25, 25, 25, 1),
        *,
        generator=None,
        device=None,
        dtype=None,
    ):
        if len(widths) < 2:
            raise ValueError(f"MLP: widths must name inputs and outputs, got {widths}")
        factory = {"generator": generator, "device": device, "dtype": dtype}
        layers = []
        for fan_in, fan_out in zip(widths, widths[1:], strict=False):
            layers += [Linear(fan_in, fan_out, **factory), activation()]
        layers.pop()
        if output is not None:
            layers.append(output())
        super().__init__(*layers)
