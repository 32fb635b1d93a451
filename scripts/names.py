"""What activations are called in figures and prose."""


def activation_name(activation):
    """relu → ReLU, selu → SELU; others with a capital."""
    return {"relu": "ReLU", "selu": "SELU"}.get(activation, activation.capitalize())
