"""Check the derivative of an activation by finite differences, before a network trains with it."""

import inspect
from pathlib import Path

import torch

from framework import Activation
from scripts.study.errors import StudyError
from scripts.study.project import ROOT

POINTS = torch.linspace(-5.03, 5.07, 22, dtype=torch.float64)  # not at 0, 1, 3 …: kinks lie there
STEP = 1e-6
GRADIENT = 3.0  # of the loss by the output; any number but 0 and 1


def check_derivative(activation: type[Activation]) -> None:
    """Check that `backward` multiplies a gradient by the slope of `forward`.

    An activation that is meant to have another derivative says which in `wrong_on_purpose`, and is
    not checked.

    Raises:
        StudyError: At the first point where they differ.
    """
    if hasattr(activation, "wrong_on_purpose"):
        return
    module = activation()
    right = (module(POINTS + STEP) - module(POINTS - STEP)) / (2 * STEP)
    module(POINTS.clone())  # in case it changes its input
    slopes = module.backward(torch.full_like(POINTS, GRADIENT)) / GRADIENT
    for x, slope, wanted in zip(POINTS, slopes, right, strict=True):
        if not torch.isclose(slope, wanted, rtol=1e-6, atol=1e-8):
            file = Path(inspect.getfile(activation)).relative_to(ROOT)
            raise StudyError(
                f"{file}: {activation.__name__}: wrong derivative at x = {x:.8g}: "
                f"got {slope:.8g}, expected {wanted:.8g} (by finite differences)"
            )
