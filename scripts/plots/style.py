"""The style and the parts that all figures share."""

import math
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.study.files import replacing
from scripts.study.layout import FIGURE_FORMATS
from scripts.study.names import activation_name

matplotlib.use("agg")
PAGE = 7.16  # width of the text in IEEE's layout, inches
# Okabe and Ito's colours, for colour-blind readers; the dashes are for black and white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
DASHES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (8, 3))]
MARKERS = "osD^vP*"
STYLE: dict = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "savefig.dpi": 200,
    "svg.hashsalt": "the same ids in each run",
    "pdf.fonttype": 42,
}
VARYING_METADATA = {  # {format: the fields that hold a date or a software version}
    "svg": ["Date", "Creator"],
    "pdf": ["CreationDate", "Creator", "Producer"],
    "png": ["Software"],
}


def output_name(activation: str) -> str:
    """Return how figures call an output activation."""
    if activation == "identity":
        return "no output activation"
    return f"{activation_name(activation)} output"


def grid(count: int, across: int, height: float, sharey: bool = False) -> tuple[Figure, np.ndarray]:
    """Return a figure and its panels, an array of rows; the last row may be short.

    Args:
        count: The number of panels.
        across: The number of panels in a row.
        height: The height of a row, in inches.
        sharey: Whether all panels share the vertical axis.
    """
    down = math.ceil(count / across)
    size = (PAGE, height * down)
    figure, panels = plt.subplots(
        down, across, figsize=size, squeeze=False, layout="constrained", sharey=sharey
    )
    for panel in panels.flat[count:]:
        panel.remove()
    return figure, panels


def median_and_quartiles(
    panel: Axes,
    x: pd.Series,
    median: pd.Series,
    q25: pd.Series,
    q75: pd.Series,
    i: int,
    hidden: str,
) -> None:
    """Draw the i-th line of a panel, a median, in the band between the quartiles."""
    colour, dashes = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
    panel.fill_between(x, q25, q75, color=colour, alpha=0.2, linewidth=0)
    panel.plot(x, median, label=activation_name(hidden), color=colour, linestyle=dashes)


def rows_of(table: pd.DataFrame, protocol: str, hidden: str, output: str) -> pd.DataFrame:
    """Return the rows of a combination."""
    of_network = (table["hidden"] == hidden) & (table["output"] == output)
    return table[(table["protocol"] == protocol) & of_network]


def save(figure: Figure, name: str, folder: Path = Path("results/figures")) -> None:
    """Write a figure in each format, and close it.

    The bytes are the same each time: the files hold no date and no software version.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the layout is computed once, for all formats
    for form in FIGURE_FORMATS:
        with replacing(folder / f"{name}.{form}") as path:
            figure.savefig(path, format=form, metadata=dict.fromkeys(VARYING_METADATA[form]))
    plt.close(figure)
