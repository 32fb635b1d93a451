"""A wrong derivative is found before a network trains with it."""

import re

import pytest
import torch

from framework import Activation, ReLU, Tanh
from scripts.study.activations import PublishedTanh, by_name
from scripts.study.block import Block
from scripts.study.errors import StudyError
from scripts.train import train_block
from scripts.training.derivatives import check_derivative
from tests.training.test_train import settings


class Cube(Activation):
    def function(self, x):
        return x**3

    def derivative(self, x):
        return 3 * x**2


class SlightlyWrong(Cube):
    def derivative(self, x):
        return 3.00001 * x**2


class WrongBelow(Cube):
    """Right but for the points below −5."""

    def derivative(self, x):
        return torch.where(x < -5, 0, 3 * x**2)


class Nan(Cube):
    def derivative(self, x):
        return x * torch.nan


class ForgetsTheGradient(Cube):
    def backward(self, gradient):
        return super().backward(torch.ones_like(gradient))


class OverwritesItsInput(Tanh):
    """The mistake of the published code."""

    def function(self, x):
        return x.tanh_()


@pytest.mark.parametrize("name", by_name())
def test_every_activation_has_its_own_derivative_or_says_that_it_has_not(name):
    check_derivative(by_name()[name])


def test_a_right_derivative_passes():
    check_derivative(Cube)


@pytest.mark.parametrize(
    "wrong", [SlightlyWrong, WrongBelow, Nan, ForgetsTheGradient, OverwritesItsInput]
)
def test_a_wrong_derivative_is_found(wrong):
    with pytest.raises(StudyError, match=f": {wrong.__name__}: wrong derivative at x = "):
        check_derivative(wrong)


def test_the_message_says_where_what_and_what_is_right():
    with pytest.raises(StudyError) as caught:
        check_derivative(WrongBelow)
    assert str(caught.value) == (
        "tests/training/test_derivatives.py: WrongBelow: wrong derivative at x = -5.03: "
        "got 0, expected 75.9027 (by finite differences)"
    )


def test_only_the_published_tanh_is_wrong_on_purpose(monkeypatch):
    declared = [name for name, item in by_name().items() if hasattr(item, "wrong_on_purpose")]
    assert declared == ["publishedtanh"]
    monkeypatch.delattr(PublishedTanh, "wrong_on_purpose")
    with pytest.raises(StudyError, match="PublishedTanh: wrong derivative at x = "):
        check_derivative(PublishedTanh)


@pytest.mark.parametrize(
    ("block", "substitute"),
    [
        (Block("p", "relu", "identity", 0, 0), {}),
        (Block("p", "tanh", "relu", 0, 0), {}),
        (Block("p", "tanh", "identity", 0, 0), {"tanh": "relu"}),
    ],
)
def test_no_block_trains_with_a_wrong_derivative(tmp_path, monkeypatch, block, substitute):
    monkeypatch.setattr(ReLU, "derivative", lambda self, x: 1)
    with pytest.raises(StudyError, match=re.escape("framework/activations.py: ReLU")):
        train_block(settings(substitute=substitute), block, tmp_path)
    assert list(tmp_path.iterdir()) == []
    train_block(settings(), Block("p", "tanh", "identity", 0, 0), tmp_path)  # that trains no ReLU
