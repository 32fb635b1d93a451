"""Fig. 2: the test accuracy of every run."""

import itertools

import numpy as np
from matplotlib.ticker import NullLocator

from scripts.plots.style import COLOURS, MARKERS, grid, output_name, rows_of
from scripts.study.layout import DRAWN_SEEDS
from scripts.study.names import activation_name
from scripts.tables.io import read_table

READS = ["results/runs.csv", "results/summary.csv"]

BEST = 0.9995  # a run without any error is drawn here, for its error has no logarithm
TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998]


def accuracy_of_runs(runs, summary, protocols):
    """Fig. 2: the test accuracy of every run, and the medians; a panel a protocol. Of more than
    DRAWN_SEEDS seeds, the first ones' runs, and the medians of all.

    The axis is logarithmic in the error, 1 − accuracy, so that 0.98 and 0.99 lie apart.
    """
    figure, panels = grid(len(protocols), min(len(protocols), 3), 2.3, sharey=True)
    for panel, (protocol, settings) in zip(panels.flat, protocols.items(), strict=False):
        hidden, outputs = settings["hidden"], settings["output"]
        for i, j in itertools.product(range(len(hidden)), range(len(outputs))):
            accuracy = rows_of(runs, protocol, hidden[i], outputs[j])["test_accuracy"].dropna()
            error = 1 - accuracy.clip(upper=BEST)
            centre = i + (j - (len(outputs) - 1) / 2) * 0.8 / len(outputs)
            spread = np.linspace(-0.12, 0.12, len(error))
            colour = COLOURS[j % len(COLOURS)]
            panel.plot(
                centre + spread,
                error,
                MARKERS[j % len(MARKERS)],
                color=colour,
                fillstyle="none",
                markersize=2.6,
                markeredgewidth=0.6,
                label=output_name(outputs[j]) if i == 0 else None,
            )
            (median,) = rows_of(summary, protocol, hidden[i], outputs[j])["test_accuracy_median"]
            if np.isfinite(median):
                here = [centre - 0.18, centre + 0.18]
                panel.hlines(1 - min(median, BEST), *here, "0", linewidth=1.4, zorder=3)
        panel.set(yscale="log", title=protocol)
        panel.set_xticks(range(len(hidden)), [activation_name(name) for name in hidden])
        panel.set_xlim(-0.6, len(hidden) - 0.4)
        panel.set_yticks([1 - tick for tick in TICKS], [f"{tick:g}" for tick in TICKS])
        panel.yaxis.set_minor_locator(NullLocator())
        panel.grid(axis="y", linewidth=0.3, color="0.85")
    panels[0][0].set_ylabel("test accuracy")
    panels[0][0].invert_yaxis()  # shared by all
    panels[0][0].legend(loc="best", handletextpad=0.1)
    return figure


def draw(settings, main_protocol):
    runs = read_table("runs", "results/runs.csv")
    return accuracy_of_runs(
        runs[runs["seed"] < DRAWN_SEEDS], read_table("summary", "results/summary.csv"), settings
    )
