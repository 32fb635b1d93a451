"""The names of activations and comparisons in figures and prose."""

from collections.abc import Sequence


def activation_name(activation: str) -> str:
    """Return an activation's name: ReLU for relu, SELU for selu, others with a capital."""
    return {"relu": "ReLU", "selu": "SELU"}.get(activation, activation.capitalize())


def comparison_names(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return the name of each (comparison, output) of a claim.

    It is "ReLU–Tanh" if all outputs are the same, and otherwise "ReLU–Tanh (Sigmoid)".
    """
    names = [(_joined_names(comparison), _joined_names(output)) for comparison, output in rows]
    if len({output for _, output in rows}) == 1:
        return [comparison for comparison, _ in names]
    return [f"{comparison} ({output})" for comparison, output in names]


def _joined_names(activations: str) -> str:
    return "–".join(activation_name(activation) for activation in activations.split("-"))
