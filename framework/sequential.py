"""Modules in a row: each takes the output of the one before."""

from .module import Module


class Sequential(Module):
    """Forwards in order, backwards in reverse order.

    Takes the layers one by one, in a list, or in a dict of names, as torch.nn.Sequential takes
    them one by one or in an OrderedDict. `net[0]`, `net[1:3]`, `len(net)` and iteration work.
    Each place takes a layer of its own, for a layer remembers one input.
    """

    def __init__(self, *layers):
        if len(layers) == 1 and isinstance(layers[0], dict):
            self.names, layers = list(layers[0]), layers[0].values()
        else:
            if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
                (layers,) = layers
            self.names = [str(i) for i in range(len(layers))]
        self.layers = list(layers)
        for layer in self.layers:
            if not isinstance(layer, Module):
                raise TypeError(f"Sequential: every layer must be a Module, got {layer!r}")
            if self.layers.count(layer) > 1:  # it remembers one input only
                raise ValueError(f"Sequential: {layer!r} is in two places, make one for each")

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, gradient):
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def parameters(self):
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __iter__(self):
        return iter(self.layers)

    def __len__(self):
        return len(self.layers)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Sequential(self.layers[index])
        return self.layers[index]

    def __repr__(self):
        if not self.layers:
            return f"{type(self).__name__}()"
        rows = [f"({name}): {layer!r}" for name, layer in zip(self.names, self.layers, strict=True)]
        body = "\n".join(rows).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {body}\n)"
