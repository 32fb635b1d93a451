"""What activations are called in figures and prose."""


def activation_name(activation):
    """relu → ReLU, selu → SELU; others with a capital."""
    return {"relu": "ReLU", "selu": "SELU"}.get(activation, activation.capitalize())


def group_name(group):
    """A group of claims.csv: "relu-tanh identity" → "ReLU–Tanh (Identity)"."""
    first, *others = ("–".join(map(activation_name, part.split("-"))) for part in group.split())
    return f"{first} ({', '.join(others)})" if others else first
