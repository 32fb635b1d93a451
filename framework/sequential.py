"""Modules in a row: each takes the output of the one before."""

import torch

from .module import Module, unique


class Sequential(Module):
    """A network of layers that run in order, and backwards in reverse order.

    It takes the layers one by one, in a list or tuple, or in a dict by name (torch.nn.Sequential
    takes them one by one or in an OrderedDict). `net[0]`, `net[1:3]`, `len(net)` and iteration
    work. A layer may not occur twice, because it remembers one input only.
    """

    def __init__(self, *layers: Module | list | tuple | dict) -> None:
        first = layers[0] if len(layers) == 1 else None
        if isinstance(first, dict):
            self.names, self.layers = list(first), list(first.values())
        else:
            self.layers = list(first if isinstance(first, (list, tuple)) else layers)
            self.names = [str(i) for i in range(len(self.layers))]
        for name, layer in zip(self.names, self.layers, strict=True):
            if not isinstance(name, str) or not name or "." in name:
                raise ValueError(f"Sequential: a name must be a text without a dot, got {name!r}")
            if not isinstance(layer, Module):
                raise TypeError(f"Sequential: every layer must be a Module, got {layer!r}")
            if self.layers.count(layer) > 1:
                raise ValueError(f"Sequential: {layer!r} is in two places, make one for each")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output of the last layer."""
        for layer in self.layers:
            x = layer(x)
        self.remember(x, *self.layers)
        return x

    def backward(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return ∂L/∂x, passed back from the last layer to the first."""
        self.check_unchanged()
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def parameters(self) -> list[torch.Tensor]:
        """Return the parameters of all layers, in order, each once."""
        return unique([parameter for layer in self.layers for parameter in layer.parameters()])

    def state(self) -> dict[str, torch.Tensor]:
        """Return the parameters by name, "0.weight", as torch.nn.Sequential names them."""
        state: dict[str, torch.Tensor] = {}
        for name, layer in zip(self.names, self.layers, strict=True):
            state |= {f"{name}.{key}": p for key, p in layer.state().items()}
        return state

    def __iter__(self):
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int | slice):
        if isinstance(index, slice):
            return Sequential(dict(zip(self.names[index], self.layers[index], strict=True)))
        return self.layers[index]

    def __repr__(self) -> str:
        if not self.layers:
            return f"{type(self).__name__}()"
        rows = [f"({name}): {layer!r}" for name, layer in zip(self.names, self.layers, strict=True)]
        body = "\n".join(rows).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {body}\n)"
