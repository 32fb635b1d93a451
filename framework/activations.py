"""Activations: elementwise functions, each with its derivative.

A new one takes a class with two short methods:

    class Softsign(Activation):
        def function(self, x):
            return x / (1 + x.abs())

        def derivative(self, x):
            return (1 + x.abs()) ** -2
"""

from .module import Module


class Activation(Module):
    """y = f(x), elementwise, for x of any shape; ∂L/∂x = ∂L/∂y · f′(x).

    `function(x)` is f, `derivative(x)` is f′.
    """

    def function(self, x):
        raise NotImplementedError(f"{type(self).__name__} defines no function")

    def derivative(self, x):
        raise NotImplementedError(f"{type(self).__name__} defines no derivative")

    def forward(self, x):
        self.cache = x
        return self.function(x)

    def backward(self, gradient):
        x = self.recall()
        self.check_gradient(gradient, x.shape)
        return gradient * self.derivative(x)


class Identity(Activation):
    """y = x; y′ = 1. Takes and ignores any arguments, as torch.nn.Identity does."""

    def __init__(self, *args, **kwargs):
        pass

    def function(self, x):
        return x

    def derivative(self, x):
        return 1


class Rectifier(Activation):
    """What ReLU and SELU share: `inplace`, which PyTorch's take, is accepted and shown. It changes
    nothing, for an input is never overwritten here.
    """

    def __init__(self, inplace=False):
        self.inplace = inplace

    def extra_repr(self):
        return "inplace=True" if self.inplace else ""


class ReLU(Rectifier):
    """y = max(0, x); y′ = 1 where x > 0, else 0 (so 0 at the kink, as in PyTorch)."""

    def function(self, x):
        return x.clamp(min=0)

    def derivative(self, x):
        return positive(x)


class Sigmoid(Activation):
    """y = σ(x) = 1 / (1 + e⁻ˣ); y′ = σ′(x) = e⁻ˣ / (1 + e⁻ˣ)²."""

    def function(self, x):
        return x.sigmoid()

    def derivative(self, x):
        return sigmoid_slope(x)


class Tanh(Activation):
    """y = tanh x = 2σ(2x) − 1; y′ = 1 − tanh² x = 4σ′(2x)."""

    def function(self, x):
        return x.tanh()

    def derivative(self, x):
        return 4 * sigmoid_slope(2 * x)


class SELU(Rectifier):
    """y = λx where x > 0, else λα(eˣ − 1); y′ = λ where x > 0, else λα eˣ.

    α and λ make zero mean and unit variance a fixed point (Klambauer et al. 2017, eq. 14).
    """

    ALPHA = 1.6732632423543772848170429916717
    SCALE = 1.0507009873554804934193349852946

    def function(self, x):
        return self.SCALE * (x.clamp(min=0) + self.ALPHA * x.clamp(max=0).expm1())

    def derivative(self, x):
        below = self.SCALE * self.ALPHA * x.clamp(max=0).exp()
        return below + self.SCALE * (1 - self.ALPHA) * positive(x)


def positive(x):
    """1 where x > 0, else 0. (A comparison, whose result has another type, takes four times as
    long.)
    """
    return x.clamp(min=0).sign()


def sigmoid_slope(x):
    """σ′(x), an even function, from e^−|x|, which cannot overflow. (y(1 − y) loses digits as y
    nears 1.)
    """
    e = (-x.abs()).exp()
    return e / (1 + e) ** 2
