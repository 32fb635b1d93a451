"""A linear layer: every output is a weighted sum of the inputs, plus a bias."""

import torch

from .init import uniform_
from .module import Module, accumulate, summed_to


class Linear(Module):
    """y = xW + b.

    Shapes: x (..., in_features), W (in_features, out_features), b (out_features,),
    y (..., out_features). W is the transpose of torch.nn.Linear's.

    With a list of R generators the layer is R layers side by side: W (R, in_features,
    out_features), b (R, out_features), x (N, in_features) for all or (R, N, in_features). Replica r
    draws from generators[r] and is the layer that `generator=generators[r]` makes.

    W and b start uniform in (−√k, √k), k = 1/in_features, as torch.nn.Linear's do.
    """

    def __init__(
        self, in_features, out_features, bias=True, device=None, dtype=None, *, generator=None
    ):
        if in_features < 0 or out_features < 0:
            raise ValueError(f"Linear: widths must be 0 or more, got {in_features}, {out_features}")
        self.in_features, self.out_features = in_features, out_features
        replicas = [len(generator)] if isinstance(generator, list) else []
        factory = {"device": device, "dtype": dtype}
        bound = in_features**-0.5 if in_features else 0.0
        self.weight = torch.empty(*replicas, in_features, out_features, **factory)
        uniform_(self.weight, bound, generator)
        self.bias = None
        if bias:
            self.bias = torch.empty(*replicas, out_features, **factory)
            uniform_(self.bias, bound, generator)

    def parameters(self):
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def forward(self, x):
        """ValueError where x is not (..., in_features), or not of R replicas."""
        self.check_input(x)
        # xW as (Wᵀxᵀ)ᵀ: it then lies in memory feature by feature, where sums over the batch are
        # faster, and so are products with a small W.
        y = (self.weight.mT @ as_matrix(x).mT).mT
        if self.bias is not None:
            y = y + self.bias.unsqueeze(-2)
        if x.ndim == 1:
            y = y.squeeze(-2)
        self.cache = x, y.shape
        return y

    def backward(self, gradient):
        """With g = ∂L/∂y: ∂L/∂W = xᵀg, ∂L/∂b = g summed over the batch; returns ∂L/∂x = gWᵀ.

        (The chain rule of Rumelhart, Hinton & Williams 1986, in matrices.)
        """
        x, output_shape = self.recall()
        self.check_gradient(gradient, output_shape)
        matrix, g = as_matrix(x), as_matrix(gradient)
        accumulate(self.weight, matrix.mT @ g)
        if self.bias is not None:
            accumulate(self.bias, g.sum(-2))
        gradient = summed_to(matrix.shape, (self.weight @ g.mT).mT)
        return gradient if x.ndim > 1 else gradient.squeeze(-2)

    def check_input(self, x):
        replicas = self.weight.shape[:-2]
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            allowed = f"(..., {self.in_features})"
        elif replicas and x.ndim != 2 and x.shape[:-2] != replicas:
            allowed = f"(N, {self.in_features}) or ({replicas[0]}, N, {self.in_features})"
        elif x.dtype != self.weight.dtype:
            raise TypeError(f"{self!r}: the input is {x.dtype}, the weight {self.weight.dtype}")
        else:
            return
        raise ValueError(f"{self!r}: the input has shape {tuple(x.shape)}, it must be {allowed}")

    def extra_repr(self):
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


def as_matrix(x):
    """A lone row vector as a matrix of one row."""
    return x.unsqueeze(-2) if x.ndim == 1 else x
