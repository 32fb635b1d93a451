"""Fig. 2: the test accuracy of every run."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from scripts.plots.style import COLOURS, MARKERS, grid, output_name, rows_of
from scripts.study.layout import DRAWN_SEEDS
from scripts.study.names import activation_name
from scripts.tables.io import read_table

READS = ["results/runs.csv", "results/summary.csv"]

BEST = 0.9995  # where a run without errors is drawn, since 0 has no logarithm
TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998]


def accuracy_of_runs(runs: pd.DataFrame, summary: pd.DataFrame, protocols: dict) -> Figure:
    """Return Fig. 2: the test accuracy of every run and the medians, one panel for each protocol.

    The axis is logarithmic in the error, 1 − accuracy, so that 0.98 and 0.99 are well separated.

    Args:
        runs: The runs that are drawn.
        summary: The table of medians, which may cover more seeds than are drawn.
        protocols: The settings by protocol.
    """
    figure, panels = grid(len(protocols), min(len(protocols), 3), 2.3, sharey=True)
    for panel, (protocol, settings) in zip(panels.flat, protocols.items(), strict=False):
        hidden, outputs = settings["hidden"], settings["output"]
        for i, activation in enumerate(hidden):
            for j, output in enumerate(outputs):
                centre = i + (j - (len(outputs) - 1) / 2) * 0.8 / len(outputs)
                label = output_name(output) if i == 0 else None
                accuracy = rows_of(runs, protocol, activation, output)["test_accuracy"]
                _draw_runs(panel, centre, accuracy.dropna(), j, label)
                cell = rows_of(summary, protocol, activation, output)["test_accuracy_median"]
                _draw_median(panel, centre, cell.item())
        panel.set(yscale="log", title=protocol)
        panel.set_xticks(range(len(hidden)), [activation_name(name) for name in hidden])
        panel.set_xlim(-0.6, len(hidden) - 0.4)
        panel.set_yticks([1 - tick for tick in TICKS], [f"{tick:g}" for tick in TICKS])
        panel.yaxis.set_minor_locator(NullLocator())
        panel.grid(axis="y", linewidth=0.3, color="0.85")
    panels[0][0].set_ylabel("test accuracy")
    panels[0][0].invert_yaxis()  # all panels share this axis
    panels[0][0].legend(loc="best", handletextpad=0.1)
    return figure


def _draw_runs(panel: Axes, centre: float, accuracy: pd.Series, j: int, label: str | None) -> None:
    panel.plot(
        centre + np.linspace(-0.12, 0.12, len(accuracy)),
        1 - accuracy.clip(upper=BEST),
        MARKERS[j % len(MARKERS)],
        color=COLOURS[j % len(COLOURS)],
        fillstyle="none",
        markersize=2.6,
        markeredgewidth=0.6,
        label=label,
    )


def _draw_median(panel: Axes, centre: float, median: float) -> None:
    if np.isfinite(median):
        error = 1 - min(median, BEST)
        panel.hlines(error, centre - 0.18, centre + 0.18, "0", linewidth=1.4, zorder=3)


def draw(settings: dict, main_protocol: str) -> Figure:
    """Return the figure of all protocols, from the tables.

    The runs of the first DRAWN_SEEDS seeds are drawn; the medians are those of all seeds.
    """
    runs = read_table("runs", "results/runs.csv")
    summary = read_table("summary", "results/summary.csv")
    return accuracy_of_runs(runs[runs["seed"] < DRAWN_SEEDS], summary, settings)
