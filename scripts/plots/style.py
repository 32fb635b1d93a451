"""What all figures share."""

import math
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from scripts.study.files import replacing
from scripts.study.layout import FIGURE_FORMATS
from scripts.study.names import activation_name

matplotlib.use("agg")
PAGE = 7.16  # width of the text in IEEE's layout, inches
# Okabe & Ito's colours, which colour-blind readers can tell apart; dashes do the same in print.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
DASHES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (8, 3))]
MARKERS = "osD^vP*"
STYLE = {
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
OF_THE_HOUR = {  # {format: what it would say of the hour and the software}
    "svg": ["Date", "Creator"],
    "pdf": ["CreationDate", "Creator", "Producer"],
    "png": ["Software"],
}


def output_name(activation):
    return (
        "no output activation"
        if activation == "identity"
        else f"{activation_name(activation)} output"
    )


def grid(count, across, height, **options):
    """A figure of as many panels, in rows of a height in inches; the last row may be short."""
    down = math.ceil(count / across)
    figure, panels = plt.subplots(
        down, across, figsize=(PAGE, height * down), squeeze=False, layout="constrained", **options
    )
    for panel in panels.flat[count:]:
        panel.remove()
    return figure, panels


def median_and_half(panel, x, median, q25, q75, i, hidden):
    """A line, the i-th of its panel, in the band of the middle half of the seeds."""
    colour, dashes = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
    panel.fill_between(x, q25, q75, color=colour, alpha=0.2, linewidth=0)
    panel.plot(x, median, label=activation_name(hidden), color=colour, linestyle=dashes)


def rows_of(table, protocol, hidden, output):
    here = (table["protocol"] == protocol) & (table["hidden"] == hidden)
    return table[here & (table["output"] == output)]


def save(figure, name, folder=Path("results/figures")):
    """The same bytes each time: no date, no version of the software."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for all three
    for form in FIGURE_FORMATS:
        with replacing(folder / f"{name}.{form}") as path:
            figure.savefig(path, format=form, metadata=dict.fromkeys(OF_THE_HOUR[form]))
    plt.close(figure)
