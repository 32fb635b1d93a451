"""What is used in another way than intended is right, or refused; never silently wrong."""

import copy
import pickle

import pytest
import torch
from torch.testing import assert_close

import framework
from framework import (
    MLP,
    SELU,
    SGD,
    Adam,
    BCELoss,
    BCEWithLogitsLoss,
    Identity,
    Linear,
    Module,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
)
from tests.framework.test_sequential import assert_same_gradients

ACTIVATIONS = [Identity, ReLU, Tanh, Sigmoid, SELU]
LOSSES = [MSELoss, BCELoss, BCEWithLogitsLoss]
TWICE = "backward was called before forward, or twice after one forward"
AGAIN = "forward was called again before this backward"
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
every_loss = pytest.mark.parametrize("loss", LOSSES)


def twin_of(net):
    """The same network of torch.nn, of Linear layers and activations."""
    layers = []
    for layer in net:
        if isinstance(layer, Linear):
            twin = torch.nn.Linear(layer.in_features, layer.out_features, dtype=layer.weight.dtype)
            twin.weight.data.copy_(layer.weight.mT)
            twin.bias.data.copy_(layer.bias)
        else:
            twin = getattr(torch.nn, type(layer).__name__)()
        layers.append(twin)
    return torch.nn.Sequential(*layers)


class Residual(Module):
    """A learner's own container: y = x + f(x)."""

    def __init__(self, block):
        self.block = block

    def parameters(self):
        return self.block.parameters()

    def forward(self, x):
        return x + self.block(x)

    def backward(self, gradient):
        return gradient + self.block.backward(gradient)


# One module in two places


@pytest.mark.parametrize(
    "shared", [Tanh, lambda: Linear(4, 4), lambda: Sequential(Linear(4, 4), ReLU())]
)
@pytest.mark.parametrize(
    "build",
    [
        lambda twice: Sequential(Sequential(Linear(3, 4), twice), Sequential(Linear(4, 4), twice)),
        lambda twice: Sequential(Linear(3, 4), twice, Sequential(Sequential(twice))),
        lambda twice: Sequential(Linear(3, 4), Residual(twice), Residual(Sequential(twice))),
        lambda twice: Sequential({"a": Linear(3, 4), "b": Sequential({"c": twice}), "d": twice}),
    ],
)
def test_a_module_in_two_places_goes_forward_and_refuses_the_second_backward(build, shared):
    net = build(shared())
    y = net(torch.randn(5, 3))
    with pytest.raises(RuntimeError, match=f"{TWICE}|{AGAIN}"):
        net.backward(torch.ones_like(y))


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda net: net[2](torch.randn(5, 4)),
        lambda net: net[2:](torch.randn(5, 4)),
        lambda net: Sequential(Linear(3, 4), net[3])(torch.randn(5, 3)),
        lambda net: Residual(net[3])(torch.randn(5, 3)),
    ],
)
def test_a_layer_that_runs_elsewhere_meanwhile_refuses(elsewhere):
    """It would pass the gradient back through the other input, without a second backward."""
    net = Sequential(Linear(3, 4), Tanh(), Linear(4, 4), Tanh())
    y = net(torch.randn(5, 3))
    elsewhere(net)
    with pytest.raises(RuntimeError, match=rf"^(Linear|Tanh)\(.*\): {AGAIN}"):
        net.backward(torch.ones_like(y))


def test_backward_may_go_through_a_part_of_the_network():
    net, x = MLP(Tanh), torch.randn(5, 2)
    dx = net.backward(net(x))
    y = net(x)
    assert torch.equal(net[:3].backward(net[3:].backward(y)), dx)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_a_copy_starts_before_forward(copied):
    """So a copy, or a file of it, does not hold the last batch."""
    net, criterion, x = MLP(), MSELoss(), torch.randn(5, 2)
    x.mul_(2)
    y = net(x)
    criterion(y, torch.rand(5, 1))
    for module in (net[0], net[1], net, criterion):
        assert copied(module).cache is None
    with pytest.raises(RuntimeError, match=TWICE):
        copied(net[0]).backward(torch.ones(5, 25))
    twin = copied(net)
    assert torch.equal(twin(x), y)
    twin.backward(y)


def test_a_deep_copy_that_runs_meanwhile_changes_nothing():
    net, x = MLP(dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    dx = net.backward(net(x))
    y = net(x)
    twin = copy.deepcopy(net)
    twin.backward(twin(x + 1))
    assert torch.equal(net.backward(y), dx)


def test_two_forwards_and_two_backwards_refuse():
    """As of two inputs that one network compares: it remembers the last one only."""
    net = MLP()
    for x in (torch.randn(5, 2), torch.randn(5, 2)):
        net(x)
    net.backward(torch.ones(5, 1))
    with pytest.raises(RuntimeError, match=TWICE):
        net.backward(torch.ones(5, 1))


@every_loss
def test_one_loss_for_two_outputs_refuses(loss):
    criterion = loss()
    for _ in range(2):
        criterion(torch.rand(3, 2), torch.rand(3, 2))
    criterion.backward()
    with pytest.raises(RuntimeError, match=TWICE):
        criterion.backward()


def test_forward_without_backward_may_be_repeated():
    net, x = MLP(dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    for other in (torch.randn(7, 2, dtype=torch.float64), x):
        net(other)
    net.backward(torch.ones(5, 1, dtype=torch.float64))
    twin = twin_of(net)
    twin(x).sum().backward()
    assert_close(net[0].weight.grad, twin[0].weight.grad.mT)


def test_backward_may_be_tried_again_after_a_gradient_of_a_wrong_shape():
    layer = Linear(2, 3)
    layer(torch.ones(5, 2))
    with pytest.raises(ValueError, match="the output had"):
        layer.backward(torch.ones(5, 1))
    assert layer.backward(torch.ones(5, 3)).shape == (5, 2)


@pytest.mark.parametrize(
    "build", [*ACTIVATIONS, *LOSSES, lambda: Linear(2, 2), lambda: MLP(widths=(2, 2))]
)
def test_a_gradient_of_another_dtype_is_refused(build):
    module, x = build(), torch.rand(5, 2)
    y = module(x, x) if build in LOSSES else module(x)
    with pytest.raises(TypeError, match=r"gradient is torch\.float64, the output was"):
        module.backward(torch.ones_like(y).double())


def test_a_deep_nest_is_the_flat_network():
    layers = [Linear(3, 3, dtype=torch.float64), Tanh(), Linear(3, 1, dtype=torch.float64)]
    flat = Sequential(copy.deepcopy(layers))
    nest = Sequential(layers)
    for _ in range(100):
        nest = Sequential(nest)
    x = torch.randn(5, 3, dtype=torch.float64)
    y = nest(x)
    assert torch.equal(y, flat(x))
    assert torch.equal(nest.backward(y), flat.backward(y))
    assert len(nest.parameters()) == 4


# One parameter in two layers


def tied():
    """Layers 0 and 2 share W and b; and the twin of torch.nn."""
    layers = [Linear(3, 3, dtype=torch.float64) for _ in range(2)]
    layers[1].weight, layers[1].bias = layers[0].weight, layers[0].bias
    net = Sequential(layers[0], Tanh(), Sequential(layers[1]))
    twin = twin_of([layers[0], Tanh(), layers[1]])
    twin[2].weight, twin[2].bias = twin[0].weight, twin[0].bias
    return net, twin


@pytest.mark.parametrize("listed", ["by the network", "by layer"])
@pytest.mark.parametrize(
    ("name", "settings"), [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.1})]
)
def test_a_shared_parameter_is_trained_as_in_torch(name, settings, listed):
    net, twin = tied()
    parameters = net.parameters()
    if listed == "by layer":
        parameters = net[0].parameters() + net[2].parameters()
    ours = getattr(framework, name)(parameters, **settings)
    theirs = getattr(torch.optim, name)(twin.parameters(), **settings)
    for _ in range(5):
        x = torch.randn(6, 3, dtype=torch.float64)
        ours.zero_grad()
        theirs.zero_grad()
        net.backward(net(x))
        (twin(x) ** 2 / 2).sum().backward()
        assert_close(net[0].weight.grad, twin[0].weight.grad.mT)
        ours.step()
        theirs.step()
    assert_close(net[0].weight, twin[0].weight.detach().mT)
    assert_close(net[0].bias, twin[0].bias.detach())


def test_a_shared_parameter_is_listed_once():
    net, twin = tied()
    assert len(net.parameters()) == len(list(twin.parameters())) == 2


@pytest.mark.parametrize(
    "view",
    [lambda w: w.mT, lambda w: w[:1], lambda w: w[1:], lambda w: w.detach(), lambda w: w[2, 2]],
)
@pytest.mark.parametrize("kind", [SGD, Adam])
def test_two_parameters_in_the_same_memory_are_refused(kind, view):
    """Each would have its own gradient and its own running means."""
    weight = torch.rand(3, 3)
    with pytest.raises(ValueError, match=f"{kind.__name__}: params must be apart in memory"):
        kind([weight, view(weight)])
    whole = torch.rand(6, 3)
    kind([whole[:3], whole[3:], torch.empty(0), torch.empty(0)])


# A tensor that changes between forward and backward


def change(tensor):
    tensor.mul_(2)


@pytest.mark.parametrize("what", ["x", "weight", "a row of x"])
@pytest.mark.parametrize("context", [torch.no_grad, torch.enable_grad])
def test_linear_refuses_what_torch_refuses(what, context):
    layer, twin = Linear(2, 3), torch.nn.Linear(2, 3)
    x = torch.randn(5, 2)
    with context():
        y = layer(x)
    their_y = twin(x.requires_grad_() * 1 if what == "weight" else x)
    with torch.no_grad():
        if what == "weight":
            change(layer.weight)
            change(twin.weight)
        else:
            change(x[0] if what == "a row of x" else x)
    with pytest.raises(RuntimeError, match=r"Linear\(.*changed in place between forward and back"):
        layer.backward(torch.ones_like(y))
    assert layer.weight.grad is None
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        their_y.backward(torch.ones_like(y))


def test_a_step_between_forward_and_backward_refuses():
    net = MLP()
    optimizer, x = SGD(net.parameters(), lr=0.1), torch.randn(5, 2)
    net.backward(net(x))
    y = net(x)
    optimizer.step()
    with pytest.raises(RuntimeError, match="changed in place between forward and backward"):
        net.backward(y)


@every_activation
def test_activations_refuse_an_input_that_has_changed(activation):
    layer, x = activation(), torch.randn(5, 2)
    layer(x)
    change(x)
    with pytest.raises(RuntimeError, match=r"shape \(5, 2\) was changed in place"):
        layer.backward(torch.ones(5, 2))


@pytest.mark.parametrize(
    ("loss", "weights"),
    [(MSELoss, []), (BCELoss, ["weight"]), (BCEWithLogitsLoss, ["weight", "pos_weight"])],
)
def test_losses_refuse_what_has_changed(loss, weights):
    for what in ["input", "target", *weights]:
        tensors = {name: torch.rand(5, 2) for name in ["input", "target", *weights]}
        criterion = loss(**{name: tensors[name] for name in weights})
        criterion(tensors["input"], tensors["target"])
        change(tensors[what])
        with pytest.raises(RuntimeError, match="changed in place between forward and backward"):
            criterion.backward()


def test_what_backward_does_not_need_may_change():
    net, x = MLP(dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    twin = twin_of(net)
    y = net(x)
    change(y)
    net.backward(torch.ones_like(y))
    twin(x).sum().backward()
    assert_same_gradients(net, twin)


@pytest.mark.parametrize("activation", [ReLU, Tanh, Sigmoid, SELU])
def test_the_output_of_an_activation_may_change(activation):
    layer, x = activation(), torch.randn(5, 2)
    layer(x)
    dx = layer.backward(torch.ones(5, 2))
    change(layer(x))
    assert torch.equal(layer.backward(torch.ones(5, 2)), dx)


def test_parameters_that_were_replaced_get_the_gradients_of_their_forward():
    layer = Linear(2, 3, dtype=torch.float64)
    x, gradient = torch.randn(5, 2, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    weight, bias = layer.parameters()
    layer(x)
    layer.weight, layer.bias = torch.zeros_like(weight), torch.zeros_like(bias)
    assert_close(layer.backward(gradient), gradient @ weight.mT)
    assert_close(weight.grad, x.mT @ gradient)
    assert_close(bias.grad, gradient.sum(0))
    assert layer.weight.grad is layer.bias.grad is None


@pytest.mark.parametrize(
    ("loss", "name"),
    [(BCELoss, "weight"), (BCEWithLogitsLoss, "weight"), (BCEWithLogitsLoss, "pos_weight")],
)
def test_a_loss_refuses_a_weight_that_was_replaced(loss, name):
    criterion, x = loss(**{name: torch.ones(2)}), torch.rand(5, 2)
    criterion(x, x)
    setattr(criterion, name, torch.zeros(2))
    with pytest.raises(RuntimeError, match="weight was replaced between forward and backward"):
        criterion.backward()


def test_in_inference_mode_where_torch_counts_no_changes_training_works():
    x, t = torch.rand(9, 2), torch.rand(9, 1)
    generators = [torch.Generator().manual_seed(0) for _ in range(2)]
    nets = [MLP(Tanh, Sigmoid, generator=generators[0])]
    with torch.inference_mode():
        nets.append(MLP(Tanh, Sigmoid, generator=generators[1]))
    for net, inference in zip(nets, [False, True], strict=True):
        with torch.inference_mode(inference):
            criterion, optimizer = MSELoss(), Adam(net.parameters())
            for _ in range(3):
                optimizer.zero_grad()
                criterion(net(x * 1), t * 1)
                net.backward(criterion.backward())
                optimizer.step()
    assert nets[1][0].weight.is_inference()
    assert torch.equal(nets[0][0].weight, nets[1][0].weight)


# Tensors that require a gradient


@every_activation
def test_an_input_that_requires_a_gradient_gives_the_same(activation):
    for net in (activation(), MLP(activation, activation)):
        x = torch.randn(4, 2)
        y = net(x)
        dx = net.backward(torch.ones_like(y))
        again = net(x.clone().requires_grad_())
        assert torch.equal(again, y)
        assert torch.equal(net.backward(torch.ones_like(y)), dx)
        assert not again.requires_grad


@every_loss
def test_a_loss_takes_tensors_that_require_a_gradient(loss):
    input, target = torch.rand(4, 2), torch.rand(4, 2)
    criterion = loss()
    value = criterion(input, target)
    gradient = criterion.backward()
    again = criterion(input.clone().requires_grad_(), target.clone().requires_grad_())
    assert torch.equal(again, value)
    assert not again.requires_grad
    assert torch.equal(criterion.backward(), gradient)
    if loss is not MSELoss:
        criterion = loss(weight=torch.rand(2, requires_grad=True))
        assert not criterion(input, target).requires_grad
        assert not criterion.backward().requires_grad


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_parameters_that_require_a_gradient_train_as_others_do(kind):
    x, t = torch.randn(5, 2), torch.rand(5, 1)
    nets = [MLP(Tanh, generator=torch.Generator().manual_seed(0)) for _ in range(2)]
    for parameter in nets[1].parameters():
        parameter.requires_grad_()
    for net in nets:
        criterion, optimizer = MSELoss(), kind(net.parameters(), lr=0.1, weight_decay=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            y = net(x)
            criterion(y, t)
            dx = net.backward(criterion.backward())
            assert not y.requires_grad
            assert not dx.requires_grad
            optimizer.step()
    for plain, other in zip(*(net.parameters() for net in nets), strict=True):
        assert torch.equal(plain, other.detach())
        assert not other.grad.requires_grad


def test_a_parameter_of_torch_nn_may_be_filled_and_loaded():
    parameter = torch.nn.Parameter(torch.zeros(3, 4))
    assert framework.glorot_uniform_(parameter) is parameter
    assert (parameter != 0).all()
    layer = Linear(3, 4)
    layer.weight = parameter
    layer.load(Linear(3, 4).state())
    assert layer.weight is parameter


# Types, shapes and memory


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@every_activation
@every_loss
def test_half_precision_gives_what_torch_gives(activation, loss, dtype):
    net = MLP(activation, Sigmoid, (4, 5, 2), dtype=dtype)
    twin = twin_of(net)
    x, t = torch.randn(6, 4).to(dtype), torch.rand(6, 2).to(dtype)
    criterion = loss()
    y, their_y = net(x), twin(x)
    criterion(y, t)
    dx = net.backward(criterion.backward())
    getattr(torch.nn, loss.__name__)()(their_y, t).backward()
    assert y.dtype == dx.dtype == dtype
    rounding = 8 * torch.finfo(dtype).eps
    assert_close(y, their_y.detach(), rtol=rounding, atol=rounding)
    for p, q in zip(net.parameters(), twin.parameters(), strict=True):
        theirs = q.grad.mT if q.ndim == 2 else q.grad
        assert_close(p.grad, theirs, rtol=rounding, atol=rounding)


@every_loss
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_a_loss_refuses_whole_numbers(loss, dtype):
    """Their gradient would be rounded to whole numbers, too."""
    x = torch.ones(5, 2).to(dtype)
    with pytest.raises(TypeError, match=rf"{loss.__name__}\(.*: the input is {dtype}, it must be"):
        loss()(x, x)
    with pytest.raises(NotImplementedError):
        getattr(torch.nn, loss.__name__)()(x, x)


@pytest.mark.parametrize(
    "strided",
    [
        lambda x: x.mT.contiguous().mT,
        lambda x: x.flip(0).flip(0).transpose(0, 1),
        lambda x: torch.cat([x, x], -1)[..., ::2],
        lambda x: x[:1].expand_as(x),
        lambda x: x.unsqueeze(0).transpose(0, 1),
        lambda x: x.reshape(2, 3, 1, 4).transpose(0, 1),
    ],
)
@every_activation
def test_any_layout_in_memory_gives_what_torch_gives(activation, strided):
    net = MLP(activation, activation, (4, 5, 2), dtype=torch.float64)
    x = strided(torch.randn(6, 1, 4, dtype=torch.float64))
    twin = twin_of(net)
    leaf = x.detach().requires_grad_()
    y, their_y = net(x), twin(leaf)
    gradient = torch.randn(y.shape[::-1], dtype=torch.float64).permute(*reversed(range(y.ndim)))
    dx = net.backward(gradient)
    their_y.backward(gradient)
    assert_close(y, their_y.detach())
    assert_close(dx, leaf.grad)
    assert_same_gradients(net, twin)
