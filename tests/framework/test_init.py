"""Initialisers: bounds, distribution, and which random numbers they draw."""

import math

import pytest
import torch
from scipy.stats import kstest
from torch.testing import assert_close

from framework import Linear, glorot_uniform_, uniform_


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def check_uniform(values, bound):
    """Within ±bound, as far as it, and with a uniform's mean, variance and distribution."""
    values = values.flatten().double()
    n = len(values)
    assert values.abs().max() <= bound
    assert values.abs().max() > bound * (1 - 20 / n)  # missed once in e²⁰ draws
    sd_of_mean = bound / math.sqrt(3 * n)
    sd_of_variance = bound**2 * math.sqrt(4 / 45 / n)
    assert abs(values.mean()) < 4 * sd_of_mean
    assert abs(values.var() - bound**2 / 3) < 4 * sd_of_variance
    assert kstest(values, "uniform", args=(-bound, 2 * bound)).pvalue > 1e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bound", [0.01, 1.0, 30.0])
def test_uniform_is_uniform_in_its_bounds(bound, dtype):
    check_uniform(uniform_(torch.empty(200, 300, dtype=dtype), bound, seeded(0)), bound)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(2, 25), (25, 25), (400, 100), (1, 9)])
@pytest.mark.parametrize("gain", [1.0, torch.nn.init.calculate_gain("tanh"), 0.1])
def test_glorot_is_uniform_in_the_bounds_of_the_paper(fan_in, fan_out, gain):
    weights = torch.empty(50, fan_in, fan_out)
    for replica, seed in zip(weights, range(50), strict=True):
        glorot_uniform_(replica, gain, seeded(seed))
    check_uniform(weights, gain * math.sqrt(6 / (fan_in + fan_out)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("gain", [1.0, 5 / 3])
def test_glorot_draws_what_torch_draws(gain, dtype):
    ours = glorot_uniform_(torch.empty(7, 3, dtype=dtype), gain, seeded(1))
    theirs = torch.empty(7, 3, dtype=dtype)
    torch.nn.init.xavier_uniform_(theirs, gain, seeded(1))
    assert_close(ours, theirs)


@pytest.mark.parametrize("fan_in", [1, 2, 25, 100])
def test_linear_starts_uniform_in_its_bounds(fan_in):
    layers = [Linear(fan_in, 40, generator=seeded(seed)) for seed in range(100)]
    bound = math.sqrt(1 / fan_in)
    check_uniform(torch.stack([layer.weight for layer in layers]), bound)
    check_uniform(torch.stack([layer.bias for layer in layers]), bound)


def test_linear_draws_what_torch_draws():
    torch.manual_seed(3)
    ours = Linear(7, 5)
    torch.manual_seed(3)
    theirs = torch.nn.Linear(7, 5)
    assert_close(ours.weight.flatten(), theirs.weight.detach().flatten())  # drawn into W, not Wᵀ
    assert_close(ours.bias, theirs.bias.detach())


def test_bias_is_not_a_repetition_of_the_weight():
    layer = Linear(1, 9, generator=seeded(0))
    assert not torch.equal(layer.weight[0], layer.bias)


@pytest.mark.parametrize(
    "fill", [lambda w, g: uniform_(w, 1.0, g), lambda w, g: glorot_uniform_(w, 1.0, g)]
)
def test_fills_in_place_and_returns_what_it_filled(fill):
    weight = torch.full((3, 2), 9.0)
    assert fill(weight, seeded(0)) is weight
    assert (weight.abs() < 9).all()
    replicas = torch.full((2, 3, 2), 9.0)
    assert fill(replicas, [seeded(0), seeded(1)]) is replicas
    assert (replicas.abs() < 9).all()


def test_a_generator_reproduces_its_draws():
    first, again, other = (Linear(4, 3, generator=seeded(seed)) for seed in (5, 5, 6))
    assert torch.equal(first.weight, again.weight)
    assert torch.equal(first.bias, again.bias)
    assert not torch.equal(first.weight, other.weight)
    assert not torch.equal(first.bias, other.bias)


def test_a_generator_of_ones_own_leaves_the_global_one_alone():
    before = torch.get_rng_state()
    Linear(4, 3, generator=seeded(5))
    Linear(4, 3, generator=[seeded(5), seeded(6)])
    glorot_uniform_(torch.empty(4, 3), 1.0, seeded(5))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("seeds", [[3], [3, 4], [9, 3, 3, 0, 7]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_replica_draws_what_it_would_draw_alone(seeds, dtype):
    together = Linear(5, 3, dtype=dtype, generator=[seeded(seed) for seed in seeds])
    glorot = torch.empty(len(seeds), 5, 3, dtype=dtype)
    glorot_uniform_(glorot, 2.0, [seeded(seed) for seed in seeds])
    for r, seed in enumerate(seeds):
        alone = Linear(5, 3, dtype=dtype, generator=seeded(seed))
        assert torch.equal(together.weight[r], alone.weight)
        assert torch.equal(together.bias[r], alone.bias)
        lone = glorot_uniform_(torch.empty(5, 3, dtype=dtype), 2.0, seeded(seed))
        assert torch.equal(glorot[r], lone)


def test_refuses_more_or_fewer_generators_than_replicas():
    for count in (2, 4):
        with pytest.raises(ValueError, match=f"{count} generators for 3 replicas"):
            uniform_(torch.empty(3, 2), 1.0, [seeded(0) for _ in range(count)])
