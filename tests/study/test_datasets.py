"""Points and labels, and the random streams that a seed stands for."""

import math

import pytest
import torch
import yaml
from torch.testing import assert_close

from scripts.study.config import SCHEMA
from scripts.study.datasets import (
    BATCHES,
    DATA,
    DATASETS,
    STREAMS_PER_SEED,
    WEIGHTS,
    disk,
    draw,
    draw_replicas,
    moons,
    orders,
    stream,
)

PURPOSES = [DATA, WEIGHTS, BATCHES]


def settings(**own):
    return {
        "points": 200,
        "dataset": "disk",
        "draw": "per-seed",
        "inputs": "raw",
        "batch_order": "shuffled",
        "epochs": 4,
    } | own


def bits(tensor):
    return tensor.numpy().tobytes()


@pytest.mark.parametrize("seed", range(5))
def test_points_lie_in_the_unit_square_and_labels_say_whether_the_disk_holds_them(seed):
    x, labels = disk(1000, stream(seed, DATA))
    assert x.shape == (1000, 2)
    assert labels.shape == (1000, 1)
    assert x.min() >= 0
    assert x.max() <= 1
    radius = 1 / math.sqrt(2 * math.pi)
    for (a, b), label in zip(x.tolist(), labels[:, 0].tolist(), strict=True):
        assert label == float(math.hypot(a - 0.5, b - 0.5) < radius)


def test_points_are_uniform_in_each_direction():
    x, _ = disk(100_000, stream(0, DATA))
    assert_close(x.mean(0), torch.full((2,), 0.5).double(), rtol=0, atol=5 * (1 / 12 / 1e5) ** 0.5)
    assert_close(
        x.var(0), torch.full((2,), 1 / 12).double(), rtol=0, atol=5 * (1 / 180 / 1e5) ** 0.5
    )
    covariance = ((x - 0.5)[:, 0] * (x - 0.5)[:, 1]).mean().item()
    assert abs(covariance) < 5 / 12 / 1e5**0.5


def test_half_of_the_points_lie_inside():
    _, labels = disk(100_000, stream(1, DATA))
    assert abs(labels.mean().item() - 0.5) < 5 * 0.5 / 100_000**0.5  # five standard errors


def test_moons_are_two_half_circles_of_about_as_many_points():
    x, labels = moons(10_000, stream(0, DATA))
    a, b = (x * torch.tensor([3.0, 1.5]) - torch.tensor([1.0, 0.5])).T  # before scaling
    upper = torch.hypot(a, b)
    lower = torch.hypot(a - 1, b - 0.5)
    radius = torch.where(labels[:, 0] == 1, lower, upper)
    assert abs(radius.mean().item() - 1) < 0.02
    assert 0.08 < radius.std().item() < 0.12  # the noise
    assert b[labels[:, 0] == 0].mean() > 0.5 > 0 > b[labels[:, 0] == 1].mean() - 0.1
    assert abs(labels.mean().item() - 0.5) < 5 * 0.5 / 10_000**0.5


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_has_points_and_labels_in_double_precision(name):
    x, t, x_test, t_test = draw(settings(dataset=name), 0)
    assert x.shape == x_test.shape == (200, 2)
    assert t.shape == t_test.shape == (200, 1)
    assert {part.dtype for part in (x, t, x_test, t_test)} == {torch.float64}
    assert set(t.flatten().tolist()) == {0.0, 1.0}


def test_training_and_test_points_differ():
    x, _, x_test, _ = draw(settings(), 0)
    assert not set(x.flatten().tolist()) >= set(x_test.flatten().tolist())
    assert (x != x_test).any(1).all()


def test_seeds_draw_different_points_and_a_seed_the_same():
    drawn = {bits(draw(settings(), seed)[0]) for seed in [0, 1, 2, 0, 1, 2]}
    assert len(drawn) == 3


def test_shared_data_are_those_of_seed_0():
    own = draw(settings(), 0)
    for seed in [0, 1, 7]:
        for part, shared in zip(own, draw(settings(draw="shared"), seed), strict=True):
            assert bits(part) == bits(shared)


def test_standardising_takes_one_mean_and_sd_from_the_training_points_for_both_sets():
    raw = draw(settings(), 3)
    x, labels, x_test, test_labels = draw(settings(inputs="standardised"), 3)
    numbers = raw[0].flatten()
    mean = numbers.sum() / 400
    sd = (((numbers - mean) ** 2).sum() / 399).sqrt()
    assert_close(x, (raw[0] - mean) / sd)
    assert_close(x_test, (raw[2] - mean) / sd)
    assert abs(x_test.mean().item()) > 1e-4  # not by its own
    assert bits(labels) == bits(raw[1])
    assert bits(test_labels) == bits(raw[3])


def test_replicas_are_the_seeds_draws_side_by_side():
    seeds = [4, 0, 9]
    for inputs in ["raw", "standardised"]:
        parts = draw_replicas(settings(inputs=inputs), seeds)
        for i, seed in enumerate(seeds):
            for part, alone in zip(parts, draw(settings(inputs=inputs), seed), strict=True):
                assert bits(part[i]) == bits(alone)


def test_each_seed_and_purpose_has_a_stream_of_its_own():
    first = {
        (seed, purpose): tuple(torch.rand(4, generator=stream(seed, purpose)).tolist())
        for seed in range(200)
        for purpose in PURPOSES
    }
    assert len(set(first.values())) == len(first) == 600
    assert len(set(PURPOSES)) == 3
    assert max(PURPOSES) < STREAMS_PER_SEED  # so that neighbours stay apart


def test_the_last_seed_that_config_allows_shares_no_stream_with_the_first():
    last = yaml.safe_load(SCHEMA.read_text())["$defs"]["seeds"]["maximum"] - 1
    ends = [(seed, purpose) for seed in [0, 1, last - 1, last] for purpose in PURPOSES]
    drawn = {tuple(torch.rand(4, generator=stream(*end)).tolist()) for end in ends}
    assert len(drawn) == len(ends)


def taken(seeds, **own):
    return list(orders(settings(**own), seeds))


def test_an_order_a_epoch_holds_every_point_once():
    epochs = taken([0, 5], epochs=3)
    assert len(epochs) == 3
    for order in epochs:
        assert order.shape == (2, 200)
        for replica in order:
            assert sorted(replica.tolist()) == list(range(200))


def test_shuffled_orders_change_with_the_epoch_and_the_seed():
    epochs = taken([0, 5])
    assert len({bits(replica) for order in epochs for replica in order}) == 8


def test_a_fixed_order_is_shuffled_once_for_each_seed():
    epochs = taken([0, 5], batch_order="fixed")
    assert {bits(order) for order in epochs} == {bits(epochs[0])}
    assert bits(epochs[0][0]) != bits(epochs[0][1])
    assert epochs[0][0].tolist() != list(range(200))
    assert bits(epochs[0]) == bits(taken([0, 5])[0])


@pytest.mark.parametrize("batch_order", ["shuffled", "fixed"])
def test_an_order_depends_on_its_seed_and_not_on_its_neighbours(batch_order):
    together = taken([2, 3, 4], batch_order=batch_order)
    for i, seed in enumerate([2, 3, 4]):
        alone = taken([seed], batch_order=batch_order)
        for order, own in zip(together, alone, strict=True):
            assert bits(order[i]) == bits(own[0])
