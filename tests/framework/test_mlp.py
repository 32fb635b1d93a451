"""MLP: the network of the report, and its relatives."""

import pytest
import torch

from framework import MLP, SELU, Identity, Linear, ReLU, Sequential, Sigmoid, Tanh


def test_as_it_stands_it_is_the_network_of_the_report():
    shapes = [tuple(p.shape) for p in MLP().parameters()]
    assert shapes == [(2, 25), (25,), (25, 25), (25,), (25, 25), (25,), (25, 1), (1,)]
    assert isinstance(MLP(), Sequential)


def test_repr_is_that_of_torch():
    class TorchMLP(torch.nn.Sequential):
        def _get_name(self):
            return "MLP"

    linear = torch.nn.Linear
    theirs = TorchMLP(
        *(linear(2, 25), torch.nn.Tanh(), linear(25, 25), torch.nn.Tanh()),
        *(linear(25, 25), torch.nn.Tanh(), linear(25, 1), torch.nn.Sigmoid()),
    )
    assert repr(MLP(Tanh, Sigmoid)) == repr(theirs)


@pytest.mark.parametrize("activation", [ReLU, Tanh, SELU, Sigmoid, Identity])
@pytest.mark.parametrize("output", [None, Sigmoid, Identity])
def test_an_activation_follows_each_linear_layer_but_the_last(activation, output):
    kinds = [type(layer) for layer in MLP(activation, output, (3, 7, 5, 2))]
    expected = [Linear, activation, Linear, activation, Linear]
    assert kinds == expected + ([output] if output else [])


def test_each_place_has_an_activation_of_its_own():
    layers = [layer for layer in MLP() if isinstance(layer, ReLU)]
    assert len(set(map(id, layers))) == 3


def test_an_activation_may_be_any_function_that_makes_one():
    net = MLP(lambda: Sequential(Identity(), Tanh()), widths=(2, 3, 1))
    assert [type(layer) for layer in net] == [Linear, Sequential, Linear]
    assert [type(layer) for layer in net[1]] == [Identity, Tanh]


def test_two_widths_make_one_linear_layer():
    assert [type(layer) for layer in MLP(widths=(4, 3))] == [Linear]


def test_generator_device_and_dtype_reach_the_linear_layers():
    first, again = (
        MLP(generator=torch.Generator().manual_seed(1), device="cpu", dtype=torch.float64)
        for _ in range(2)
    )
    for p, q in zip(first.parameters(), again.parameters(), strict=True):
        assert p.dtype == torch.float64
        assert p.device.type == "cpu"
        assert torch.equal(p, q)


def test_a_list_of_generators_makes_replicas():
    net = MLP(generator=[torch.Generator().manual_seed(seed) for seed in range(3)])
    assert net(torch.rand(10, 2)).shape == (3, 10, 1)
    assert net(torch.rand(3, 10, 2)).shape == (3, 10, 1)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):  # a row for all, or one value a replica?
        net(torch.rand(2))


@pytest.mark.parametrize("widths", [(), (2,)])
def test_refuses_widths_without_inputs_and_outputs(widths):
    with pytest.raises(ValueError, match=r"MLP: widths must name inputs and outputs, got \("):
        MLP(widths=widths)
