"""The study's data sets by name, and what each seed draws from them."""

import math
from collections.abc import Iterable, Iterator

import torch

RADIUS_SQUARED = 1 / (2 * math.pi)  # of a disk that covers half of the square
DATA, WEIGHTS, BATCHES = range(3)  # the purposes of a seed's random streams
STREAMS_PER_SEED = 8  # leaves room for new purposes without a change to the present streams


def stream(seed: int, purpose: int) -> torch.Generator:
    """Return the random generator of one seed for one purpose; no two pairs share one."""
    return torch.Generator().manual_seed(STREAMS_PER_SEED * seed + purpose)


def disk(points: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points uniform in [0, 1]² and whether they lie in a disk around (½, ½).

    The points have shape (points, 2), the labels (points, 1), both in double precision. A label is
    1 inside the disk and 0 outside.
    """
    x = torch.rand(points, 2, generator=generator, dtype=torch.float64)
    inside = ((x - 0.5) ** 2).sum(-1, keepdim=True) < RADIUS_SQUARED
    return x, inside.to(x.dtype)


def moons(points: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return noisy points on two interleaved half-circles, and on which of them each lies.

    The upper moon, label 0, is (cos θ, sin θ), the lower one, label 1, is (1 − cos θ, ½ − sin θ),
    with θ uniform in [0, π]. The noise is Gaussian with a standard deviation of 0.1. Points are
    scaled so that they lie in [0, 1]² except for the noise. Shapes and precision are those of
    `disk`.
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


def draw(
    settings: dict, seed: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the training points and labels, and the test points and labels, of one seed.

    The points have shape (points, 2), the labels (points, 1).
    """
    generator = stream(0 if settings["draw"] == "shared" else seed, DATA)
    dataset = DATASETS[settings["dataset"]]
    x, t = dataset(settings["points"], generator)
    x_test, t_test = dataset(settings["points"], generator)
    return scaled(settings, x, x), t, scaled(settings, x_test, x), t_test


def scaled(settings: dict, points: torch.Tensor, training: torch.Tensor) -> torch.Tensor:
    """Return points as the network gets them, standardised by the training points or raw."""
    if settings["inputs"] == "raw":
        return points
    return (points - training.mean()) / training.std()


def draw_replicas(settings: dict, seeds: Iterable[int]) -> list[torch.Tensor]:
    """Return what `draw` returns for each seed, stacked along a new first dimension.

    For R seeds, the shapes are (R, points, 2) and (R, points, 1), for training and for test.
    """
    draws = [draw(settings, seed) for seed in seeds]
    return [torch.stack(parts) for parts in zip(*draws, strict=True)]


def orders(settings: dict, seeds: Iterable[int]) -> Iterator[torch.Tensor]:
    """Yield, for each epoch, the order in which each replica sees its points: (R, points).

    Each replica shuffles with its own stream, once if the order is fixed, and otherwise before
    each epoch.
    """
    generators = [stream(seed, BATCHES) for seed in seeds]
    order = None
    for _ in range(settings["epochs"]):
        if order is None or settings["batch_order"] == "shuffled":
            shuffles = [torch.randperm(settings["points"], generator=g) for g in generators]
            order = torch.stack(shuffles)
        yield order
