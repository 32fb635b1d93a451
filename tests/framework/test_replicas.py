"""Each of R replicas is the single network with its seed, but for the last bits."""

import functools

import pytest
import torch

import framework
from framework import MLP, SGD, Adam, BCELoss, BCEWithLogitsLoss, Linear, MSELoss, Sequential
from tests.effort import IN_CI

REPLICAS = [1, 2, 3, 7, 10, 16] if IN_CI else [1, 2, 7]
SEEDS = range(REPLICAS[-1])
DTYPE = torch.float64
POINTS, BATCH, EPOCHS = 37, 10, 3  # no multiple of anything: the last batch has 7 points
ACTIVATIONS = ["ReLU", "Tanh", "SELU", "Sigmoid"]
OUTPUTS = [None, "Sigmoid"]
WIDTHS = [(2, 25, 25, 25, 1), (3, 7, 5, 2), (1, 1), (2, 8, 1)]
LOSSES = {"MSE": MSELoss, "BCE": BCELoss, "BCEWithLogits": BCEWithLogitsLoss}
OPTIMIZERS = {
    "SGD": lambda params: SGD(params, lr=0.1),
    "momentum": lambda params: SGD(params, lr=0.05, momentum=0.9, weight_decay=0.01),
    "nesterov": lambda params: SGD(params, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": lambda params: Adam(params, lr=0.01),
    "amsgrad": lambda params: Adam(params, lr=0.01, weight_decay=0.01, amsgrad=True),
}
COMBINATIONS = [
    (activation, output, loss, optimizer, widths)
    for activation in ACTIVATIONS
    for output in OUTPUTS
    for loss in LOSSES
    for optimizer in OPTIMIZERS
    for widths in WIDTHS
    if (loss != "BCE" or output == "Sigmoid")
    and (widths == WIDTHS[0] or (loss, optimizer) == ("MSE", "SGD"))
]


@functools.cache
def points(seed, features, outputs):
    generator = torch.Generator().manual_seed(1000 + seed)
    x = torch.rand(POINTS, features, generator=generator, dtype=DTYPE)
    t = torch.rand(POINTS, outputs, generator=generator, dtype=DTYPE).round()
    orders = [torch.randperm(POINTS, generator=generator) for _ in range(EPOCHS)]
    return x, t, orders


def train(net, criterion, optimizer, x, t, orders):
    """The losses of all steps; x, t and orders have a leading replica axis, or none has."""
    losses = []
    for order in orders:
        if x.ndim == 3:
            replicas = torch.arange(len(x))[:, None]
            shuffled = x[replicas, order], t[replicas, order]
        else:
            shuffled = x[order], t[order]
        for x_batch, t_batch in zip(*(s.split(BATCH, dim=-2) for s in shuffled), strict=True):
            optimizer.zero_grad()
            losses.append(criterion(net(x_batch), t_batch))
            net.backward(criterion.backward())
            optimizer.step()
    return torch.stack(losses)


def trained(combination, seeds):
    """Losses, parameters and ∂L/∂x of a seed's network, or of the replicas of a list of seeds."""
    activation, output, loss, optimizer, widths = combination
    several = isinstance(seeds, list)
    generator = [torch.Generator().manual_seed(s) for s in (seeds if several else [seeds])]
    net = MLP(
        getattr(framework, activation),
        output and getattr(framework, output),
        widths,
        generator=generator if several else generator[0],
        dtype=DTYPE,
    )
    if several:
        drawn = [points(seed, widths[0], widths[-1]) for seed in seeds]
        x, t = (torch.stack([d[i] for d in drawn]) for i in (0, 1))
        orders = [torch.stack(each) for each in zip(*(d[2] for d in drawn), strict=True)]
        criterion = LOSSES[loss](dim=(-2, -1))
    else:
        x, t, orders = points(seeds, widths[0], widths[-1])
        criterion = LOSSES[loss]()
    losses = train(net, criterion, OPTIMIZERS[optimizer](net.parameters()), x, t, orders)
    criterion(net(x), t)
    input_gradient = net.backward(criterion.backward())
    return losses, net.parameters(), input_gradient


def replicas(count, widths=(2, 25, 25, 25, 1)):
    generators = [torch.Generator().manual_seed(seed) for seed in range(count)]
    return MLP(widths=widths, generator=generators, dtype=DTYPE)


def assert_near(together, lone):
    torch.testing.assert_close(together, lone, rtol=1e-9, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda c: "-".join(map(str, c)))
def test_each_replica_is_the_network_trained_alone(combination):
    alone = {seed: trained(combination, seed) for seed in SEEDS}
    assert alone[0][0].isfinite().all()
    assert not torch.equal(alone[0][0], alone[1][0])
    for count in REPLICAS:
        seeds = list(SEEDS)[:count] if count % 2 else list(reversed(SEEDS))[:count]
        losses, parameters, input_gradient = trained(combination, seeds)
        for r, seed in enumerate(seeds):
            lone_losses, lone_parameters, lone_input_gradient = alone[seed]
            assert_near(losses[:, r], lone_losses)
            assert_near(input_gradient[r], lone_input_gradient)
            for together, lone in zip(parameters, lone_parameters, strict=True):
                assert_near(together[r], lone)


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("count", REPLICAS)
def test_replicas_may_share_their_points(count, widths):
    """x (N, features) for all: every replica sees it, and ∂L/∂x is the sum over replicas."""
    x, _, _ = points(0, widths[0], widths[-1])
    net = replicas(count, widths)
    y = net(x)
    gradient = torch.randn(y.shape, generator=torch.Generator().manual_seed(0), dtype=DTYPE)
    dx = net.backward(gradient)
    lone_dx = []
    for r in range(count):
        lone = MLP(widths=widths, generator=torch.Generator().manual_seed(r), dtype=DTYPE)
        assert_near(y[r], lone(x))
        lone_dx.append(lone.backward(gradient[r]))
        for together, alone in zip(net.parameters(), lone.parameters(), strict=True):
            assert_near(together.grad[r], alone.grad)
    torch.testing.assert_close(dx, torch.stack(lone_dx).sum(0))


def test_gradients_of_replicas_add_up_until_zero_grad():
    net = MLP(generator=[torch.Generator().manual_seed(s) for s in range(3)])
    x = torch.rand(3, 5, 2)
    y = net(x)
    net.backward(torch.ones_like(y))
    once = [p.grad for p in net.parameters()]
    net(x)
    net.backward(torch.ones_like(y))
    assert all(torch.equal(p.grad, 2 * g) for p, g in zip(net.parameters(), once, strict=True))


def test_a_replica_that_diverges_leaves_its_neighbours_alone():
    x, t = torch.rand(3, 10, 2), torch.rand(3, 10, 1)
    nets = [MLP(generator=[torch.Generator().manual_seed(s) for s in range(3)]) for _ in range(2)]
    nets[1][0].weight[1] = float("nan")
    results = []
    for net in nets:
        criterion, optimizer = MSELoss(dim=(-2, -1)), SGD(net.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            loss = criterion(net(x), t)
            net.backward(criterion.backward())
            optimizer.step()
        results.append((loss, *net.parameters()))
    for healthy, ill in zip(*results, strict=True):
        assert torch.equal(healthy[[0, 2]], ill[[0, 2]])
    assert results[1][0][1].isnan()


def test_repr_does_not_show_the_replicas():
    """It is PyTorch's, of one network."""
    replicas = [torch.Generator() for _ in range(3)]
    assert repr(Sequential(Linear(2, 3, generator=replicas))) == repr(Sequential(Linear(2, 3)))
