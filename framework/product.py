"""The one matrix product of the framework, with the same bits for one network as for many."""


def product(a, b):
    """a @ b for (..., n, k) and (..., k, m), the same to the bit alone and in any stack.

    torch hands a product with one column, and a product of two lone matrices, to other routines
    than a stack of products; those add up in another order, and training amplifies the last bit.
    So one column is a sum of elementwise products here (the faster way too), and two lone
    matrices are a stack of one. MKL keeps the rest of the promise if the environment variable
    MKL_CBWR is set (Intel oneMKL Developer Guide, "Conditional Numerical Reproducibility"): without
    it the bits depend on where in memory a matrix lies.
    """
    if b.shape[-1] == 1:
        return (a * b.mT).sum(-1, keepdim=True)
    if a.ndim == b.ndim == 2:
        return (a[None] @ b[None])[0]
    return a @ b
