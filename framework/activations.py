"""Activations: elementwise functions, each with its derivative.

A new activation is a class with two short methods:

    class Softsign(Activation):
        def function(self, x):
            return x / (1 + x.abs())

        def derivative(self, x):
            return (1 + x.abs()) ** -2
"""

import torch

from .module import Module


class Activation(Module):
    """An elementwise function, y = f(x), of an x of any shape.

    A subclass defines `function(x)`, which is f, and `derivative(x)`, which is f′.
    """

    def function(self, x: torch.Tensor) -> torch.Tensor:
        """Return f(x)."""
        raise NotImplementedError(f"{type(self).__name__} defines no function")

    def derivative(self, x: torch.Tensor) -> torch.Tensor | int:
        """Return f′(x)."""
        raise NotImplementedError(f"{type(self).__name__} defines no derivative")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return f(x)."""
        y = self.function(x)
        self.remember(y, x)
        return y

    def backward(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return ∂L/∂x = ∂L/∂y · f′(x)."""
        (x,) = self.recall(gradient)
        return gradient * self.derivative(x)


class Identity(Activation):
    """The identity, y = x. It ignores all arguments, as torch.nn.Identity does."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def function(self, x: torch.Tensor) -> torch.Tensor:
        """Return x."""
        return x

    def derivative(self, x: torch.Tensor) -> int:
        """Return 1."""
        return 1


class ReLU(Activation):
    """The rectified linear unit, y = max(0, x)."""

    def function(self, x: torch.Tensor) -> torch.Tensor:
        """Return max(0, x)."""
        return x.clamp(min=0)

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return 1 where x > 0 and 0 elsewhere, so 0 at the kink, as in PyTorch."""
        return positive(x)


class Sigmoid(Activation):
    """The logistic function, y = σ(x) = 1 / (1 + e⁻ˣ)."""

    def function(self, x: torch.Tensor) -> torch.Tensor:
        """Return σ(x)."""
        return x.sigmoid()

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return σ′(x) = σ(x)(1 − σ(x))."""
        return sigmoid_slope(x)


class Tanh(Activation):
    """The hyperbolic tangent, y = tanh x = 2σ(2x) − 1."""

    def function(self, x: torch.Tensor) -> torch.Tensor:
        """Return tanh x."""
        return x.tanh()

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return 1 − tanh² x = 4σ′(2x)."""
        return sigmoid_slope(2 * x).mul_(4)


class SELU(Activation):
    """The scaled exponential linear unit, y = λx where x > 0 and λα(eˣ − 1) elsewhere.

    α and λ make zero mean and unit variance a fixed point (Klambauer et al. 2017, eq. 14).
    """

    ALPHA = 1.6732632423543772848170429916717
    SCALE = 1.0507009873554804934193349852946

    def function(self, x: torch.Tensor) -> torch.Tensor:
        """Return λx where x > 0 and λα(eˣ − 1) elsewhere."""
        below = x.clamp(max=0).expm1_()
        return x.clamp(min=0).add_(below, alpha=self.ALPHA).mul_(self.SCALE)

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return λ where x > 0 and λα eˣ elsewhere."""
        below = x.clamp(max=0).exp_().mul_(self.SCALE * self.ALPHA)
        return below.add_(positive(x), alpha=self.SCALE * (1 - self.ALPHA))


def positive(x: torch.Tensor) -> torch.Tensor:
    """Return 1 where x > 0 and 0 elsewhere.

    A comparison takes four times as long, because its result has another type.
    """
    return x.clamp(min=0).sign_()


def sigmoid_slope(x: torch.Tensor) -> torch.Tensor:
    """Return σ′(x) = p(1 − p) with p = σ(−|x|), which is at most ½.

    With y = σ(x), 1 − y would lose digits as y approaches 1.
    """
    p = x.abs().neg_().sigmoid_()
    return p.mul_(1 - p)
