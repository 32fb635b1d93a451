"""Sequential: order, names, parameters, and a `repr` like PyTorch's."""

from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

import framework
from framework import Linear, Module, ReLU, Sequential, Tanh

exhaustively = settings(deadline=None, derandomize=True, max_examples=80)


class Recorder(Module):
    """Passes everything through, and writes down when."""

    def __init__(self, name, log):
        self.name, self.log = name, log

    def forward(self, x):
        self.log.append(("forward", self.name))
        return x

    def backward(self, gradient):
        self.log.append(("backward", self.name))
        return gradient


def assert_same_gradients(ours, theirs):
    """Each parameter has torch's gradient; a weight is the transpose of torch's."""
    for our, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_close(our.grad, their.grad.mT if their.ndim == 2 else their.grad)


def test_forwards_in_order_and_backwards_in_reverse():
    log = []
    net = Sequential(Recorder("a", log), Sequential(Recorder("b", log)), Recorder("c", log))
    net(torch.ones(1))
    assert log == [("forward", "a"), ("forward", "b"), ("forward", "c")]
    log.clear()
    net.backward(torch.ones(1))
    assert log == [("backward", "c"), ("backward", "b"), ("backward", "a")]


@given(
    widths=st.lists(st.integers(1, 5), min_size=2, max_size=5),
    names=st.lists(st.sampled_from(["ReLU", "Tanh", "SELU", "Sigmoid", "Identity"]), min_size=4),
    batch=st.lists(st.integers(0, 3), max_size=4),
    seed=st.integers(0, 2**32),
)
@exhaustively
def test_values_and_gradients_are_those_of_torch(widths, names, batch, seed):
    generator = torch.Generator().manual_seed(seed)
    ours, theirs = [], []
    for fan_in, fan_out, name in zip(widths, widths[1:], names, strict=False):
        layer = Linear(fan_in, fan_out, dtype=torch.float64, generator=generator)
        twin = torch.nn.Linear(fan_in, fan_out, dtype=torch.float64)
        twin.weight.data.copy_(layer.weight.mT)
        twin.bias.data.copy_(layer.bias)
        ours += [layer, getattr(framework, name)()]
        theirs += [twin, getattr(torch.nn, name)()]
    ours, theirs = Sequential(*ours), torch.nn.Sequential(*theirs)
    x = torch.randn(*batch, widths[0], dtype=torch.float64, generator=generator)
    their_x = x.clone().requires_grad_()
    y, their_y = ours(x), theirs(their_x)
    gradient = torch.randn(y.shape, dtype=torch.float64, generator=generator)
    dx = ours.backward(gradient)
    their_y.backward(gradient)
    assert_close(y, their_y.detach())
    assert_close(dx, their_x.grad)
    assert_same_gradients(ours, theirs)


def test_parameters_come_in_the_order_of_the_layers():
    a, b, c = Linear(2, 3), Linear(3, 3, bias=False), Linear(3, 1)
    net = Sequential(a, ReLU(), Sequential(b, Tanh()), c)
    expected = [a.weight, a.bias, b.weight, c.weight, c.bias]
    assert all(p is e for p, e in zip(net.parameters(), expected, strict=True))


@pytest.mark.parametrize(
    "build",
    [
        lambda layers: Sequential(*layers),
        lambda layers: Sequential(list(layers)),
        lambda layers: Sequential(tuple(layers)),
        lambda layers: Sequential(OrderedDict(zip("abc", layers, strict=True))),
        lambda layers: Sequential(dict(zip("abc", layers, strict=True))),
    ],
)
def test_takes_layers_one_by_one_in_a_list_or_by_name(build):
    layers = [Linear(2, 3), ReLU(), Linear(3, 1)]
    net = build(layers)
    assert len(net) == 3
    assert net[0] is layers[0]
    assert net[-1] is layers[2]
    assert list(net) == layers


def test_without_layers_it_passes_everything_through():
    x = torch.randn(2, 3)
    net = Sequential()
    assert torch.equal(net(x), x)
    assert torch.equal(net.backward(x), x)
    assert net.parameters() == []
    assert len(net) == 0


def nested(library):
    return library.Sequential(
        OrderedDict(
            body=library.Sequential(
                library.Linear(2, 25),
                library.ReLU(),
                library.Sequential(library.Linear(25, 25, bias=False), library.SELU()),
                library.Sequential(),
            ),
            head=library.Linear(25, 1),
            squash=library.Sigmoid(),
        )
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda library: library.Sequential(),
        lambda library: library.Sequential(library.Tanh()),
        lambda library: library.Sequential(
            library.Linear(2, 3), library.ReLU(), library.Identity()
        ),
        lambda library: library.Sequential(*[library.SELU() for _ in range(11)]),
        nested,
    ],
)
def test_repr_is_that_of_torch(build):
    assert repr(build(framework)) == repr(build(torch.nn))


def test_a_learners_own_layer_shows_and_trains_among_the_others():
    class Scale(Module):
        def __init__(self):
            self.factor = torch.tensor(2.0)

        def parameters(self):
            return [self.factor]

        def extra_repr(self):
            return "factor=2"

        def forward(self, x):
            y = self.factor * x
            self.remember(y, x)
            return y

        def backward(self, gradient):
            (x,) = self.recall(gradient)
            self.factor.grad = (gradient * x).sum()
            return self.factor * gradient

    scale = Scale()
    net = Sequential(ReLU(), scale)
    assert repr(net) == "Sequential(\n  (0): ReLU()\n  (1): Scale(factor=2)\n)"
    net(torch.tensor([-1.0, 3.0]))
    assert torch.equal(net.backward(torch.ones(2)), torch.tensor([0.0, 2.0]))
    assert scale.factor.grad == 3


def test_refuses_backward_before_forward():
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        Sequential(Linear(2, 3), ReLU()).backward(torch.ones(5, 3))


def test_refuses_what_is_no_layer():
    with pytest.raises(TypeError, match=r"every layer must be a Module, got .*relu"):
        Sequential(Linear(2, 3), torch.relu)
    with pytest.raises(TypeError, match=r"every layer must be a Module, got .*ReLU"):
        Sequential(Linear(2, 3), ReLU)


def test_refuses_one_layer_in_two_places():
    """It would remember only its last input, and the first place's gradient would be wrong."""
    activation = ReLU()
    with pytest.raises(ValueError, match=r"ReLU\(\) is in two places"):
        Sequential(Linear(2, 2), activation, Linear(2, 2), activation)


def test_a_wrong_width_inside_names_the_layer_and_the_shapes():
    net = Sequential(Linear(2, 3), ReLU(), Linear(4, 1))
    with pytest.raises(ValueError, match=r"in_features=4.*\(5, 3\).*\(\.\.\., 4\)"):
        net(torch.ones(5, 2))
