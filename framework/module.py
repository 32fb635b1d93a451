"""A module is a function that can pass a gradient back through itself."""

import torch

from .state import mismatches


class Module:
    """The base class of layers, networks and losses.

    A subclass defines `forward(x)`, which returns y and keeps in `self.cache` what the gradient
    needs, and `backward(∂L/∂y)`, which returns ∂L/∂x and adds ∂L/∂p to `p.grad` for each of its
    parameters p. Neither changes a tensor that it is given.
    """

    cache: torch.Tensor | tuple | None = None

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return `forward(*inputs)`."""
        return self.forward(*inputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward")

    def backward(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return ∂L/∂x, and add ∂L/∂p to `p.grad` for each parameter p."""
        raise NotImplementedError(f"{type(self).__name__} defines no backward")

    def parameters(self) -> list[torch.Tensor]:
        """Return the tensors that training changes; each has its gradient in `.grad`."""
        return []

    def state(self) -> dict[str, torch.Tensor]:
        """Return the parameters by name, that of their attribute, to be saved by `torch.save`."""
        parameters = self.parameters()
        state = {name: p for name, p in vars(self).items() if any(p is q for q in parameters)}
        if len(unique(list(state.values()))) < len(unique(parameters)):
            raise TypeError(f"{self!r}: a parameter is not an attribute, so define state(), too")
        return state

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Copy a state into the parameters.

        Raises ValueError, and changes nothing, if names, shapes or dtypes differ.
        """
        if not isinstance(state, dict):
            kind = type(state).__name__
            raise TypeError(f"{type(self).__name__}: load takes a dict of tensors, got a {kind}")
        own = self.state()
        faults = mismatches(own, state)
        if faults:
            raise ValueError("\n".join(f"{type(self).__name__}: {fault}" for fault in faults))
        # Copy all before changing one: a copy may fail, and a value may be a parameter.
        copies = {name: p.detach().clone().copy_(state[name].detach()) for name, p in own.items()}
        for name, parameter in own.items():
            parameter.detach().copy_(copies[name])

    def extra_repr(self) -> str:
        """Return what `repr` shows between the parentheses."""
        return ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"

    def recall(self) -> torch.Tensor | tuple:
        """Return what the last forward kept; raise RuntimeError if there was no forward."""
        if self.cache is None:
            raise RuntimeError(f"{self!r}: backward was called before forward")
        return self.cache

    def check_gradient(self, gradient: torch.Tensor, shape: tuple[int, ...]) -> None:
        """Raise ValueError if ∂L/∂y has another shape than y."""
        if gradient.shape != shape:
            raise ValueError(
                f"{self!r}: the gradient has shape {tuple(gradient.shape)}, "
                f"the output had {tuple(shape)}"
            )


def summed_to(shape: tuple[int, ...], gradient: torch.Tensor) -> torch.Tensor:
    """Return a gradient summed over the axes along which a tensor of this shape was broadcast."""
    return gradient if gradient.shape == shape else gradient.sum_to_size(shape)


def unique(parameters: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return each parameter once, in order, where layers share some."""
    return list({id(p): p for p in parameters}.values())


def accumulate(parameter: torch.Tensor, gradient: torch.Tensor) -> None:
    """Add to `parameter.grad`, as PyTorch does until `zero_grad()`."""
    gradient = summed_to(parameter.shape, gradient)
    parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
