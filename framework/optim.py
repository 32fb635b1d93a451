"""Optimizers: how gradients change the parameters."""

import torch

from .module import detached, unique


class Optimizer:
    """The base class of the optimizers.

    A subclass defines `update(parameter, gradient, state)`, which changes one parameter in place
    and keeps in the dict `state` what the parameter's next update needs.
    """

    def __init__(self, params: list[torch.Tensor], weight_decay: float, maximize: bool) -> None:
        if isinstance(params, torch.Tensor):
            raise TypeError(f"{type(self).__name__}: params must be a list, got a tensor")
        self.params = unique(params)
        for parameter in self.params:
            if not isinstance(parameter, torch.Tensor):
                kind = type(parameter).__name__
                raise TypeError(f"{type(self).__name__}: params must be tensors, got a {kind}")
        self.check(len(self.params) > 0, "the number of params", "1 or more", len(self.params))
        self.check(not overlap(self.params), "params", "apart in memory", "two that overlap")
        self.check(weight_decay >= 0, "weight_decay", "0 or more", weight_decay)
        self.weight_decay, self.maximize = weight_decay, maximize
        self.state: list[dict] = [{} for _ in self.params]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Remove the gradients, or set them to zero in place."""
        for parameter in self.params:
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.zero_()

    def step(self) -> None:
        """Update each parameter that has a gradient."""
        for parameter, state in zip(self.params, self.state, strict=True):
            if parameter.grad is not None:
                gradient = -parameter.grad if self.maximize else parameter.grad
                values = detached(parameter)
                if self.weight_decay:
                    gradient = gradient + self.weight_decay * values
                self.update(values, gradient, state)

    def update(self, parameter: torch.Tensor, gradient: torch.Tensor, state: dict) -> None:
        """Change one parameter in place."""
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    def check(self, holds: bool, name: str, allowed: str, given: object) -> None:
        """Raise ValueError if a condition on an argument does not hold."""
        if not holds:
            raise ValueError(f"{type(self).__name__}: {name} must be {allowed}, got {given}")


def overlap(tensors: list[torch.Tensor]) -> bool:
    """Return whether the memory of one tensor, from its first element to its last, meets another's.

    Each would have a gradient of its own, and be changed by the other's step.
    """
    spans = []
    for x in tensors:
        if x.data_ptr():  # 0 where there is no memory
            last = sum((n - 1) * stride for n, stride in zip(x.shape, x.stride(), strict=True))
            spans.append((x.data_ptr(), x.data_ptr() + last * x.element_size()))
    spans = sorted(spans)
    return any(last >= first for (_, last), (first, _) in zip(spans, spans[1:], strict=False))


class SGD(Optimizer):
    """Stochastic gradient descent: x ← x − γ·v.

    v is the gradient g. With momentum μ and dampening τ, v starts as g and then is
    v ← μv + (1 − τ)g; with Nesterov's momentum, the step takes g + μv. Weight decay λ first adds λx
    to g; `maximize` goes uphill.
    (Rumelhart et al. 1986; Sutskever et al. 2013; torch.optim.SGD.)
    """

    def __init__(
        self,
        params: list[torch.Tensor],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, weight_decay, maximize)
        self.check(lr >= 0, "lr", "0 or more", lr)
        self.check(momentum >= 0, "momentum", "0 or more", momentum)
        self.check(
            not nesterov or (momentum > 0 and dampening == 0),
            "nesterov",
            "used with momentum above 0 and dampening 0",
            f"momentum {momentum} and dampening {dampening}",
        )
        self.lr, self.momentum, self.dampening, self.nesterov = lr, momentum, dampening, nesterov

    def update(self, parameter: torch.Tensor, gradient: torch.Tensor, state: dict) -> None:
        """Set x ← x − γ·v."""
        velocity = gradient
        if self.momentum:
            if "velocity" in state:
                velocity = self.momentum * state["velocity"] + (1 - self.dampening) * gradient
            else:
                velocity = gradient.clone()  # the gradient itself may be zeroed in place
            state["velocity"] = velocity
            if self.nesterov:
                velocity = gradient + self.momentum * velocity
        parameter.sub_(velocity, alpha=self.lr)


class Adam(Optimizer):
    """Adam: x ← x − γ·m̂ / (√v̂ + ε).

    m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g² are running means of the gradient and its square;
    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) correct them at step t for their start at 0. `amsgrad`
    takes the largest v so far. Weight decay λ first adds λx to g; `maximize` goes uphill.
    (Kingma & Ba 2015, algorithm 1; Reddi et al. 2018; torch.optim.Adam.)
    """

    def __init__(
        self,
        params: list[torch.Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, weight_decay, maximize)
        self.check(lr >= 0, "lr", "0 or more", lr)
        self.check(eps >= 0, "eps", "0 or more", eps)
        self.check(all(0 <= beta < 1 for beta in betas), "betas", "in [0, 1)", betas)
        self.lr, self.betas, self.eps, self.amsgrad = lr, betas, eps, amsgrad

    def update(self, parameter: torch.Tensor, gradient: torch.Tensor, state: dict) -> None:
        """Set x ← x − γ·m̂ / (√v̂ + ε)."""
        beta1, beta2 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * gradient
        v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * gradient * gradient
        if self.amsgrad:
            v = state["largest_v"] = torch.maximum(v, state.get("largest_v", v))
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        parameter -= self.lr * m_hat / (v_hat.sqrt() + self.eps)
