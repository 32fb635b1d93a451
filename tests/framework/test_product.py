"""The product's bits: the same for a matrix alone, in any stack, and anywhere in memory.

(With MKL_CBWR set, as tests/conftest.py sets it.)
"""

import itertools
import os

import pytest
import torch
from torch.testing import assert_close

from framework.product import product

SIZES = [1, 2, 3, 5, 8, 16, 25, 50, 100]
REPLICAS = [1, 2, 3, 7, 10, 16]
every_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def drawn(*shape, dtype, seed=0):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def shifted(stack, by):
    """The same values, `by` elements further on in memory: another alignment."""
    room = torch.empty(stack.numel() + by, dtype=stack.dtype)
    return room[by:].view(stack.shape).copy_(stack)


def column_major(stack):
    return stack.mT.contiguous().mT


def test_the_promise_is_tested_where_it_is_made():
    assert os.environ.get("MKL_CBWR")
    assert torch.get_num_threads() == 1


@every_dtype
@pytest.mark.parametrize("n", SIZES)
def test_bits_depend_neither_on_the_stack_nor_on_the_place_in_it(n, dtype):
    for k, m in itertools.product(SIZES, SIZES):
        a, b = drawn(16, n, k, dtype=dtype), drawn(16, k, m, dtype=dtype, seed=1)
        alone = torch.stack([product(x.clone(), y.clone()) for x, y in zip(a, b, strict=True)])
        for replicas in REPLICAS:
            for first in {0, 16 - replicas}:
                here = slice(first, first + replicas)
                views = product(a[here], b[here])
                clones = product(a[here].clone(), b[here].clone())
                assert torch.equal(views, alone[here]), (n, k, m, replicas, first)
                assert torch.equal(clones, alone[here]), (n, k, m, replicas, first)


@every_dtype
@pytest.mark.parametrize("by", [1, 3, 7])
def test_bits_do_not_depend_on_alignment(by, dtype):
    for n, k, m in itertools.product(SIZES, SIZES, SIZES):
        a, b = drawn(3, n, k, dtype=dtype), drawn(3, k, m, dtype=dtype, seed=1)
        expected = product(a, b)
        assert torch.equal(product(shifted(a, by), shifted(b, by)), expected), (n, k, m)
        alone = product(shifted(a[2], by), shifted(b[2], 2 * by))
        assert torch.equal(alone, expected[2]), (n, k, m)


@every_dtype
@pytest.mark.parametrize("layout", ["left", "right", "both"])
def test_bits_of_transposed_operands_do_not_depend_on_the_stack(layout, dtype):
    """As in backward: xᵀg, and gWᵀ."""
    for n, k, m in itertools.product(SIZES, SIZES, SIZES):
        a, b = drawn(7, n, k, dtype=dtype), drawn(7, k, m, dtype=dtype, seed=1)
        if layout != "right":
            a = column_major(a)
        if layout != "left":
            b = column_major(b)
        stack = product(a, b)
        for r in (0, 6):
            left = a[r].clone() if layout == "right" else column_major(a[r].clone())
            right = b[r].clone() if layout == "left" else column_major(b[r].clone())
            assert torch.equal(product(left, right), stack[r]), (n, k, m, r)
            one = product(a[r : r + 1], b[r : r + 1])
            assert torch.equal(one[0], stack[r]), (n, k, m, r)


@every_dtype
def test_bits_of_a_factor_that_all_replicas_share(dtype):
    for n, k, m in itertools.product(SIZES, SIZES, SIZES):
        x, g = drawn(n, k, dtype=dtype), drawn(7, n, m, dtype=dtype, seed=2)
        weight = drawn(7, k, m, dtype=dtype, seed=1)
        forward, backward = product(x, weight), product(x.mT, g)
        for r in (0, 6):
            assert torch.equal(forward[r], product(x, weight[r])), (n, k, m)
            assert torch.equal(backward[r], product(x.mT, g[r])), (n, k, m)


@every_dtype
def test_bits_of_a_product_plus_something_do_not_depend_on_the_stack(dtype):
    for n, k, m in itertools.product(SIZES, SIZES, SIZES):
        a, b = drawn(7, n, k, dtype=dtype), drawn(7, k, m, dtype=dtype, seed=1)
        x, c = drawn(n, k, dtype=dtype, seed=2), drawn(7, 1, m, dtype=dtype, seed=3)
        stack, shared = product(a, b, c), product(x, b, c)
        for r in (0, 6):
            assert torch.equal(product(a[r], b[r], c[r]), stack[r]), (n, k, m, r)
            assert torch.equal(product(x, b[r], c[r]), shared[r]), (n, k, m, r)


@every_dtype
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3, 4), (4, 5)),
        ((3, 4), (4, 1)),
        ((2, 3, 4), (4, 5)),
        ((2, 3, 4), (4, 1)),
        ((3, 4), (2, 4, 5)),
        ((3, 4), (2, 4, 1)),
        ((6, 2, 3, 4), (2, 4, 5)),
        ((6, 2, 3, 4), (2, 4, 1)),
        ((0, 4), (4, 5)),
        ((3, 0), (0, 1)),
        ((3, 0), (0, 5)),
        ((1, 1), (1, 1)),
    ],
)
def test_values_are_those_of_the_matrix_product(left, right, dtype):
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(-9, 10, left, generator=generator).to(dtype)  # whole numbers: nothing rounds
    b = torch.randint(-9, 10, right, generator=generator).to(dtype)
    c = torch.randint(-9, 10, (*right[:-2], 1, right[-1]), generator=generator).to(dtype)
    assert torch.equal(product(a, b), a @ b)
    assert torch.equal(product(a, b, c), a @ b + c)


def test_values_are_those_of_the_matrix_product_where_it_rounds():
    a, b = drawn(3, 50, 25, dtype=torch.float64), drawn(3, 25, 1, dtype=torch.float64, seed=1)
    assert_close(product(a, b), a @ b, rtol=0, atol=1e-13)
