"""The figures, each drawn from the tables alone, as SVG, PDF and PNG.

    python -m scripts.figures --config JSON

writes results/figures/fig1.*, fig2.* and fig3.*
"""

import argparse
import itertools
import json
import math
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

from scripts import tables
from scripts.errors import reported
from scripts.names import activation_name, group_name
from scripts.predicates import read_claims
from scripts.study import beside_main

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
BEST = 0.9995  # a run without any error is drawn here, for its error has no logarithm
TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998]


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


def losses_by_epoch(losses, protocol, settings):
    """Fig. 1: the median training loss with the middle half of the seeds, a panel an output."""
    outputs = settings["output"]
    figure, panels = grid(len(outputs), len(outputs), 2.5, sharey=True)
    for panel, output in zip(panels[0], outputs, strict=True):
        panel.set(yscale="log", xlabel="epoch", title=output_name(output))
        for i, hidden in enumerate(settings["hidden"]):
            rows = rows_of(losses, protocol, hidden, output)
            look = {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i % len(DASHES)]}
            panel.fill_between(
                rows["epoch"], rows["q25"], rows["q75"], color=look["color"], alpha=0.2, linewidth=0
            )
            panel.plot(rows["epoch"], rows["median"], label=activation_name(hidden), **look)
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.margins(x=0.01)
    panels[0][0].set_ylabel("training loss")
    panels[0][0].legend(loc="lower left", handlelength=3.2)
    return figure


def accuracy_of_runs(runs, protocols):
    """Fig. 2: the test accuracy of every run, and the medians; a panel a protocol.

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
            if len(error):
                panel.hlines(error.median(), centre - 0.18, centre + 0.18, colour, linewidth=1.4)
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


def rows_of(table, protocol, hidden, output):
    here = (table["protocol"] == protocol) & (table["hidden"] == hidden)
    return table[here & (table["output"] == output)]


def save(figure, name, folder=Path("results/figures")):
    """The same bytes each time: no date, no version of the software."""
    folder.mkdir(parents=True, exist_ok=True)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, for all three
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
    figure.savefig(
        folder / f"{name}.pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None}
    )
    figure.savefig(folder / f"{name}.png", metadata={"Software": None})
    plt.close(figure)


def effects(claims, table, protocol_names):
    """Fig. 3: each comparison's effect and interval; a panel a claim, a colour a protocol.

    The grey band is the margin within which a difference does not matter.
    """
    figure, panels = grid(len(claims), 3, 1.9)
    for panel, (name, claim) in zip(panels.flat, claims.items(), strict=False):
        rows = table[(table["claim"] == name) & (table["group"] != "all")]
        groups = list(dict.fromkeys(rows["group"]))[::-1]
        panel.axvspan(-claim["margin"], claim["margin"], color="0.9", linewidth=0)
        panel.axvline(0, color="0.5", linewidth=0.6)
        for i, protocol in enumerate(protocol_names):
            own = rows[rows["protocol"] == protocol]
            shift = (len(protocol_names) - 1) / 2 - i
            panel.errorbar(
                own["effect"],
                [groups.index(group) + 0.22 * shift for group in own["group"]],
                xerr=[own["effect"] - own["ci_low"], own["ci_high"] - own["effect"]],
                fmt=MARKERS[i % len(MARKERS)],
                color=COLOURS[i % len(COLOURS)],
                markersize=3,
                linewidth=0.9,
                label=protocol,
            )
        panel.set_yticks(range(len(groups)), [group_name(group) for group in groups])
        panel.set_ylim(-0.6, len(groups) - 0.4)
        panel.set_title(f"{name}: {expectation(claim)}")
        if claim["scale"] == "ratio":
            panel.xaxis.set_major_locator(MaxNLocator(4))
            panel.xaxis.set_major_formatter(lambda x, _: f"×{math.exp(x):.2g}")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def expectation(claim):
    """What the claim expects of the effect."""
    metric = claim["metric"].replace("_", " ")
    return f"{metric} {'the same' if claim['expected'] == 'same' else claim['expected']}"


@reported("figures")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=json.loads)
    settings = beside_main(parser.parse_args().config)
    main_protocol = next(iter(settings))

    with plt.rc_context(STYLE):
        losses = tables.read("losses", "results/losses.csv")
        save(losses_by_epoch(losses, main_protocol, settings[main_protocol]), "fig1")
        save(accuracy_of_runs(tables.read("runs", "results/runs.csv"), settings), "fig2")
        claims = tables.read("claims", "results/claims.csv")
        save(effects(read_claims(), claims, list(settings)), "fig3")


if __name__ == "__main__":
    main()
