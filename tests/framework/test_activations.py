"""Activations against torch.nn's: values, gradients, kinks and limits."""

import math

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

import framework
from framework import Activation

NAMES = ["Identity", "ReLU", "Tanh", "Sigmoid", "SELU"]
DTYPES = [torch.float32, torch.float64]
every_activation = pytest.mark.parametrize("name", NAMES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
exhaustively = settings(deadline=None, derandomize=True, max_examples=80)
shapes = st.lists(st.integers(0, 3), max_size=5).map(tuple).filter(lambda s: math.prod(s) <= 24)


@st.composite
def inputs_and_gradients(draw, width):
    """x of up to five axes with values from tiny to huge, and ∂L/∂y of its shape."""
    shape = draw(shapes)
    ordinary = st.floats(-5, 5, width=width)
    extreme = st.floats(allow_nan=False, allow_infinity=False, width=width)
    kink = st.sampled_from([0.0, -0.0])

    def tensor(values):
        n = math.prod(shape)
        values = draw(st.lists(values, min_size=n, max_size=n))
        dtype = torch.float32 if width == 32 else torch.float64
        return torch.tensor(values, dtype=dtype).reshape(shape)

    return tensor(ordinary | extreme | kink), tensor(st.floats(-8, 8, width=width))


def theirs(name, x, gradient):
    x = x.clone().requires_grad_()
    y = getattr(torch.nn, name)()(x)
    y.backward(gradient)
    return y.detach(), x.grad


def check_against_torch(name, x, gradient):
    activation = getattr(framework, name)()
    y, dx = theirs(name, x, gradient)
    assert_close(activation(x), y)
    assert_close(activation.backward(gradient), dx)


@every_activation
@given(inputs_and_gradients(width=64))
@exhaustively
def test_equals_torch_in_float64(name, case):
    check_against_torch(name, *case)


@every_activation
@given(inputs_and_gradients(width=32))
@exhaustively
def test_equals_torch_in_float32(name, case):
    check_against_torch(name, *case)


@every_activation
def test_derivative_is_a_finite_difference(name):
    x = torch.linspace(-4, 4, 100, dtype=torch.float64)  # 100 points: 0 is not among them
    activation = getattr(framework, name)()
    difference = (activation(x + 1e-5) - activation(x - 1e-5)) / 2e-5
    activation(x)
    assert_close(activation.backward(torch.ones_like(x)), difference)


@every_dtype
@every_activation
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_derivative_at_the_kink_is_that_of_torch(name, dtype, zero):
    x, gradient = torch.full((3,), zero, dtype=dtype), torch.tensor([1.0, -2.0, 0.5], dtype=dtype)
    activation = getattr(framework, name)()
    y, dx = theirs(name, x, gradient)
    assert torch.equal(activation(x), y)
    assert torch.equal(activation.backward(gradient), dx)


@every_dtype
@every_activation
def test_limits_are_those_of_torch(name, dtype):
    x = torch.tensor([math.inf, -math.inf, 1e4, -1e4, 1e-30, -1e-30], dtype=dtype)
    activation = getattr(framework, name)()
    y, dx = theirs(name, x, torch.ones_like(x))
    assert_close(activation(x), y, rtol=0, atol=torch.finfo(dtype).eps)
    assert_close(activation.backward(torch.ones_like(x)), dx, rtol=0, atol=torch.finfo(dtype).eps)


def exact(name, x):
    """f(x) and f′(x) to a hundred digits, of a number that a tensor holds."""
    x, e, scale = mpmath.mpf(x), mpmath.exp(x), mpmath.mpf(framework.SELU.SCALE)
    at_zero = scale * mpmath.mpf(framework.SELU.ALPHA)
    return {
        "Identity": (x, 1),
        "ReLU": (max(x, 0), int(x > 0)),
        "Tanh": (mpmath.tanh(x), mpmath.sech(x) ** 2),
        "Sigmoid": (e / (1 + e), e / (1 + e) ** 2),
        "SELU": (scale * x, scale) if x > 0 else (at_zero * mpmath.expm1(x), at_zero * e),
    }[name]


@every_dtype
@every_activation
def test_is_right_to_four_units_in_its_last_place(name, dtype):
    """Over the whole range, and where it counts most: near 0, where it bends, where it levels off.
    What is less than the least normal number of its type may be 0.
    """
    smallest = torch.finfo(dtype).smallest_normal
    sizes = torch.logspace(math.log10(smallest), 3, 500, dtype=torch.float64)
    x = torch.cat([sizes, -sizes, torch.linspace(-40, 40, 1001, dtype=torch.float64)]).to(dtype)
    activation = getattr(framework, name)()
    results = activation(x), activation.backward(torch.ones_like(x))
    with mpmath.workdps(100):
        for of_x, *ours in zip(x.tolist(), *(r.tolist() for r in results), strict=True):
            for computed, right in zip(ours, exact(name, of_x), strict=True):
                unit = torch.finfo(dtype).eps * 2 ** mpmath.floor(mpmath.log(abs(right) or 1, 2))
                error = abs(computed - right)
                assert error <= 4 * unit or max(abs(right), error) <= smallest, (of_x, computed)


@every_activation
def test_nan_goes_in_and_comes_out(name):
    assert getattr(framework, name)()(torch.tensor(math.nan)).isnan()


@every_dtype
@every_activation
def test_keeps_the_dtype(name, dtype):
    activation = getattr(framework, name)()
    assert activation(torch.ones(2, dtype=dtype)).dtype == dtype
    assert activation.backward(torch.ones(2, dtype=dtype)).dtype == dtype


def test_selu_constants_are_those_of_the_paper():
    assert framework.SELU.ALPHA == 1.6732632423543772848170429916717
    assert framework.SELU.SCALE == 1.0507009873554804934193349852946
    # They solve the paper's equations: unit normal inputs keep mean 0 and variance 1.
    z = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    density = (-(z**2) / 2).exp() / math.sqrt(2 * math.pi)
    y = framework.SELU()(z)
    assert_close(torch.trapezoid(y * density, z).item(), 0.0)
    assert_close(torch.trapezoid(y**2 * density, z).item(), 1.0)


@every_activation
def test_neither_direction_changes_what_it_is_given(name):
    activation = getattr(framework, name)()
    x, gradient = torch.randn(3, 4), torch.randn(3, 4)
    copies = x.clone(), gradient.clone()
    activation(x)
    activation.backward(gradient)
    assert torch.equal(x, copies[0])
    assert torch.equal(gradient, copies[1])


@pytest.mark.parametrize("name", NAMES[1:])
def test_output_does_not_share_memory_with_the_input(name):
    x = torch.rand(3, 4)
    assert getattr(framework, name)()(x).data_ptr() != x.data_ptr()


@every_activation
def test_repr_is_that_of_torch(name):
    assert repr(getattr(framework, name)()) == repr(getattr(torch.nn, name)())


def test_identity_ignores_all_arguments():
    x = torch.randn(2, 3)
    assert torch.equal(framework.Identity(54, unused=0.1)(x), x)


def test_a_new_activation_is_two_formulas():
    class Softsign(Activation):
        def function(self, x):
            return x / (1 + x.abs())

        def derivative(self, x):
            return (1 + x.abs()) ** -2

    x, gradient = torch.randn(4, 5, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    softsign = Softsign()
    y, dx = theirs("Softsign", x, gradient)
    assert_close(softsign(x), y)
    assert_close(softsign.backward(gradient), dx)
    assert repr(softsign) == "Softsign()"


@pytest.mark.parametrize("lacking", ["function", "derivative"])
def test_an_activation_without_its_formula_says_which(lacking):
    class Half(Activation):
        pass

    with pytest.raises(NotImplementedError, match=f"Half defines no {lacking}"):
        getattr(Half(), lacking)(torch.ones(1))


@every_activation
def test_refuses_backward_before_forward(name):
    with pytest.raises(RuntimeError, match=rf"{name}\(\): backward was called before forward"):
        getattr(framework, name)().backward(torch.ones(1))


@every_activation
def test_refuses_a_gradient_of_another_shape(name):
    activation = getattr(framework, name)()
    activation(torch.ones(3, 1))
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\), the output had \(3, 1\)"):
        activation.backward(torch.ones(3))
