"""A linear layer: every output is a weighted sum of the inputs, plus a bias."""

import torch

from .init import uniform_
from .module import Module, accumulate, detached


class Linear(Module):
    """A linear layer, y = xW + b.

    Shapes: x (..., in_features), W (in_features, out_features), b (out_features,),
    y (..., out_features). W is the transpose of torch.nn.Linear's.

    With a list of R generators, the layer is R layers side by side: W (R, in_features,
    out_features), b (R, out_features), and x (R, N, in_features), or (N, in_features) for all of
    them. Replica r is the layer that `generator=generators[r]` gives.

    W and b start uniform in (−√k, √k), k = 1/in_features, as in torch.nn.Linear.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        generator: torch.Generator | list[torch.Generator] | None = None,
    ) -> None:
        if in_features < 0 or out_features < 0:
            raise ValueError(f"Linear: widths must be 0 or more, got {in_features}, {out_features}")
        self.in_features, self.out_features = in_features, out_features
        replicas = [len(generator)] if isinstance(generator, list) else []
        factory: dict = {"device": device, "dtype": dtype}
        bound = in_features**-0.5 if in_features else 0.0
        self.weight = torch.empty(*replicas, in_features, out_features, **factory)
        uniform_(self.weight, bound, generator)
        self.bias: torch.Tensor | None = None
        if bias:
            self.bias = torch.empty(*replicas, out_features, **factory)
            uniform_(self.bias, bound, generator)

    def parameters(self) -> list[torch.Tensor]:
        """Return [W, b], or [W] if there is no bias."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return xW + b; raise what `check_input` raises."""
        self.check_input(x)
        y = product(self.rows(x), self.weight)
        if self.bias is not None:
            y += self.bias.unsqueeze(-2)
        if self.weight.ndim == 2:
            y = y.reshape(*x.shape[:-1], self.out_features)
        self.remember(y, x, self.weight, self.bias)
        return y

    def backward(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return ∂L/∂x = gWᵀ for g = ∂L/∂y.

        Adds ∂L/∂W = xᵀg to `weight.grad`, and ∂L/∂b, g summed over the batch, to `bias.grad`.
        (The chain rule of Rumelhart, Hinton & Williams 1986, in matrices.)
        """
        x, weight, bias = self.recall(gradient)
        rows, g = self.rows(x), self.rows(gradient)
        if weight.ndim == 2 and self.in_features > self.out_features:
            accumulate(weight, (g.mT @ rows).mT)  # the same; with few columns it is much faster
        else:
            accumulate(weight, rows.mT @ g)
        if bias is not None:
            accumulate(bias, g.sum(-2))
        dx = product(g, detached(weight).mT)
        if weight.ndim == 2:
            return dx.reshape(x.shape)
        return dx.sum(0) if x.ndim == 2 else dx  # replicas may share their points

    def rows(self, x: torch.Tensor) -> torch.Tensor:
        """Return x (..., features) as a matrix (rows, features); with replicas, x itself."""
        return x.unsqueeze(0).flatten(0, -2) if self.weight.ndim == 2 else x

    def check_input(self, x: torch.Tensor) -> None:
        """Raise ValueError if x has a wrong shape, TypeError if it has another dtype than W."""
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

    def extra_repr(self) -> str:
        """Return the widths, and whether there is a bias."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


def product(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return xW.

    With replicas, it is computed as (Wᵀxᵀ)ᵀ: memory then holds it feature by feature, which makes
    sums over the batch and products with a small W faster.
    """
    return x @ weight if weight.ndim == 2 else (weight.mT @ x.mT).mT
