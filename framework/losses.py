"""Losses: how far a network's output is from the target, with the gradient."""

import math

import torch

from .module import Module, detached

REDUCTIONS = ("mean", "sum", "none")
Axes = int | tuple[int, ...] | None


class Loss(Module):
    """A loss of each element, reduced to the mean or the sum, or not reduced ("none").

    `loss(input, target)` takes two tensors of one shape. `backward()` then returns the gradient.

    `dim` gives the axes to reduce, all by default: (-2, -1) gives each of R replicas its own loss,
    shape (R,), and its own gradient. `weight`, of the losses that have one, multiplies each
    element's loss, and `pos_weight` the part of it where the target is 1; both are broadcast.

    A subclass defines `elementwise(input, target)`, and `slope(input, target)`, its derivative with
    respect to the input, both without the weight.
    """

    weight: torch.Tensor | None = None
    pos_weight: torch.Tensor | None = None

    def __init__(self, *, reduction: str = "mean", dim: Axes = None) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"{type(self).__name__}: reduction must be one of {', '.join(REDUCTIONS)}, "
                f"got {reduction!r}"
            )
        self.reduction = reduction
        self.dim = (dim,) if isinstance(dim, int) else dim or None

    def elementwise(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each element."""
        raise NotImplementedError(f"{type(self).__name__} defines no elementwise")

    def slope(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the derivative of each element's loss with respect to the input."""
        raise NotImplementedError(f"{type(self).__name__} defines no slope")

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:  # type: ignore
        """Return the loss.

        Raises TypeError if the input is of whole numbers, whose gradient would be rounded;
        ValueError if input, target and weights do not fit together.
        """
        if not input.is_floating_point():
            raise TypeError(f"{self!r}: the input is {input.dtype}, it must be of a float type")
        if input.shape != target.shape:
            raise ValueError(
                f"{self!r}: the input has shape {tuple(input.shape)}, "
                f"the target {tuple(target.shape)}; they must be the same"
            )
        if not target.is_floating_point():  # truth values cannot be subtracted
            target = target.to(input.dtype)
        losses = self.weighted(self.elementwise(input, target))
        if losses.shape != input.shape:
            raise ValueError(
                f"{self!r}: the input has shape {tuple(input.shape)}, "
                f"its weights do not fit: they make it {tuple(losses.shape)}"
            )
        if self.reduction == "mean":
            losses = losses.mean(self.dim)
        elif self.reduction == "sum":
            losses = losses.sum(self.dim)
        self.remember(losses, input, target, self.weight, self.pos_weight)
        return losses

    def backward(self, gradient: torch.Tensor | None = None) -> torch.Tensor:
        """Return ∂L/∂input, multiplied by a gradient of the loss's shape if one is given."""
        input, target, weight, pos_weight = self.recall(gradient)
        if weight is not self.weight or pos_weight is not self.pos_weight:
            raise RuntimeError(f"{self!r}: a weight was replaced between forward and backward")
        slope = self.weighted(self.slope(input, target))
        axes = self.reduced_axes(input)
        if self.reduction == "mean":
            slope = slope / math.prod(input.shape[axis] for axis in axes)
        if gradient is not None:
            kept = [1 if axis in axes else size for axis, size in enumerate(input.shape)]
            slope = slope * gradient.reshape(kept)
        return detached(slope.to(input.dtype))

    def weighted(self, values: torch.Tensor) -> torch.Tensor:
        """Return each element's value multiplied by the weight, if there is one."""
        return values if self.weight is None else values * self.weight

    def reduced_axes(self, input: torch.Tensor) -> list[int]:
        """Return the axes that the reduction removes, counted from 0."""
        if self.reduction == "none" or input.ndim == 0:
            return []
        return [axis % input.ndim for axis in self.dim or range(input.ndim)]


class MSELoss(Loss):
    """The squared error, l = (y − t)².

    The mean divides by the number of elements, as torch.nn.MSELoss does. In contrast to PyTorch, a
    target of another shape is an error: broadcasting (N,) against (N, 1) is a common mistake.
    """

    def elementwise(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return (y − t)²."""
        return (input - target) ** 2

    def slope(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return ∂l/∂y = 2(y − t)."""
        return 2 * (input - target)


class BCELoss(Loss):
    """The binary cross-entropy of probabilities, l = −[t log y + (1 − t) log(1 − y)].

    It is finite for every y in [0, 1]: logarithms are cut at −100, and the denominator of the slope
    at 1e-12, as in torch.nn.BCELoss.
    """

    def __init__(
        self, weight: torch.Tensor | None = None, *, reduction: str = "mean", dim: Axes = None
    ) -> None:
        super().__init__(reduction=reduction, dim=dim)
        self.weight = weight

    def elementwise(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return −[t log y + (1 − t) log(1 − y)]; raise ValueError if y is outside [0, 1]."""
        if ((input < 0) | (input > 1)).any():
            raise ValueError(
                "BCELoss: the input must lie in [0, 1], "
                f"got {input.min().item():g} to {input.max().item():g}"
            )
        log_y, log_1_minus_y = input.log().clamp(min=-100), (-input).log1p().clamp(min=-100)
        return -(target * log_y + (1 - target) * log_1_minus_y)

    def slope(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return ∂l/∂y = (y − t) / (y(1 − y))."""
        variance = (input * (1 - input)).clamp(min=1e-12)
        return (input - target) / variance


class BCEWithLogitsLoss(Loss):
    """The binary cross-entropy of logits: BCELoss of σ(x), computed without the sigmoid.

    l = (1 − t)x + c·log(1 + e⁻ˣ) with c = 1 + (p − 1)t, where p is `pos_weight`. The logarithm
    is computed as max(−x, 0) + log(1 + e^−|x|), so that no x overflows
    (torch.nn.BCEWithLogitsLoss).
    """

    def __init__(
        self,
        weight: torch.Tensor | None = None,
        *,
        reduction: str = "mean",
        pos_weight: torch.Tensor | None = None,
        dim: Axes = None,
    ) -> None:
        super().__init__(reduction=reduction, dim=dim)
        self.weight, self.pos_weight = weight, pos_weight

    def elementwise(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return (1 − t)x + c·log(1 + e⁻ˣ)."""
        p = 1 if self.pos_weight is None else self.pos_weight
        softplus = (-input).clamp(min=0) + (-input.abs()).exp().log1p()
        return (1 - target) * input + (1 + (p - 1) * target) * softplus

    def slope(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return ∂l/∂x = cσ(x) − pt, which is σ(x) − t for p = 1."""
        p = 1 if self.pos_weight is None else self.pos_weight
        return (1 + (p - 1) * target) * input.sigmoid() - p * target
