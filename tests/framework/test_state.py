"""A network is saved by the names of its parameters, and loaded whole or not at all."""

from collections import OrderedDict

import pytest
import torch

import framework
from framework import MLP, Linear, Module, Sequential, Tanh
from tests.framework.test_sequential import nested

BUILDS = [
    nested,
    lambda library: library.Sequential(library.Linear(2, 3), library.Tanh(), library.Linear(3, 1)),
    lambda library: nested(library)[1:],
    lambda library: library.Sequential(library.Linear(2, 3), nested(library)[:1]),
    lambda library: library.Linear(2, 3, bias=False),
    lambda library: library.Sequential(),
    lambda library: library.Tanh(),
    lambda library: library.MSELoss(),
]


def copies(module):
    return {name: value.clone() for name, value in module.state().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("build", BUILDS)
def test_names_and_order_are_those_of_torch(build):
    theirs = build(torch.nn).state_dict()
    ours = build(framework).state()
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        assert ours[name].shape == (value.mT if value.ndim == 2 else value).shape


@pytest.mark.parametrize("build", BUILDS)
def test_a_slice_and_its_names_show_as_in_torch(build):
    assert repr(build(framework)) == repr(build(torch.nn))


@pytest.mark.parametrize("replicas", [None, 3])
def test_what_is_saved_comes_back(tmp_path, replicas):
    generators = [torch.Generator() for _ in range(replicas)] if replicas else None
    net, other = (MLP(Tanh, generator=generators, dtype=torch.float64) for _ in range(2))
    x = torch.rand(4, 2, dtype=torch.float64)
    net[0].weight[..., 0, 0] = float("nan")
    net[0].weight[..., 0, 1] = -0.0
    torch.save(net.state(), tmp_path / "net.pt")
    parameters = other.parameters()
    other.load(torch.load(tmp_path / "net.pt"))
    assert all(p is q for p, q in zip(other.parameters(), parameters, strict=True))
    assert torch.equal(other(x).nan_to_num(), net(x).nan_to_num())
    for p, q in zip(other.parameters(), net.parameters(), strict=True):
        assert torch.equal(p.view(torch.int64), q.view(torch.int64))


def test_a_state_of_torch_nn_loads_when_its_weights_are_transposed():
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    net = MLP(Tanh, widths=(2, 3, 1))
    net.load({name: p.mT if p.ndim == 2 else p for name, p in theirs.state_dict().items()})
    x = torch.rand(5, 2)
    torch.testing.assert_close(net(x), theirs(x).detach())


def test_a_state_holds_the_parameters_themselves():
    net = MLP()
    state = net.state()
    assert all(p is q for p, q in zip(state.values(), net.parameters(), strict=True))


def test_a_loaded_copy_has_a_life_of_its_own():
    first, second = MLP(), MLP()
    second.load(first.state())
    before = copies(second)
    first[0].weight.zero_()
    assert same(second.state(), before)


def test_a_network_may_be_loaded_with_its_own_layers_exchanged():
    net = MLP()
    before = copies(net)
    state = net.state() | {"2.weight": net[4].weight, "4.weight": net[2].weight.mT}
    net.load(state)
    assert torch.equal(net[2].weight, before["4.weight"])
    assert torch.equal(net[4].weight, before["2.weight"].mT)


def test_shared_parameters_have_both_names_as_in_torch():
    ours, theirs = ([kind(2, 2) for _ in range(2)] for kind in (Linear, torch.nn.Linear))
    for layers in (ours, theirs):
        layers[1].weight = layers[0].weight
    names = list(Sequential(ours).state())
    assert names == list(torch.nn.Sequential(*theirs).state_dict())


def test_a_shared_parameter_has_one_value():
    layers = [Linear(2, 2) for _ in range(2)]
    layers[1].weight = layers[0].weight
    net = Sequential(layers)
    layers[0].weight[0, 0] = float("nan")  # which is the same under both names
    net.load(net.state())
    before = copies(net)
    message = "Sequential: 0.weight and 1.weight are one parameter, the state has two values"
    with pytest.raises(ValueError, match=message):
        net.load(net.state() | {"1.weight": torch.zeros(2, 2)})
    net[0].weight[0, 0] = before["0.weight"][0, 0] = 0
    assert torch.equal(net[1].weight, before["0.weight"])


def test_a_value_that_cannot_be_copied_leaves_all_as_it_was():
    """A tensor without memory, as `torch.load(path, map_location="meta")` gives."""
    net = MLP(widths=(2, 3, 1))
    before = copies(net)
    state = MLP(widths=(2, 3, 1)).state()
    with pytest.raises(NotImplementedError, match="meta"):
        net.load(state | {"2.bias": state["2.bias"].to("meta")})
    assert same(net.state(), before)


def test_what_was_saved_in_inference_mode_loads_outside_and_the_other_way_round(tmp_path):
    with torch.inference_mode():
        inside = MLP()
        torch.save(inside.state(), tmp_path / "inside.pt")
    outside = MLP()
    outside.load(torch.load(tmp_path / "inside.pt"))
    assert same(outside.state(), inside.state())
    outside.load(MLP().state())
    with torch.inference_mode():
        inside.load(outside.state())
    assert same(outside.state(), inside.state())


def renamed(state, old, new):
    return {new if name == old else name: value for name, value in state.items()}


def without(state, *names):
    return {name: value for name, value in state.items() if name not in names}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda s: renamed(s, "2.weight", "2.wieght"),
            "MLP: the state lacks 2.weight\n"
            "MLP: there is no parameter 2.wieght, the nearest is 2.weight",
        ),
        (
            lambda s: {f"layers.{name}": value for name, value in s.items()},
            "MLP: there is no parameter layers.2.bias, the nearest is 2.bias",
        ),
        (
            lambda s: renamed(s, "2.bias", "1.bias"),
            "MLP: there is no parameter 1.bias, the nearest is 2.bias",
        ),
        (lambda s: without(s, "0.bias"), "MLP: the state lacks 0.bias"),
        (lambda s: s | {"4.weight": s["2.weight"]}, "MLP: there is no parameter 4.weight"),
        (lambda s: s | {4: s["2.weight"]}, "MLP: there is no parameter 4"),
        (
            lambda s: s | {"0.weight": s["0.weight"].mT},
            "MLP: 0.weight must have the shape (2, 3), the state has (3, 2)",
        ),
        (
            lambda s: s | {"2.bias": torch.zeros(())},
            "MLP: 2.bias must have the shape (1,), the state has ()",
        ),
        (
            lambda s: s | {"2.weight": s["2.weight"].double()},
            "MLP: 2.weight must be torch.float32, the state has torch.float64",
        ),
        (
            lambda s: s | {"2.bias": [0.0]},
            "MLP: 2.bias must be a tensor, the state has a list",
        ),
        (lambda s: {}, "MLP: the state lacks 0.weight\nMLP: the state lacks 0.bias"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_loaded(spoil, message):
    net = MLP(widths=(2, 3, 1))
    before = copies(net)
    with pytest.raises(ValueError, match=r"MLP: ") as caught:
        net.load(spoil(MLP(widths=(2, 3, 1)).state()))
    assert message in str(caught.value)
    assert same(net.state(), before)


def test_every_fault_has_a_line():
    net = MLP(widths=(2, 3, 1))
    state = without(net.state(), "2.bias") | {"0.bias": torch.zeros(4), "2.basi": torch.zeros(1)}
    with pytest.raises(ValueError, match="MLP: ") as caught:
        net.load(state)
    assert sorted(str(caught.value).splitlines()) == [
        "MLP: 0.bias must have the shape (3,), the state has (4,)",
        "MLP: the state lacks 2.bias",
        "MLP: there is no parameter 2.basi, the nearest is 2.bias",
    ]


@pytest.mark.parametrize("given", ["net.pt", MLP(), [torch.ones(2)], None])
def test_refuses_what_is_no_state(given):
    with pytest.raises(TypeError, match=rf"MLP: .*dict of tensors.*{type(given).__name__}"):
        MLP().load(given)


class Scale(Module):
    """A learner's own layer."""

    def __init__(self):
        self.factor, self.note = torch.tensor(2.0), torch.tensor(7.0)

    def parameters(self):
        return [self.factor]


class Stack(Module):
    """One whose parameters lie in a list, the first also under two names."""

    def __init__(self):
        self.factors = [torch.tensor(2.0), torch.tensor(3.0)]
        self.first = self.factor = self.factors[0]

    def parameters(self):
        return self.factors


def test_a_learners_own_layer_is_saved_under_the_names_of_its_attributes():
    scale = Scale()
    assert Sequential({"a": scale}).state() == {"a.factor": scale.factor}


def test_a_parameter_without_a_name_is_refused_rather_than_lost():
    with pytest.raises(TypeError, match=r"Stack\(\): a parameter is not an attribute"):
        Sequential(Linear(2, 3), Stack()).state()


@pytest.mark.parametrize("name", ["a.b", "", 0])
def test_a_layers_name_is_one_that_torch_takes(name):
    with pytest.raises(ValueError, match="a name must be a text without a dot") as caught:
        Sequential({name: Tanh()})
    assert repr(name) in str(caught.value)
    with pytest.raises((KeyError, TypeError)):
        torch.nn.Sequential(OrderedDict({name: torch.nn.Tanh()}))
