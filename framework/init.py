"""Initial values: where a parameter stands before training.

Each function fills a tensor in place and returns it. A list of R generators fills replica r of a
tensor (R, ...) from generators[r], so that a replica starts where a lone network would.
"""


def uniform_(parameter, bound, generator=None):
    """U(−bound, bound)."""
    if isinstance(generator, list):
        if len(generator) != len(parameter):
            raise ValueError(f"{len(generator)} generators for {len(parameter)} replicas")
        for replica, own in zip(parameter, generator, strict=True):
            replica.uniform_(-bound, bound, generator=own)
        return parameter
    return parameter.uniform_(-bound, bound, generator=generator)


def glorot_uniform_(weight, gain=1.0, generator=None):
    """U(−a, a) with a = gain·√(6 / (fan_in + fan_out)), for W (..., fan_in, fan_out).

    ValueError where W is no matrix. (Glorot & Bengio 2010, eq. 16; torch.nn.init.xavier_uniform_.)
    """
    if weight.ndim < 2:
        raise ValueError(f"the weight must be (..., fan_in, fan_out), got {tuple(weight.shape)}")
    fan_in, fan_out = weight.shape[-2:]
    return uniform_(weight, gain * (6 / (fan_in + fan_out)) ** 0.5, generator)
