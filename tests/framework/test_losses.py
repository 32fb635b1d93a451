"""Losses against torch.nn's: values, gradients, reductions, weights and large inputs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

import framework
from framework import BCELoss, BCEWithLogitsLoss, MSELoss

NAMES = ["MSELoss", "BCELoss", "BCEWithLogitsLoss"]
REDUCTIONS = ["mean", "sum", "none"]
every_loss = pytest.mark.parametrize("name", NAMES)
every_reduction = pytest.mark.parametrize("reduction", REDUCTIONS)
every_dtype = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
exhaustively = settings(deadline=None, derandomize=True, max_examples=60)


def theirs(name, input, target, gradient=None, **arguments):
    """torch.nn's loss and its gradient."""
    input = input.clone().requires_grad_()
    loss = getattr(torch.nn, name)(**arguments)(input, target)
    loss.backward(torch.ones_like(loss) if gradient is None else gradient)
    return loss.detach(), input.grad


def check_against_torch(name, input, target, gradient=None, **arguments):
    criterion = getattr(framework, name)(**arguments)
    loss, slope = theirs(name, input, target, gradient, **arguments)
    assert_close(criterion(input, target), loss)
    assert_close(criterion.backward() if gradient is None else criterion.backward(gradient), slope)


@st.composite
def cases(draw, name, dtype):
    """Input, target, and arguments of the constructor."""
    shape = draw(st.lists(st.integers(1, 3), max_size=5).map(tuple))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from([0.01, 1.0, 30.0]))

    def tensor(*shape):
        return torch.rand(shape, generator=generator, dtype=dtype)

    def broadcast():  # a shape that fits on the right of the loss's
        kept = shape[draw(st.integers(0, len(shape))) :]
        return tuple(draw(st.sampled_from([1, size])) for size in kept)

    target = draw(st.sampled_from([tensor(*shape), tensor(*shape).round()]))
    input = tensor(*shape) if name == "BCELoss" else scale * (2 * tensor(*shape) - 1)
    arguments = {}
    if name != "MSELoss" and draw(st.booleans()):
        arguments["weight"] = 3 * tensor(*broadcast())
    if name == "BCEWithLogitsLoss" and draw(st.booleans()):
        arguments["pos_weight"] = 3 * tensor(*broadcast())
    return input, target, arguments


@every_reduction
@every_dtype
@every_loss
@given(data=st.data())
@exhaustively
def test_equals_torch(name, dtype, reduction, data):
    input, target, arguments = data.draw(cases(name, dtype))
    check_against_torch(name, input, target, reduction=reduction, **arguments)


@every_reduction
@every_loss
def test_chain_rule_takes_the_gradient_of_the_loss(name, reduction):
    input, target = torch.rand(3, 4, dtype=torch.float64), torch.rand(3, 4, dtype=torch.float64)
    shape = (3, 4) if reduction == "none" else ()
    gradient = torch.randn(shape, dtype=torch.float64)
    check_against_torch(name, input, target, gradient, reduction=reduction)


@every_reduction
@every_loss
def test_gradient_is_a_finite_difference(name, reduction):
    target = torch.rand(5, 2, dtype=torch.float64)
    input = 0.2 + 0.6 * torch.rand(5, 2, dtype=torch.float64)
    criterion = getattr(framework, name)(reduction=reduction)
    expected = torch.empty_like(input)
    for i in range(input.numel()):
        change = torch.zeros_like(input)
        change.view(-1)[i] = 1e-5
        above, below = criterion(input + change, target), criterion(input - change, target)
        expected.view(-1)[i] = (above - below).sum() / 2e-5
    criterion(input, target)
    assert_close(criterion.backward(), expected, rtol=1e-6, atol=1e-7)  # the third derivative's


@every_dtype
@every_reduction
@pytest.mark.parametrize("pos_weight", [None, 3.0])
def test_logits_of_any_size_give_finite_losses(reduction, dtype, pos_weight):
    x = torch.tensor([0.0, 20, 90, 100, 800, 1e4, 1e30], dtype=dtype)
    x = torch.cat([x, -x])
    arguments = {"reduction": reduction}
    if pos_weight is not None:
        arguments["pos_weight"] = torch.tensor(pos_weight, dtype=dtype)
    for t in (0.0, 0.3, 1.0):
        criterion = BCEWithLogitsLoss(**arguments)
        assert criterion(x, torch.full_like(x, t)).isfinite().all()
        assert criterion.backward().isfinite().all()
        check_against_torch("BCEWithLogitsLoss", x, torch.full_like(x, t), **arguments)


@every_dtype
def test_a_confident_logit_keeps_its_small_loss(dtype):
    x = torch.tensor([30.0, 60.0, 80.0], dtype=dtype)
    loss = BCEWithLogitsLoss(reduction="none")(x, torch.ones_like(x))
    assert_close(loss, (-x).exp(), rtol=1e-5, atol=0)  # log(1 + e⁻ˣ) rounded away would be 0


@every_dtype
def test_a_confident_probability_keeps_its_small_loss(dtype):
    y = torch.tensor([1e-20, 1e-12, 1e-9], dtype=dtype)
    loss = BCELoss(reduction="none")(y, torch.zeros_like(y))
    assert_close(loss, y, rtol=1e-6, atol=0)  # log(1 − y) rounded away would be 0


@every_dtype
@every_reduction
def test_probabilities_of_0_and_1_give_finite_losses(reduction, dtype):
    tiny = torch.finfo(dtype).tiny
    y = torch.tensor([0.0, tiny, 1e-13, 1e-7, 0.5, 1 - 1e-7, 1.0], dtype=dtype)
    for t in (0.0, 0.3, 1.0):
        criterion = BCELoss(reduction=reduction)
        assert criterion(y, torch.full_like(y, t)).isfinite().all()
        assert criterion.backward().isfinite().all()
        check_against_torch("BCELoss", y, torch.full_like(y, t), reduction=reduction)


@every_reduction
def test_with_logits_is_cross_entropy_after_a_sigmoid(reduction):
    x = torch.linspace(-10, 10, 50, dtype=torch.float64)
    t = torch.rand(50, dtype=torch.float64)
    sigmoid, criterion = framework.Sigmoid(), BCELoss(reduction=reduction)
    direct = BCEWithLogitsLoss(reduction=reduction)
    assert_close(direct(x, t), criterion(sigmoid(x), t))
    assert_close(direct.backward(), sigmoid.backward(criterion.backward()))


def test_mse_divides_by_the_number_of_elements():
    criterion = MSELoss()
    assert criterion(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]])) == 2.5
    assert torch.equal(criterion.backward(), torch.tensor([[1.0, -2.0]]))


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_mse_takes_a_target_of_another_dtype(dtype):
    check_against_torch("MSELoss", torch.rand(4, 1), torch.tensor([[0], [1], [1], [0]]).to(dtype))


@every_loss
def test_truth_values_are_a_target(name):
    input, target = torch.rand(4, 1), torch.tensor([[0], [1], [1], [0]])
    losses, gradients = [], []
    for dtype in (torch.bool, torch.float32):
        criterion = getattr(framework, name)()
        losses.append(criterion(input, target.to(dtype)))
        gradients.append(criterion.backward())
    assert torch.equal(*losses)
    assert torch.equal(*gradients)


def test_a_loss_of_one_number_that_names_an_axis_has_a_gradient():
    criterion = framework.MSELoss(dim=-1)
    assert criterion(torch.tensor(3.0), torch.tensor(1.0)) == 4
    assert criterion.backward() == 4


@every_loss
@every_reduction
@pytest.mark.parametrize("dim", [(-2, -1), (1, 2), (0, 1, 2), (-1,), -1, (), None])
def test_dim_names_the_axes_to_reduce(name, reduction, dim):
    input, target = torch.rand(3, 4, 2, dtype=torch.float64), torch.rand(3, 4, 2).double()
    criterion = getattr(framework, name)(reduction=reduction, dim=dim)
    each = getattr(torch.nn, name)(reduction="none")
    leaf = input.clone().requires_grad_()
    expected = each(leaf, target)
    if reduction != "none":
        expected = getattr(expected, reduction)(dim)
    assert_close(criterion(input, target), expected.detach())
    gradient = torch.randn(expected.shape, dtype=torch.float64)
    expected.backward(gradient)
    assert_close(criterion.backward(gradient), leaf.grad)


@every_loss
@every_reduction
def test_neither_direction_changes_what_it_is_given(name, reduction):
    given_ = [torch.rand(3, 2), torch.rand(3, 2)]
    copies = [tensor.clone() for tensor in given_]
    criterion = getattr(framework, name)(reduction=reduction)
    loss = criterion(*given_)
    gradient = torch.ones_like(loss)
    criterion.backward(gradient)
    assert all(torch.equal(a, b) for a, b in zip(given_, copies, strict=True))
    assert torch.equal(gradient, torch.ones_like(loss))


@every_loss
def test_an_empty_batch_has_no_mean(name):
    criterion = getattr(framework, name)()
    assert criterion(torch.ones(0, 2), torch.ones(0, 2)).isnan()
    assert criterion.backward().shape == (0, 2)
    assert getattr(framework, name)(reduction="sum")(torch.ones(0, 2), torch.ones(0, 2)) == 0


@every_loss
def test_repr_is_that_of_torch(name):
    assert repr(getattr(framework, name)()) == repr(getattr(torch.nn, name)())


@every_loss
def test_refuses_an_unknown_reduction(name):
    with pytest.raises(ValueError, match=rf"{name}: .*mean, sum, none, got 'average'"):
        getattr(framework, name)(reduction="average")


@every_loss
@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 1), (4,)), ((4, 1), (1, 1)), ((), (1,))])
def test_refuses_a_target_of_another_shape(name, shapes):
    input, target = (torch.full(shape, 0.5) for shape in shapes)
    with pytest.raises(ValueError, match=rf"{name}.*the same") as caught:
        getattr(framework, name)()(input, target)
    assert str(shapes[0]) in str(caught.value)
    assert str(shapes[1]) in str(caught.value)


@pytest.mark.parametrize("argument", ["weight", "pos_weight"])
@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 1)])
def test_refuses_weights_that_would_widen_the_loss(argument, shape):
    kinds = [BCEWithLogitsLoss] if argument == "pos_weight" else [BCELoss, BCEWithLogitsLoss]
    for kind in kinds:
        with pytest.raises(ValueError, match=r"shape \(4, 1\).*weights.*\("):
            kind(**{argument: torch.ones(shape)})(torch.full((4, 1), 0.5), torch.ones(4, 1))


@pytest.mark.parametrize("value", [-0.1, 1.5, math.inf])
def test_bce_refuses_what_is_no_probability(value):
    with pytest.raises(ValueError, match=rf"\[0, 1\].*{value:g}"):
        BCELoss()(torch.tensor([0.5, value]), torch.ones(2))


@every_loss
def test_refuses_backward_before_forward(name):
    with pytest.raises(RuntimeError, match=rf"{name}\(\): backward was called before forward"):
        getattr(framework, name)().backward()


@every_loss
@pytest.mark.parametrize(
    ("reduction", "shape"), [("none", (4,)), ("none", ()), ("mean", (4, 1)), ("sum", (1,))]
)
def test_refuses_a_gradient_of_another_shape_than_the_loss(name, reduction, shape):
    criterion = getattr(framework, name)(reduction=reduction)
    criterion(torch.rand(4, 1), torch.rand(4, 1))
    with pytest.raises(ValueError, match=r"gradient has shape \(.*the output had \("):
        criterion.backward(torch.ones(shape))
