"""Initial values of the parameters.

Each function fills a tensor in place and returns it. A list of R generators fills replica r of a
tensor (R, ...) from generators[r], so that a replica starts as a single network would.
"""

import torch


def uniform_(
    parameter: torch.Tensor,
    bound: float,
    generator: torch.Generator | list[torch.Generator] | None = None,
) -> torch.Tensor:
    """Fill a tensor with values from U(−bound, bound)."""
    if isinstance(generator, list):
        if len(generator) != len(parameter):
            raise ValueError(f"{len(generator)} generators for {len(parameter)} replicas")
        for replica, its_generator in zip(parameter, generator, strict=True):
            uniform_(replica, bound, its_generator)
    else:
        parameter.detach().uniform_(-bound, bound, generator=generator)
    return parameter


def glorot_uniform_(
    weight: torch.Tensor,
    gain: float = 1.0,
    generator: torch.Generator | list[torch.Generator] | None = None,
) -> torch.Tensor:
    """Fill W (..., fan_in, fan_out) from U(−a, a) with a = gain·√(6 / (fan_in + fan_out)).

    Raises ValueError if W has fewer than two axes.
    (Glorot & Bengio 2010, eq. 16; torch.nn.init.xavier_uniform_.)
    """
    if weight.ndim < 2:
        raise ValueError(f"the weight must be (..., fan_in, fan_out), got {tuple(weight.shape)}")
    fan_in, fan_out = weight.shape[-2:]
    return uniform_(weight, gain * (6 / (fan_in + fan_out)) ** 0.5, generator)
