"""What activations and comparisons are called in figures and prose."""

import pytest

from scripts.study.names import activation_name, comparison_names


@pytest.mark.parametrize(
    ("activation", "name"),
    [("relu", "ReLU"), ("selu", "SELU"), ("tanh", "Tanh"), ("publishedtanh", "PublishedTanh")],
)
def test_an_activation_is_called_as_its_class_is(activation, name):
    assert activation_name(activation) == name


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([], []),
        ([("relu", "sigmoid")], ["ReLU"]),
        ([("relu-tanh", "sigmoid"), ("selu-tanh", "sigmoid")], ["ReLU–Tanh", "SELU–Tanh"]),
        ([("relu", "sigmoid-identity"), ("tanh", "sigmoid-identity")], ["ReLU", "Tanh"]),
        (
            [("relu-tanh", "identity"), ("relu-tanh", "sigmoid")],
            ["ReLU–Tanh (no output activation)", "ReLU–Tanh (Sigmoid output)"],
        ),
        (
            [("tanh", "sigmoid-identity"), ("relu", "identity")],
            ["Tanh (Sigmoid output–no output activation)", "ReLU (no output activation)"],
        ),
    ],
)
def test_a_comparison_is_named_by_its_activations_and_its_output_where_that_differs(rows, names):
    assert comparison_names(rows) == names
