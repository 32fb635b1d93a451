"""The framework offers what PyTorch offers, under the same names."""

import inspect

import pytest
import torch

import framework

LAYERS = ["Linear", "Identity", "ReLU", "Tanh", "Sigmoid", "SELU", "Sequential"]
LOSSES = ["MSELoss", "BCELoss", "BCEWithLogitsLoss"]
ARGUMENTS = {name: getattr(torch.nn, name) for name in LAYERS + LOSSES} | {
    "SGD": torch.optim.SGD,
    "Adam": torch.optim.Adam,
}
NOT_OFFERED = {  # how PyTorch computes a step, not what it computes; and another algorithm, AdamW
    "foreach",
    "fused",
    "capturable",
    "differentiable",
    "decoupled_weight_decay",
}


def arguments(constructor):
    if (
        constructor.__init__ is torch.nn.Module.__init__
    ):  # takes no arguments, though it says it does
        return []
    return [
        (a.name, a.default, a.kind)
        for a in inspect.signature(constructor).parameters.values()
        if a.name not in NOT_OFFERED
    ]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_constructor_takes_the_arguments_of_its_namesake(name):
    theirs = arguments(ARGUMENTS[name])
    ours = arguments(getattr(framework, name))
    if name == "Sequential":  # ours are called layers
        assert [kind for _, _, kind in ours] == [inspect.Parameter.VAR_POSITIONAL]
        return
    assert ours[: len(theirs)] == theirs
    assert all(kind == inspect.Parameter.KEYWORD_ONLY for _, _, kind in ours[len(theirs) :])


def test_every_public_name_exists():
    assert all(hasattr(framework, name) for name in framework.__all__)
    assert set(ARGUMENTS) <= set(framework.__all__)


@pytest.mark.parametrize("method", ["forward", "backward"])
def test_a_bare_module_says_what_it_lacks(method):
    class Nameless(framework.Module):
        pass

    with pytest.raises(NotImplementedError, match=f"Nameless defines no {method}"):
        getattr(Nameless(), method)(torch.ones(1))


def test_a_module_has_no_parameters_until_it_says_so():
    assert framework.Module().parameters() == []
    assert framework.ReLU().parameters() == []
    assert framework.MSELoss().parameters() == []
