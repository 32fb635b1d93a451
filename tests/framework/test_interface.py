"""The framework offers what PyTorch offers, under the same names."""

import inspect
import itertools

import pytest
import torch

import framework

LAYERS = ["Linear", "Identity", "ReLU", "Tanh", "Sigmoid", "SELU", "Sequential"]
LOSSES = ["MSELoss", "BCELoss", "BCEWithLogitsLoss"]
ARGUMENTS = {name: getattr(torch.nn, name) for name in LAYERS + LOSSES} | {
    "SGD": torch.optim.SGD,
    "Adam": torch.optim.Adam,
}
NOT_OFFERED = {  # the arguments of PyTorch that are left out, and why
    "size_average": "an older name of reduction",
    "reduce": "an older name of reduction",
    "inplace": "the framework never overwrites an input",
    "foreach": "how a step is computed, not what",
    "fused": "how a step is computed, not what",
    "capturable": "how a step is computed, not what",
    "differentiable": "nothing is differentiated automatically",
    "decoupled_weight_decay": "another algorithm, AdamW",
}


def arguments(constructor):
    """Its arguments, {name: Parameter}, without those of torch.nn.Module, which takes none."""
    if constructor.__init__ is torch.nn.Module.__init__:
        return {}
    return dict(inspect.signature(constructor).parameters)


def defaults(arguments):
    return {name: a.default for name, a in arguments.items() if name not in NOT_OFFERED}


def by_place(arguments):
    """The names of those that may be given without their name."""
    return [name for name, a in arguments.items() if a.kind is not inspect.Parameter.KEYWORD_ONLY]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_constructor_takes_the_arguments_of_its_namesake(name):
    theirs = arguments(ARGUMENTS[name])
    ours = arguments(getattr(framework, name))
    if name == "Sequential":  # ours are called layers
        assert [a.kind for a in ours.values()] == [inspect.Parameter.VAR_POSITIONAL]
        return
    assert defaults(theirs).items() <= defaults(ours).items()
    assert not NOT_OFFERED.keys() & ours.keys()
    # what follows an argument that is left out has another place, and takes its name only
    before = itertools.takewhile(lambda name: name not in NOT_OFFERED, by_place(theirs))
    assert by_place(ours) == list(before)


def test_what_is_not_offered_is_an_argument_of_torch():
    theirs = {name for constructor in ARGUMENTS.values() for name in arguments(constructor)}
    assert NOT_OFFERED.keys() <= theirs


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
