"""The names of activations and comparisons in figures and prose."""

from collections.abc import Callable, Sequence

from scripts.study.config import activation_classes


def activation_name(activation: str) -> str:
    """Return an activation's name, that of its class: ReLU for relu, Tanh for tanh."""
    names = {name.lower(): name for name in activation_classes()}
    return names.get(activation, activation)


def output_name(activation: str) -> str:
    """Return the name of an output activation: "Sigmoid output", or "no output activation"."""
    if activation == "identity":
        return "no output activation"
    return f"{activation_name(activation)} output"


def comparison_names(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return the name of each (comparison, output) of a claim.

    It is "ReLU–Tanh" if all outputs are the same, and otherwise "ReLU–Tanh (Sigmoid output)".
    """
    comparisons = [_joined(comparison, activation_name) for comparison, _ in rows]
    if len({output for _, output in rows}) == 1:
        return comparisons
    outputs = [_joined(output, output_name) for _, output in rows]
    return [f"{one} ({two})" for one, two in zip(comparisons, outputs, strict=True)]


def first_names(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return the name of the first runs in each (comparison, output): "ReLU (Sigmoid output)"."""
    return comparison_names([(comparison.split("-")[0], output) for comparison, output in rows])


def _joined(activations: str, name: Callable[[str], str]) -> str:
    return "–".join(name(activation) for activation in activations.split("-"))
