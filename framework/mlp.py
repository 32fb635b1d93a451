"""The network of the report: a multilayer perceptron."""

import torch

from .activations import ReLU
from .linear import Linear
from .module import Module
from .sequential import Sequential


class MLP(Sequential):
    """Linear layers of the given widths, with `activation()` after each but the last.

    `output()`, if given, follows the last. Both are classes, or functions that make a layer. The
    default is 2 inputs, three hidden layers of 25 units and 1 output. The linear layers take
    `generator`, `device` and `dtype`; a list of generators makes as many replicas (see `Linear`).
    """

    def __init__(
        self,
        activation: type[Module] = ReLU,
        output: type[Module] | None = None,
        widths: tuple[int, ...] = (2, 25, 25, 25, 1),
        *,
        generator: torch.Generator | list[torch.Generator] | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if len(widths) < 2:
            raise ValueError(f"MLP: widths must name inputs and outputs, got {widths}")
        factory: dict = {"generator": generator, "device": device, "dtype": dtype}
        layers: list[Module] = []
        for fan_in, fan_out in zip(widths, widths[1:], strict=False):
            layers += [Linear(fan_in, fan_out, **factory), activation()]
        layers.pop()
        if output is not None:
            layers.append(output())
        super().__init__(*layers)
