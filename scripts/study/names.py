"""What activations are called in figures and prose."""


def activation_name(activation):
    """relu → ReLU, selu → SELU; others with a capital."""
    return {"relu": "ReLU", "selu": "SELU"}.get(activation, activation.capitalize())


def comparison_names(rows):
    """What each (comparison, output) of a claim is called: "ReLU–Tanh", and "ReLU–Tanh (Sigmoid)"
    where the outputs differ.
    """
    names = [["–".join(map(activation_name, part.split("-"))) for part in row] for row in rows]
    if len({output for _, output in rows}) == 1:
        return [hidden for hidden, _ in names]
    return [f"{hidden} ({output})" for hidden, output in names]
