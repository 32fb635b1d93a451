"""The test accuracy of every run, under the main protocol and those beside it."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.plots import style
from scripts.study.layout import DRAWN_SEEDS
from scripts.study.names import activation_name
from scripts.tables.io import read_table

READS = ["results/runs.csv", "results/summary.csv"]


def accuracy_of_runs(runs: pd.DataFrame, summary: pd.DataFrame, config: dict) -> Figure:
    """Return the figure: every run and the medians, one panel for each protocol.

    Args:
        runs: The runs that are drawn.
        summary: The table of medians, which may cover more seeds than are drawn.
        config: The study's config.
    """
    main = config["main"]
    markers = style.protocol_markers(config)
    colours, fills = style.hidden_colours(config, main), style.output_fills(config, main)
    down = math.ceil(len(markers) / 4)
    across = math.ceil(len(markers) / down)
    figure, panels = style.grid(len(markers), across, 2.3, sharey=True)
    for panel, (protocol, marker) in zip(panels.flat, markers.items(), strict=False):
        style.accuracy_axis(panel)
        for i, (hidden, colour) in enumerate(colours.items()):
            for j, (output, fill) in enumerate(fills.items()):
                centre = i + (j - (len(fills) - 1) / 2) * 0.8 / len(fills)
                network = protocol, hidden, output
                accuracy = style.rows_of(runs, *network)["test_accuracy"].dropna()
                places = centre + 0.6 / len(fills) * np.linspace(-0.5, 0.5, len(accuracy) + 2)[1:-1]
                look = style.marker_look(colour, fill, marker)
                panel.plot(places, style.error_of(accuracy), markersize=2.8, **look)
                median = style.rows_of(summary, *network)["test_accuracy_median"]
                _draw_median(panel, centre, 0.36 / len(fills), style.error_of(median).item())
        panel.set_title(style.wrapped_name(protocol, style.PAGE / across))
        panel.set_xticks(range(len(colours)), map(activation_name, colours))
        panel.set_xlim(-0.6, len(colours) - 0.4)
    for panel in panels[:, 0]:
        panel.set_ylabel("test accuracy")
    key = style.key_of_fills(fills) if len(fills) > 1 else []
    style.legend(figure, key + style.key_of_more(config, "results/runs.csv"))
    return figure


def _draw_median(panel: Axes, centre: float, half: float, error: float) -> None:
    if np.isfinite(error):
        panel.hlines(error, centre - half, centre + half, "0", linewidth=1.4, zorder=3)


def draw(config: dict) -> Figure:
    """Return the figure, from the tables.

    The runs of the first DRAWN_SEEDS seeds are drawn; the medians are those of all seeds.
    """
    runs = read_table("runs", "results/runs.csv")
    summary = read_table("summary", "results/summary.csv")
    return accuracy_of_runs(runs[runs["seed"] < DRAWN_SEEDS], summary, config)
