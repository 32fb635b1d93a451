"""The study's data: points in the unit square, labelled by whether a disk holds them."""

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


def draw(settings, seed):
    """Training points and labels, test points and labels, as a protocol has them for one seed."""
    generator = stream(0 if settings["data"] == "shared" else seed, DATA)
    x, t = disk(settings["points"], generator)
    x_test, t_test = disk(settings["points"], generator)
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
