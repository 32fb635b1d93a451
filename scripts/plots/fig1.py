"""Fig. 1: the training loss by epoch."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from scripts.plots.style import grid, median_and_quartiles, output_name, rows_of
from scripts.tables.io import read_table

READS = ["results/losses.csv"]


def losses_by_epoch(losses: pd.DataFrame, protocol: str, settings: dict) -> Figure:
    """Return Fig. 1: the training loss of a protocol by epoch, one panel for each output.

    A line is the median over the seeds; the band around it holds the middle half of them.
    """
    outputs = settings["output"]
    figure, panels = grid(len(outputs), len(outputs), 2.5, sharey=True)
    for panel, output in zip(panels[0], outputs, strict=True):
        panel.set(yscale="log", xlabel="epoch", title=output_name(output))
        for i, hidden in enumerate(settings["hidden"]):
            rows = rows_of(losses, protocol, hidden, output)
            median_and_quartiles(
                panel, rows["epoch"], rows["median"], rows["q25"], rows["q75"], i, hidden
            )
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.margins(x=0.01)
    panels[0][0].set_ylabel("training loss")
    panels[0][0].legend(loc="lower left", handlelength=3.2)
    return figure


def draw(settings: dict, main_protocol: str) -> Figure:
    """Return the figure of the main protocol, from the tables."""
    losses = read_table("losses", "results/losses.csv")
    return losses_by_epoch(losses, main_protocol, settings[main_protocol])
