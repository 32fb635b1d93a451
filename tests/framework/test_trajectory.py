"""300 epochs of the study's training, beside the same network in torch.nn, step by step."""

import math

import pytest
import torch
from torch.testing import assert_close

import framework
from framework import MLP, SGD, Adam, BCEWithLogitsLoss, Linear, MSELoss
from tests.effort import IN_CI

pytestmark = pytest.mark.slow

POINTS, BATCH, EPOCHS = 1000, 100, 300


def disk(generator):
    """Points uniform in [0, 1]², labelled 1 inside the disk that covers half of it."""
    x = torch.rand(POINTS, 2, dtype=torch.float64, generator=generator)
    inside = ((x - 0.5) ** 2).sum(1, keepdim=True) < 1 / (2 * math.pi)
    return x, inside.double()


def twins(hidden, output):
    """The report's network and its twin in torch.nn, with the same start."""
    generator = torch.Generator().manual_seed(0)
    output = output and getattr(framework, output)
    ours = MLP(getattr(framework, hidden), output, generator=generator, dtype=torch.float64)
    theirs = []
    for layer in ours:
        if isinstance(layer, Linear):
            twin = torch.nn.Linear(layer.in_features, layer.out_features, dtype=torch.float64)
            twin.weight.data.copy_(layer.weight.mT)
            twin.bias.data.copy_(layer.bias)
        else:
            twin = getattr(torch.nn, type(layer).__name__)()
        theirs.append(twin)
    return ours, torch.nn.Sequential(*theirs)


def train_both(ours, theirs, criteria, optimizers, epochs):
    """The losses of both at every step."""
    generator = torch.Generator().manual_seed(1)
    x, t = disk(generator)
    losses = []
    for _ in range(epochs):
        for batch in torch.randperm(POINTS, generator=generator).split(BATCH):
            optimizers[0].zero_grad()
            loss = criteria[0](ours(x[batch]), t[batch])
            ours.backward(criteria[0].backward())
            optimizers[0].step()

            optimizers[1].zero_grad()
            their_loss = criteria[1](theirs(x[batch]), t[batch])
            their_loss.backward()
            optimizers[1].step()
            losses.append(torch.stack([loss, their_loss.detach()]))
    return torch.stack(losses).unbind(1)


def check(ours, theirs, losses):
    assert_close(*losses, rtol=0, atol=1e-9)  # what the issue promises
    for our, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_close(our, their.detach().mT if our.ndim == 2 else their.detach(), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("hidden", "output"),
    [
        *[("ReLU", None), ("Tanh", "Sigmoid"), ("SELU", None), ("Sigmoid", "Sigmoid")],
        *([("ReLU", "Sigmoid"), ("Tanh", None), ("SELU", "Sigmoid"), ("Sigmoid", None)] * IN_CI),
    ],
)
def test_training_is_that_of_torch_nn(hidden, output):
    ours, theirs = twins(hidden, output)
    start = [p.clone() for p in ours.parameters()]
    optimizers = SGD(ours.parameters(), lr=0.1), torch.optim.SGD(theirs.parameters(), lr=0.1)
    losses = train_both(ours, theirs, (MSELoss(), torch.nn.MSELoss()), optimizers, EPOCHS)
    check(ours, theirs, losses)
    assert all(not torch.equal(p, s) for p, s in zip(ours.parameters(), start, strict=True))
    if hidden != "Sigmoid":  # the report's question C5: whether that one learns
        assert losses[0][-10:].mean() < 0.9 * losses[0][:10].mean()


def test_training_with_adam_and_cross_entropy_is_that_of_torch_nn():
    ours, theirs = twins("SELU", None)
    optimizers = Adam(ours.parameters(), 1e-3), torch.optim.Adam(theirs.parameters(), 1e-3)
    criteria = BCEWithLogitsLoss(), torch.nn.BCEWithLogitsLoss()
    losses = train_both(ours, theirs, criteria, optimizers, epochs=30)
    check(ours, theirs, losses)
    assert losses[0][-10:].mean() < 0.9 * losses[0][:10].mean()
