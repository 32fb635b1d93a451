"""The style and the parts that all figures share.

In every figure, a colour stands for a hidden activation, a dash or a marker's filling for an output
activation, and a marker's shape for a protocol. What they stand for is said outside the panels.
"""

import itertools
import math
import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import (
    FixedFormatter,
    FixedLocator,
    LogLocator,
    NullFormatter,
    NullLocator,
)

from scripts.study.config import protocols
from scripts.study.files import replacing
from scripts.study.layout import FIGURE_FORMATS, beside_main
from scripts.study.names import activation_name, output_name

matplotlib.use("agg")
PAGE = 7.16  # width of the text in IEEE's layout, inches
TALLEST = 8.8  # a figure and its caption fit on a page, inches
# Okabe and Ito's colours, for colour-blind readers, and a grey.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]
DASHES = ["-", (0, (4, 1.2)), (0, (1, 1)), (0, (6, 1.2, 1, 1.2)), (0, (6, 1.2, 1, 1.2, 1, 1.2))]
FILLS = ["full", "none", "left", "bottom", "right", "top"]
MARKERS = "osD^vP*X"
STYLE: dict = {
    "font.family": ["STIXGeneral", "DejaVu Sans"],  # the second has signs that the first lacks
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "savefig.dpi": 200,
    "svg.hashsalt": "the same ids in each run",
    "pdf.fonttype": 42,
}
VARYING_METADATA = {  # {format: the fields that hold a date or a software version}
    "svg": ["Date", "Creator"],
    "pdf": ["CreationDate", "Creator", "Producer"],
    "png": ["Software"],
}
LONGEST_NAME = 36  # signs of a protocol's name
BEST = 0.9995  # where an accuracy without errors is drawn, since 0 has no logarithm
ACCURACIES = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998]


def styled() -> AbstractContextManager:
    """Return a context in which figures have this style, whatever the user's matplotlibrc says."""
    return plt.style.context(STYLE, after_reset=True)


def hidden_colours(config: dict, protocol: str | None = None) -> dict[str, str]:
    """Return the colour of each hidden activation, of all protocols or of one."""
    return _looks(config, protocol, "hidden", COLOURS)


def output_dashes(config: dict, protocol: str | None = None) -> dict[str, Any]:
    """Return the dash of each output activation, of all protocols or of one."""
    return _looks(config, protocol, "output", DASHES)


def output_fills(config: dict, protocol: str | None = None) -> dict[str, str]:
    """Return how the markers of each output activation are filled, of all protocols or of one."""
    return _looks(config, protocol, "output", FILLS)


def _looks(config: dict, protocol: str | None, place: str, styles: Sequence) -> dict[str, Any]:
    # A name has the same look in all figures. The main protocol's come first, its last output first
    # of all: figures of one output show that one, and a line of its own should be solid.
    every = protocols(config)
    of_main = every[config["main"]][place]
    lists = [of_main if place == "hidden" else of_main[::-1]]
    lists += [settings[place] for settings in every.values()]
    names = dict.fromkeys(itertools.chain.from_iterable(lists))
    looks = dict(zip(names, itertools.cycle(styles), strict=False))
    return {name: looks[name] for name in every[protocol][place]} if protocol else looks


def protocol_markers(config: dict) -> dict[str, str]:
    """Return the marker of the main protocol and of those beside it.

    Only as many protocols are shown as there are markers.
    """
    return dict(zip(beside_main(config), MARKERS, strict=False))


def protocol_name(protocol: str) -> str:
    """Return a protocol's name; if it is very long, its middle is left out."""
    if len(protocol) <= LONGEST_NAME:
        return protocol
    half = (LONGEST_NAME - 1) // 2
    return f"{protocol[:half]}…{protocol[-half:]}"


def wrapped_name(protocol: str, width: float) -> str:
    """Return a protocol's name in lines that fit into a width, in inches."""
    return textwrap.fill(protocol_name(protocol), max(8, int(width / 0.065)))


def grid(count: int, across: int, height: float, **shared: Any) -> tuple[Figure, np.ndarray]:
    """Return a figure and its panels, an array of rows; the last row may be short.

    Args:
        count: The number of panels.
        across: The number of panels in a row.
        height: The height of a row, in inches; less if the figure would not fit on a page.
        shared: The axes that panels share: sharex or sharey, as in plt.subplots.
    """
    down = math.ceil(count / across)
    size = (PAGE, min(height * down, TALLEST))
    figure, panels = plt.subplots(
        down, across, figsize=size, squeeze=False, layout="constrained", **shared
    )
    for panel in panels.flat[count:]:
        panel.remove()
    return figure, panels


def median_and_quartiles(
    panel: Axes, x: pd.Series, quartiles: Sequence[pd.Series], colour: Any, dash: Any
) -> None:
    """Draw a line at the median in the band between the quartiles: median, lower, upper."""
    median, q25, q75 = quartiles
    panel.fill_between(x, q25, q75, color=colour, alpha=0.2, linewidth=0)
    panel.plot(x, median, color=colour, linestyle=dash)


def loss_axis(panel: Axes) -> None:
    """Make the vertical axis of an empty panel one of losses, on a logarithmic scale.

    What is drawn before leaves linear limits, which have no logarithm if nothing is finite.
    """
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_formatter(NullFormatter())


def error_of(accuracy: pd.Series) -> pd.Series:
    """Return where accuracies are drawn on an `accuracy_axis`."""
    return 1 - accuracy.clip(upper=BEST)


def accuracy_axis(panel: Axes) -> None:
    """Make the vertical axis of an empty panel one of accuracies, logarithmic in 1 − accuracy.

    So 0.98 and 0.99 are well separated. The best is at the top.
    """
    panel.set_yscale("log")
    if not panel.yaxis.get_inverted():  # by another panel that shares the axis
        panel.yaxis.set_inverted(True)
    panel.yaxis.set_major_locator(FixedLocator([1 - share for share in ACCURACIES]))
    panel.yaxis.set_major_formatter(FixedFormatter([f"{share:g}" for share in ACCURACIES]))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.grid(axis="y", linewidth=0.3, color="0.85")


def key_of_hidden(colours: dict[str, str]) -> list[Line2D]:
    """Return the entries of a legend that say which colour is which hidden activation."""
    return [
        Line2D([], [], color=colour, linewidth=4, label=activation_name(name))
        for name, colour in colours.items()
    ]


def key_of_dashes(dashes: dict[str, Any]) -> list[Line2D]:
    """Return the entries that say which dash is which output activation."""
    return [
        Line2D([], [], color="0.2", linestyle=dash, label=output_name(name))
        for name, dash in dashes.items()
    ]


def key_of_fills(fills: dict[str, str]) -> list[Line2D]:
    """Return the entries that say which filling of a marker is which output activation."""
    return [
        Line2D([], [], label=output_name(name), **marker_look("0.2", fill))
        for name, fill in fills.items()
    ]


def key_of_protocols(markers: dict[str, str]) -> list[Line2D]:
    """Return the entries that say which marker is which protocol."""
    return [
        Line2D([], [], label=protocol_name(name), **marker_look("0.2", "full", marker))
        for name, marker in markers.items()
    ]


def key_of_more(config: dict, table: str) -> list[Line2D]:
    """Return an entry that says how many more protocols are in a table, if not all are shown."""
    more = len(beside_main(config)) - len(MARKERS)
    return [Line2D([], [], linestyle="none", label=f"({more} more: {table})")] if more > 0 else []


def marker_look(colour: str, fill: str, marker: str = "o") -> dict[str, Any]:
    """Return the arguments by which matplotlib draws markers, without a line, in this look."""
    return {
        "marker": marker,
        "color": colour,
        "fillstyle": fill,
        "markerfacecoloralt": "white",
        "markeredgewidth": 0.7,
        "linestyle": "none",
    }


def legend(figure: Figure, entries: Sequence[Line2D]) -> None:
    """Say below the panels what the looks stand for, in as many rows as the names need."""
    widths = [0.5 + 0.06 * len(str(entry.get_label())) for entry in entries]  # inches
    across = len(entries) if sum(widths) < PAGE else max(1, int(PAGE / max(widths)))
    figure.legend(handles=entries, loc="outside lower center", ncols=across, handletextpad=0.5)


def turn_touching_labels(figure: Figure) -> None:
    """Turn the labels of the horizontal axes where they would touch one another."""
    figure.draw_without_rendering()
    for panel in figure.axes:
        if _touching(panel.xaxis):
            panel.tick_params(axis="x", labelrotation=90)


def _touching(axis: Axis) -> bool:
    low, high = sorted(axis.get_view_interval())
    boxes = [
        label.get_window_extent()
        for label in axis.get_ticklabels()
        if label.get_text() and low <= label.get_position()[0] <= high
    ]
    gap = 0.3 * boxes[0].height if boxes else 0
    return any(
        a.x1 + gap > b.x0 for a, b in itertools.pairwise(sorted(boxes, key=attrgetter("x0")))
    )


def rows_of(table: pd.DataFrame, protocol: str, hidden: str, output: str) -> pd.DataFrame:
    """Return the rows of a combination."""
    of_network = (table["hidden"] == hidden) & (table["output"] == output)
    return table[(table["protocol"] == protocol) & of_network]


def save(figure: Figure, name: str, folder: Path = Path("results/figures")) -> None:
    """Write a figure in each format, and close it.

    The bytes are the same each time: the files hold no date and no software version.
    """
    turn_touching_labels(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the layout is computed once, for all formats
    for form in FIGURE_FORMATS:
        with replacing(folder / f"{name}.{form}") as path:
            figure.savefig(path, format=form, metadata=dict.fromkeys(VARYING_METADATA[form]))
    plt.close(figure)
