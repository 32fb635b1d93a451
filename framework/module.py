"""A module is a function that can pass a gradient back through itself."""

import torch

from .state import mismatches


class Module:
    """The base class of layers, networks and losses.

    A subclass defines `forward(x)`, which returns y and keeps with `remember` what the gradient
    needs, and `backward(∂L/∂y)`, which returns ∂L/∂x and adds ∂L/∂p to `p.grad` for each of its
    parameters p. Neither changes a tensor that it is given.

    Each backward belongs to the forward before it. So a module has one place in a network: in two,
    it would remember the second input only.
    """

    cache: tuple | None = None
    versions: list | tuple = ()
    forwards = 0

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return `forward(*inputs)`, without what torch's automatic differentiation keeps."""
        return detached(self.forward(*map(detached, inputs)))

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

        Raises TypeError if the state is no dict, and ValueError if names, shapes or dtypes differ.
        Nothing is changed then.
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

    def __getstate__(self) -> dict[str, object]:
        """Return what copies and pickles hold: all but what the last forward kept."""
        return vars(self) | {"cache": None, "versions": ()}

    def remember(self, y: torch.Tensor, *kept: object) -> None:
        """Keep what backward needs, with the version of each, and y's shape and dtype."""
        self.cache, self.versions = kept, [(x, version(x)) for x in kept]
        self.output_shape, self.output_dtype = y.shape, y.dtype
        self.forwards += 1

    def recall(self, gradient: torch.Tensor | None = None) -> tuple:
        """Return what the last forward kept, once.

        Raises RuntimeError if there is nothing or it has changed since, ValueError if ∂L/∂y has
        another shape than y, TypeError if it has another dtype.
        """
        if self.cache is None:
            raise RuntimeError(
                f"{self!r}: backward was called before forward, or twice after one forward "
                "(is the module in two places? Make one for each)"
            )
        self.check_unchanged()
        if gradient is not None and gradient.shape != self.output_shape:
            raise ValueError(
                f"{self!r}: the gradient has shape {tuple(gradient.shape)}, "
                f"the output had {tuple(self.output_shape)}"
            )
        if gradient is not None and gradient.dtype != self.output_dtype:
            raise TypeError(
                f"{self!r}: the gradient is {gradient.dtype}, the output was {self.output_dtype}"
            )
        kept, self.cache, self.versions = self.cache, None, ()
        return kept

    def check_unchanged(self) -> None:
        """Raise RuntimeError if a tensor or module of the last forward has changed since."""
        for x, before in self.versions:
            if version(x) == before:
                continue
            if isinstance(x, Module):
                raise RuntimeError(
                    f"{x!r}: forward was called again before this backward "
                    "(is the module in two places? Make one for each)"
                )
            raise RuntimeError(
                f"{self!r}: a tensor of shape {tuple(x.shape)} was changed in place "
                "between forward and backward"
            )


def version(x: object) -> int | None:
    """Return how often a tensor was changed in place, or how often a module went forward.

    torch counts no changes of tensors made in inference mode, nor those through `.data`.
    """
    if isinstance(x, torch.Tensor):
        return None if x.is_inference() else x._version
    return x.forwards if isinstance(x, Module) else None


def detached(x: torch.Tensor) -> torch.Tensor:
    """Return the same values, in the same memory, without `requires_grad`."""
    return x.detach() if x.requires_grad else x


def unique(parameters: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return each parameter once, in order, where layers share some."""
    return list({id(p): p for p in parameters}.values())


def accumulate(parameter: torch.Tensor, gradient: torch.Tensor) -> None:
    """Add to `parameter.grad`, as PyTorch does until `zero_grad()`."""
    gradient = detached(gradient)
    parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
