"""Linear against torch.nn.Linear, whose weight is the transpose of ours."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from framework import Linear

exhaustively = settings(deadline=None, derandomize=True, max_examples=150)
batches = st.lists(st.integers(0, 4), max_size=4).map(tuple)  # up to five axes, or no batch axis
widths = st.integers(1, 6)


def pair(fan_in, fan_out, bias, dtype, draw):
    """Our layer and torch.nn's with the same values, drawn by draw(*shape)."""
    ours = Linear(fan_in, fan_out, bias=bias, dtype=dtype)
    theirs = torch.nn.Linear(fan_in, fan_out, bias=bias, dtype=dtype)
    ours.weight.copy_(draw(fan_in, fan_out))
    theirs.weight.data.copy_(ours.weight.mT)
    if bias:
        ours.bias.copy_(draw(fan_out))
        theirs.bias.data.copy_(ours.bias)
    return ours, theirs


def passes(ours, theirs, x, gradient):
    """Pairs of ours and theirs: outputs, ∂L/∂x, ∂L/∂W, ∂L/∂b."""
    y = ours(x)
    dx = ours.backward(gradient)
    their_x = x.clone().requires_grad_()
    their_y = theirs(their_x)
    their_y.backward(gradient)
    yield y, their_y.detach()
    yield dx, their_x.grad
    yield ours.weight.grad, theirs.weight.grad.mT
    if ours.bias is not None:
        yield ours.bias.grad, theirs.bias.grad


@given(batches, widths, widths, st.booleans(), st.integers(0, 2**32), st.integers(-3, 3))
@exhaustively
def test_equals_torch_in_float64(batch, fan_in, fan_out, bias, seed, magnitude):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, dtype=torch.float64, generator=generator)

    layers = pair(fan_in, fan_out, bias, torch.float64, draw)
    x = draw(*batch, fan_in) * 10.0**magnitude
    for ours, theirs in passes(*layers, x, draw(*batch, fan_out)):
        assert_close(ours, theirs)


@given(batches, widths, widths, st.booleans(), st.integers(0, 2**32))
@exhaustively
def test_equals_torch_to_the_bit_where_float32_does_not_round(batch, fan_in, fan_out, bias, seed):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):  # whole numbers: every sum of their products is exact
        return torch.randint(-8, 9, shape, generator=generator).float()

    layers = pair(fan_in, fan_out, bias, torch.float32, draw)
    for ours, theirs in passes(*layers, draw(*batch, fan_in), draw(*batch, fan_out)):
        assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("fan_out", [1, 3, 6])
@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 3, 4)])
def test_gradients_are_finite_differences(shape, fan_out):
    layer = Linear(4, fan_out, dtype=torch.float64)
    x = torch.randn(shape, dtype=torch.float64)
    gradient = torch.randn(*shape[:-1], fan_out, dtype=torch.float64)
    layer(x)
    gradients = [layer.backward(gradient), layer.weight.grad, layer.bias.grad]
    for tensor, found in zip([x, layer.weight, layer.bias], gradients, strict=True):
        expected = torch.empty_like(tensor)
        for i in range(tensor.numel()):
            change = torch.zeros(tensor.numel(), dtype=torch.float64)
            change[i] = 1e-5
            tensor += change.view(tensor.shape)
            above = (layer(x) * gradient).sum()
            tensor -= 2 * change.view(tensor.shape)
            below = (layer(x) * gradient).sum()
            tensor += change.view(tensor.shape)
            expected.view(-1)[i] = (above - below) / 2e-5
        assert_close(found, expected)


@pytest.mark.parametrize("fan_out", [1, 3])
def test_backward_adds_to_the_gradients(fan_out):
    layer = Linear(2, fan_out)
    x, gradient = torch.randn(5, 2), torch.randn(5, fan_out)
    layer(x)
    layer.backward(gradient)
    once = [p.grad.clone() for p in layer.parameters()]
    layer(x)
    layer.backward(gradient)
    assert all(torch.equal(p.grad, 2 * g) for p, g in zip(layer.parameters(), once, strict=True))


def test_backward_adds_without_changing_a_gradient_someone_holds():
    layer = Linear(2, 3)
    layer(torch.randn(5, 2))
    layer.backward(torch.randn(5, 3))
    held = layer.weight.grad
    before = held.clone()
    layer(torch.randn(5, 2))
    layer.backward(torch.randn(5, 3))
    assert torch.equal(held, before)


@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 5, 2)])
@pytest.mark.parametrize("fan_out", [1, 3])
def test_neither_direction_changes_what_it_is_given(shape, fan_out):
    layer = Linear(2, fan_out)
    x, gradient = torch.randn(shape), torch.randn(*shape[:-1], fan_out)
    given = [x, gradient, layer.weight, layer.bias]
    copies = [tensor.clone() for tensor in given]
    layer(x)
    layer.backward(gradient)
    assert all(torch.equal(a, b) for a, b in zip(given, copies, strict=True))


def test_accepts_tensors_that_are_not_contiguous():
    layer = Linear(3, 4, dtype=torch.float64)
    x = torch.randn(3, 6, dtype=torch.float64).mT
    gradient = torch.ones((), dtype=torch.float64).expand(6, 4)
    y = layer(x)
    strided = layer.backward(gradient)
    assert_close(y, layer(x.contiguous()))
    assert_close(strided, layer.backward(gradient.contiguous()))


def test_backward_follows_the_last_forward():
    layer = Linear(2, 3)
    x, gradient = torch.randn(5, 2), torch.randn(5, 3)
    layer(torch.randn(7, 2))
    layer(x)
    layer.backward(gradient)
    alone = Linear(2, 3)
    alone(x)
    alone.backward(gradient)
    assert torch.equal(layer.weight.grad, alone.weight.grad)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(0, 2), (2, 0), (0, 0)])
def test_a_width_may_be_zero(fan_in, fan_out):
    layer = Linear(fan_in, fan_out)
    y = layer(torch.ones(3, fan_in))
    assert y.shape == (3, fan_out)
    assert torch.equal(y, layer.bias.expand(3, fan_out))
    assert layer.backward(torch.ones(3, fan_out)).shape == (3, fan_in)


def test_dtype_and_device_go_to_the_parameters():
    layer = Linear(2, 3, True, "cpu", torch.float64)
    assert {p.dtype for p in layer.parameters()} == {torch.float64}
    assert {p.device.type for p in layer.parameters()} == {"cpu"}
    assert layer(torch.ones(1, 2, dtype=torch.float64)).dtype == torch.float64


def test_without_bias_there_is_one_parameter():
    layer = Linear(2, 3, bias=False)
    assert layer.bias is None
    assert [p.shape for p in layer.parameters()] == [(2, 3)]


@pytest.mark.parametrize("bias", [True, False])
def test_repr_is_that_of_torch(bias):
    assert repr(Linear(2, 3, bias=bias)) == repr(torch.nn.Linear(2, 3, bias=bias))


@pytest.mark.parametrize("shape", [(), (3,), (5, 3), (2, 5, 3)])
def test_refuses_an_input_of_the_wrong_width(shape):
    with pytest.raises(ValueError, match=r"Linear\(in_features=2.*shape \(.*must be \(\.\.\., 2\)"):
        Linear(2, 3)(torch.ones(shape))


@pytest.mark.parametrize("fan_out", [1, 3])
def test_refuses_an_input_of_another_dtype(fan_out):
    with pytest.raises(TypeError, match=r"input is torch\.float64, the weight torch\.float32"):
        Linear(2, fan_out)(torch.ones(5, 2, dtype=torch.float64))


@pytest.mark.parametrize("shape", [(2, 5, 3), (1, 5, 3), (4, 4, 5, 3), (3,)])
def test_refuses_an_input_of_another_number_of_replicas(shape):
    layer = Linear(3, 1, generator=[torch.Generator() for _ in range(4)])
    with pytest.raises(ValueError, match=r"shape \(.*must be \(N, 3\) or \(4, N, 3\)") as caught:
        layer(torch.ones(shape))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", [(5, 1), (3,), (3, 5), (1, 5, 3)])
def test_refuses_a_gradient_of_another_shape_than_the_output(shape):
    layer = Linear(2, 3)
    layer(torch.ones(5, 2))
    with pytest.raises(ValueError, match=r"gradient has shape \(.*, the output had \(5, 3\)"):
        layer.backward(torch.ones(shape))


def test_refuses_backward_before_forward():
    with pytest.raises(RuntimeError, match=r"Linear\(.*backward was called before forward"):
        Linear(2, 3).backward(torch.ones(5, 3))


@pytest.mark.parametrize(("fan_in", "fan_out"), [(-1, 2), (2, -1)])
def test_refuses_a_negative_width(fan_in, fan_out):
    with pytest.raises(ValueError, match=f"got {fan_in}, {fan_out}"):
        Linear(fan_in, fan_out)
