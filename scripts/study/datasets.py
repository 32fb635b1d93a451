"""The data sets, by name, and what a seed draws from them."""

import math

import torch

RADIUS_SQUARED = 1 / (2 * math.pi)  # of a disk that covers half of the square
DATA, WEIGHTS, BATCHES = range(3)  # what a seed's random streams are for
STREAMS_PER_SEED = 8  # room for more, so that a new one leaves the old ones as they are


def stream(seed, purpose):
    """The random generator of one seed for one purpose: a generator of its own for each pair."""
    return torch.Generator().manual_seed(STREAMS_PER_SEED * seed + purpose)


def disk(points, generator):
    """Points uniform in [0, 1]², (points, 2), and labels (points, 1), in double precision.

    A label is 1 inside the disk around (½, ½), else 0.
    """
    x = torch.rand(points, 2, generator=generator, dtype=torch.float64)
    inside = ((x - 0.5) ** 2).sum(-1, keepdim=True) < RADIUS_SQUARED
    return x, inside.to(x.dtype)


def moons(points, generator):
    """Points on two interleaved half-circles, with Gaussian noise, and which of them (as `disk`).

    The upper moon, label 0, is (cos θ, sin θ), the lower one (1 − cos θ, ½ − sin θ), with θ uniform
    in [0, π]; the noise has a standard deviation of 0.1. Scaled into [0, 1]², but for the noise.
    """
    angle = math.pi * torch.rand(points, generator=generator, dtype=torch.float64)
    lower = torch.rand(points, generator=generator, dtype=torch.float64) < 0.5
    upper_moon = torch.stack([angle.cos(), angle.sin()], dim=1)
    lower_moon = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
    x = torch.where(lower.unsqueeze(1), lower_moon, upper_moon)
    x = x + 0.1 * torch.randn(points, 2, generator=generator, dtype=torch.float64)
    x = (x + torch.tensor([1.0, 0.5])) / torch.tensor([3.0, 1.5])
    return x, lower.unsqueeze(1).to(x.dtype)


DATASETS = {"disk": disk, "moons": moons}


def draw(settings, seed):
    """Training points and labels, test points and labels, as a protocol has them for one seed."""
    generator = stream(0 if settings["data"] == "shared" else seed, DATA)
    dataset = DATASETS[settings["dataset"]]
    x, t = dataset(settings["points"], generator)
    x_test, t_test = dataset(settings["points"], generator)
    if settings["inputs"] == "standardised":
        mean, sd = x.mean(), x.std()
        x, x_test = (x - mean) / sd, (x_test - mean) / sd
    return x, t, x_test, t_test


def draw_replicas(settings, seeds):
    """`draw` for each seed, stacked: (R, points, 2) and (R, points, 1), twice."""
    return [torch.stack(parts) for parts in zip(*(draw(settings, s) for s in seeds), strict=True)]


def orders(settings, seeds):
    """For each epoch, the order in which each replica sees its points: (R, points).

    Each replica shuffles with its own stream: anew each epoch, or once where the order is fixed.
    """
    generators = [stream(seed, BATCHES) for seed in seeds]
    order = None
    for _ in range(settings["epochs"]):
        if order is None or settings["batch_order"] == "shuffled":
            shuffles = [torch.randperm(settings["points"], generator=g) for g in generators]
            order = torch.stack(shuffles)
        yield order
