"""What one network of each hidden activation has learned, after some epochs."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from scripts.plots import style
from scripts.study.config import protocols
from scripts.study.names import activation_name
from scripts.tables.io import read_table

READS = ["results/boundaries.csv"]

RADIUS = 1 / math.sqrt(2 * math.pi)  # of the disk
LEVELS = np.linspace(0, 1, 11)
TRUE = {  # {data set: the boundary between its labels}, where that is a simple shape
    "disk": lambda: Circle((0.5, 0.5), RADIUS, fill=False, linewidth=0.5),
}


def boundaries_by_epoch(table: pd.DataFrame, config: dict) -> Figure:
    """Return the figure: a row for each hidden activation, a column for each epoch.

    The deeper the colour, the surer is the network of label 1. The thick line is where it changes
    its answer, the thin one where it should.
    """
    settings = protocols(config)[config["main"]]
    colours = style.hidden_colours(config, config["main"])
    main, output = config["main"], settings["output"][-1]
    table = table[(table["protocol"] == main) & (table["output"] == output)]
    epochs = sorted(table["epoch"].unique()) or [settings["epochs"]]
    height = 1.15 + 0.6 / len(colours)  # a square, and a part of the key below
    figure, panels = style.grid(len(colours) * len(epochs), len(epochs), height)
    figure.set_layout_engine("compressed")  # which leaves no gaps between square panels
    for (hidden, colour), row in zip(colours.items(), panels, strict=True):
        shades = LinearSegmentedColormap.from_list(hidden, ["white", colour])
        own = table[table["hidden"] == hidden]
        seeds = ", ".join(map(str, own["seed"].unique()))
        row[0].set_ylabel(f"{activation_name(hidden)}\nseed {seeds}")
        for panel, epoch in zip(row, epochs, strict=True):
            _draw_network(panel, own[own["epoch"] == epoch], shades)
            panel.set(aspect="equal", xlim=(0, 1), ylim=(0, 1), xticks=[0, 1], yticks=[0, 1])
            panel.label_outer(remove_inner_ticks=True)
            panel.spines[:].set_visible(True)
            if settings["dataset"] in TRUE:
                panel.add_patch(TRUE[settings["dataset"]]())
    for panel, epoch in zip(panels[0], epochs, strict=True):
        panel.set_title(f"epoch {epoch}")
    key = [Line2D([], [], color="0", label="output ½, the network's boundary")]
    if settings["dataset"] in TRUE:
        key.append(Line2D([], [], color="0", linewidth=0.5, label="the true boundary"))
    style.legend(figure, key)
    return figure


def _draw_network(panel: Axes, points: pd.DataFrame, shades: LinearSegmentedColormap) -> None:
    surface = points.dropna().pivot(index="y", columns="x", values="prediction")
    if surface.empty:
        panel.text(0.5, 0.5, "no values", ha="center", va="center")
        return
    grid = surface.columns, surface.index, surface.to_numpy()
    filled = panel.contourf(*grid, levels=LEVELS, cmap=shades, vmin=0, vmax=1, extend="both")
    filled.set_edgecolor("face")  # or hairlines show between the levels
    filled.set_linewidth(0.2)
    if surface.min(axis=None) < 0.5 < surface.max(axis=None):  # matplotlib warns otherwise
        panel.contour(*grid, levels=[0.5], colors="0", linewidths=1.2)


def draw(config: dict) -> Figure:
    """Return the figure, from the table."""
    return boundaries_by_epoch(read_table("boundaries", "results/boundaries.csv"), config)
