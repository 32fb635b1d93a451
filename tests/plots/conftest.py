"""What all tests of figures need."""

import warnings

import matplotlib.pyplot as plt
import pytest

from scripts.plots.style import styled


@pytest.fixture(autouse=True)
def style():
    """The style of figures; a warning of matplotlib is an error."""
    with styled(), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")
