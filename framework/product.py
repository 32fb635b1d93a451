"""The one matrix product of the framework, with the same bits for one network as for many."""

import math

import torch


def product(a, b, plus=None):
    """ab, or ab + c, for a (..., n, k), b (..., k, m) and c (..., 1, m): the same to the bit for a
    lone matrix and in any stack.

    It is computed as (bᵀaᵀ)ᵀ, so that a layer's output lies in memory feature by feature: small
    products of that shape take three quarters of the time, and sums over the batch run along it.

    torch hands a product with a side of one, and a product of two lone matrices, to other routines
    than a stack of products; those add up in another order, and training amplifies the last bit.
    So a side of one is spelled out here (the faster way too), and all else is a stack. MKL keeps
    the rest of the promise if the environment variable MKL_CBWR is set (Intel oneMKL Developer
    Guide, "Conditional Numerical Reproducibility"): without it the bits depend on where in memory a
    matrix lies.
    """
    if a.shape[-1] == 1 or a.shape[-2] == 1 or b.shape[-1] == 1:
        y = spelled_out(a, b)
        return y if plus is None else y + plus
    if a.ndim == b.ndim == 3:
        y = b.mT.bmm(a.mT) if plus is None else torch.baddbmm(plus.mT, b.mT, a.mT)
        return y.mT
    stack = torch.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b, plus = (as_stack(matrix, stack) for matrix in (a, b, plus))
    y = product(a, b, plus)
    return y.reshape(*stack, *y.shape[-2:])


def spelled_out(a, b):
    if a.shape[-1] == 1:
        return (b.mT * a.mT).mT
    if b.shape[-1] == 1:
        return (b * a.mT).sum(-2).unsqueeze(-1)
    return (b.mT * a).sum(-1).unsqueeze(-2)


def as_stack(matrix, stack):
    """A matrix for each place of the stack's shape, along one axis."""
    if matrix is None:
        return None
    sides = matrix.shape[-2:]
    return matrix.expand(*stack, *sides).reshape(math.prod(stack), *sides)
