"""Optimizers against torch.optim's, over many steps."""

import itertools
import math

import pytest
import torch
from torch.testing import assert_close

import framework
from framework import SGD, Adam
from framework.module import accumulate

STEPS = 40
SGD_SETTINGS = [
    {"lr": 0.1, "momentum": momentum, "weight_decay": decay, "maximize": maximize} | special
    for momentum, decay, maximize in itertools.product([0, 0.9], [0, 0.03], [False, True])
    for special in [{}, {"dampening": 0.4}, {"nesterov": True}]
    if momentum or not special
]
ADAM_SETTINGS = [
    {"lr": 0.05, "amsgrad": amsgrad, "weight_decay": decay, "maximize": maximize}
    for amsgrad, decay, maximize in itertools.product([False, True], [0, 0.03], [False, True])
]
SETTINGS = [
    ("SGD", {}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.7), "eps": 0.1}),
    ("Adam", {"betas": (0.0, 0.0)}),
    ("SGD", {"lr": 0}),
    *(("SGD", settings) for settings in SGD_SETTINGS),
    *(("Adam", settings) for settings in ADAM_SETTINGS),
]


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_moves_every_parameter_as_torch_does(name, settings, dtype, set_to_none):
    generator = torch.Generator().manual_seed(0)
    # gradients from small to large, where float64 leaves digits enough to subtract large numbers
    magnitudes = [1.0] if dtype == torch.float32 else [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3]

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=dtype)

    ours = [draw(3, 4), draw(4), draw(), draw(2, 1, 3)]  # the last never has a gradient
    start = [p.clone() for p in ours]
    theirs = [p.clone().requires_grad_() for p in ours]
    our_optimizer = getattr(framework, name)(ours, **settings)
    their_optimizer = getattr(torch.optim, name)(theirs, **settings)
    for step in range(STEPS):
        our_optimizer.zero_grad(set_to_none=set_to_none)
        their_optimizer.zero_grad(set_to_none=set_to_none)
        for i in range(3):
            if i == 1 and step % 5 == 4:  # now and then a parameter is left out
                continue
            for _ in range(1 + step % 2):  # and now and then gradients add up
                gradient = draw(*ours[i].shape) * magnitudes[step % len(magnitudes)]
                accumulate(ours[i], gradient)
                if theirs[i].grad is None:
                    theirs[i].grad = gradient.clone()
                else:
                    theirs[i].grad += gradient
        our_optimizer.step()
        their_optimizer.step()
        for our, their in zip(ours, theirs, strict=True):
            assert_close(our, their.detach())
    assert torch.equal(ours[3], start[3])
    moved = [not torch.equal(p, s) for p, s in zip(ours[:3], start[:3], strict=True)]
    assert moved == [settings.get("lr") != 0] * 3


def test_sgd_steps_against_the_gradient():
    p = torch.tensor([1.0, 2.0])
    p.grad = torch.tensor([4.0, -8.0])
    SGD([p], lr=0.25).step()
    assert torch.equal(p, torch.tensor([0.0, 4.0]))


def test_first_step_of_adam_is_lr_long_whatever_the_gradient():
    p = torch.zeros(3, dtype=torch.float64)
    p.grad = torch.tensor([1e-3, -5.0, 1e6], dtype=torch.float64)
    Adam([p], lr=0.1, eps=0).step()
    assert_close(p, torch.tensor([-0.1, 0.1, -0.1], dtype=torch.float64))


def test_sgd_remembers_its_velocity_when_the_gradient_is_overwritten():
    p = torch.tensor([0.0])
    optimizer = SGD([p], lr=1.0, momentum=0.5)
    p.grad = torch.tensor([1.0])
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
    assert p == -1.5


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_step_moves_in_place_and_leaves_the_gradient(kind):
    p = torch.ones(3)
    memory = p.data_ptr()
    gradient = torch.tensor([1.0, -2.0, 3.0])
    p.grad = gradient
    kind([p], weight_decay=0.1, maximize=True).step()
    assert p.data_ptr() == memory
    assert not torch.equal(p, torch.ones(3))
    assert p.grad is gradient
    assert torch.equal(gradient, torch.tensor([1.0, -2.0, 3.0]))


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_zero_grad_forgets_or_zeroes(kind):
    p, untouched = torch.ones(3), torch.ones(3)
    optimizer = kind([p, untouched])
    p.grad = torch.ones(3)
    optimizer.zero_grad(set_to_none=False)
    assert torch.equal(p.grad, torch.zeros(3))
    optimizer.zero_grad()
    assert p.grad is None
    assert untouched.grad is None


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_takes_any_iterable_of_parameters(kind):
    parameters = [torch.ones(2), torch.ones(3)]
    optimizer = kind(p for p in parameters)
    for p in parameters:
        p.grad = torch.ones_like(p)
    optimizer.step()
    assert all((p < 1).all() for p in parameters)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("SGD", {"lr": -0.1}, r"SGD: lr .*got -0\.1"),
        ("SGD", {"momentum": -1}, r"SGD: momentum .*got -1"),
        ("SGD", {"weight_decay": -2}, r"SGD: weight_decay .*got -2"),
        ("SGD", {"nesterov": True}, r"SGD: nesterov .*momentum 0 and dampening 0"),
        (
            "SGD",
            {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
            r"SGD: nesterov .*momentum 0\.9 and dampening 0\.1",
        ),
        ("Adam", {"lr": -0.1}, r"Adam: lr .*got -0\.1"),
        ("Adam", {"eps": -1e-8}, r"Adam: eps .*got -1e-08"),
        ("Adam", {"betas": (1.0, 0.9)}, r"Adam: betas .*got \(1\.0, 0\.9\)"),
        ("Adam", {"betas": (0.9, -0.1)}, r"Adam: betas .*got \(0\.9, -0\.1\)"),
        ("Adam", {"weight_decay": -2}, r"Adam: weight_decay .*got -2"),
    ],
)
def test_refuses_what_torch_refuses(name, settings, message):
    with pytest.raises(ValueError, match=message):
        getattr(framework, name)([torch.ones(1)], **settings)
    with pytest.raises(ValueError, match=r"Invalid|Nesterov"):
        getattr(torch.optim, name)([torch.ones(1)], **settings)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_refuses_a_learning_rate_that_is_no_number(kind):
    with pytest.raises(ValueError, match=r"lr .*got nan"):
        kind([torch.ones(1)], lr=math.nan)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_refuses_to_have_nothing_to_move(kind):
    with pytest.raises(ValueError, match=r"number of params .*got 0"):
        kind([])


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_refuses_a_lone_tensor_for_a_list_of_parameters(kind):
    with pytest.raises(TypeError, match="params must be a list"):
        kind(torch.ones(3))
