"""A state is the parameters of a module by name, to be saved and loaded again."""

import torch


def mismatches(own: dict[str, torch.Tensor], given: dict[str, torch.Tensor]) -> list[str]:
    """Return a sentence for each way in which a given state does not fit a module's own."""
    missing = [name for name in own if name not in given]
    faults = [f"the state lacks {name}" for name in missing]
    for name, value in given.items():
        if name not in own:
            nearest = max(missing, key=lambda own: letters_in_common(str(name), own), default=None)
            hint = f", the nearest is {nearest}" if nearest else ""
            faults.append(f"there is no parameter {name}{hint}")
        elif not isinstance(value, torch.Tensor):
            faults.append(f"{name} must be a tensor, the state has a {type(value).__name__}")
        elif value.shape != own[name].shape:
            shapes = f"{tuple(own[name].shape)}, the state has {tuple(value.shape)}"
            faults.append(f"{name} must have the shape {shapes}")
        elif value.dtype != own[name].dtype:
            faults.append(f"{name} must be {own[name].dtype}, the state has {value.dtype}")
    return faults or contradictions(own, given)


def contradictions(own: dict[str, torch.Tensor], given: dict[str, torch.Tensor]) -> list[str]:
    """Return a sentence for each parameter that has two names, and two values in a given state."""
    faults = []
    for name, parameter in own.items():
        first = next(other for other in own if own[other] is parameter)
        same = first == name or given[name].allclose(given[first], rtol=0, atol=0, equal_nan=True)
        if not same:
            faults.append(f"{first} and {name} are one parameter, the state has two values")
    return faults


def letters_in_common(a: str, b: str) -> int:
    """Return at how many places two names agree, counted from the front plus from the end."""
    from_front = sum(x == y for x, y in zip(a, b, strict=False))
    from_end = sum(x == y for x, y in zip(reversed(a), reversed(b), strict=False))
    return from_front + from_end
