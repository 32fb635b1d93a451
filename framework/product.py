"""The one matrix product of the framework, with the same bits for one network as for many."""


def product(a, b):
    """a @ b for (..., n, k) and (..., k, m), the same to the bit alone and in any stack.

    It is computed as (bᵀaᵀ)ᵀ, so that a layer's output lies in memory feature by feature: small
    products of that shape take three quarters of the time, and sums over the batch run along it.

    torch hands a product with a side of one, and a product of two lone matrices, to other routines
    than a stack of products; those add up in another order, and training amplifies the last bit.
    So a side of one is spelled out here (the faster way too), and two lone matrices are a stack of
    one. MKL keeps the rest of the promise if the environment variable MKL_CBWR is set (Intel oneMKL
    Developer Guide, "Conditional Numerical Reproducibility"): without it the bits depend on where
    in memory a matrix lies.
    """
    if a.shape[-1] == 1:
        return (b.mT * a.mT).mT
    if b.shape[-1] == 1:
        return (b * a.mT).sum(-2).unsqueeze(-1)
    if a.shape[-2] == 1:
        return (b.mT * a).sum(-1).unsqueeze(-2)
    if a.ndim == b.ndim == 2:
        return (b.mT[None] @ a.mT[None])[0].mT
    return (b.mT @ a.mT).mT
