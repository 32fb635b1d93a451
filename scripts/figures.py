"""The figures, each drawn from the tables alone, as SVG, PDF and PNG.

    python -m scripts.figures --config FILE [--figures fig1 …] [--by DIGEST]

writes results/figures/fig1.* and so on, and receipts.
"""

import argparse
import itertools
import math
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

from scripts import tables
from scripts.config import read_resolved
from scripts.errors import reported
from scripts.files import replacing
from scripts.names import activation_name, comparison_names
from scripts.predicates import read_claims
from scripts.receipts import receipt
from scripts.study import DRAWN_SEEDS, FIGURE_FORMATS, beside_main
from scripts.study import FIGURES as DRAWN_FROM

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
METRIC_NAMES = {
    "final_train_loss": "loss",
    "train_accuracy": "training accuracy",
    "test_accuracy": "accuracy",
    "loss_roughness": "roughness",
    "epochs_to_target": "epochs",
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


def median_and_half(panel, x, median, q25, q75, i, hidden):
    """A line, the i-th of its panel, in the band of the middle half of the seeds."""
    colour, dashes = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
    panel.fill_between(x, q25, q75, color=colour, alpha=0.2, linewidth=0)
    panel.plot(x, median, label=activation_name(hidden), color=colour, linestyle=dashes)


def losses_by_epoch(losses, protocol, settings):
    """Fig. 1: the median training loss with the middle half of the seeds, a panel an output."""
    outputs = settings["output"]
    figure, panels = grid(len(outputs), len(outputs), 2.5, sharey=True)
    for panel, output in zip(panels[0], outputs, strict=True):
        panel.set(yscale="log", xlabel="epoch", title=output_name(output))
        for i, hidden in enumerate(settings["hidden"]):
            rows = rows_of(losses, protocol, hidden, output)
            band = (rows[column] for column in ("median", "q25", "q75"))
            median_and_half(panel, rows["epoch"], *band, i, hidden)
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.margins(x=0.01)
    panels[0][0].set_ylabel("training loss")
    panels[0][0].legend(loc="lower left", handlelength=3.2)
    return figure


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


def effects(claims, table, protocol_names):
    """Fig. 3: each comparison's effect and interval; a panel a claim, a colour a protocol.

    The grey band is the margin within which a difference does not matter.
    """
    figure, panels = grid(len(claims), min(len(claims), 4), 1.85)
    for panel, (name, claim) in zip(panels.flat, claims.items(), strict=False):
        rows = table[table["claim"] == name]
        groups = list(dict.fromkeys(zip(rows["comparison"], rows["output"], strict=True)))[::-1]
        panel.axvspan(-claim["margin"], claim["margin"], color="0.9", linewidth=0)
        panel.axvline(0, color="0.5", linewidth=0.6)
        for i, protocol in enumerate(protocol_names):
            own = rows[rows["protocol"] == protocol]
            shift = (len(protocol_names) - 1) / 2 - i
            panel.errorbar(
                own["effect"],
                [
                    groups.index(group) + 0.22 * shift
                    for group in zip(own["comparison"], own["output"], strict=True)
                ],
                xerr=[own["effect"] - own["ci_low"], own["ci_high"] - own["effect"]],
                fmt=MARKERS[i % len(MARKERS)],
                color=COLOURS[i % len(COLOURS)],
                markersize=3,
                linewidth=0.9,
                label=protocol,
            )
        labels = [label.replace(" (", "\n(") for label in comparison_names(groups)]
        panel.set_yticks(range(len(groups)), labels, linespacing=0.85)
        panel.set_ylim(-0.6, len(groups) - 0.4)
        panel.set_title(f"{name}: {expectation(claim)}", loc="right")
        if claim["scale"] == "ratio":
            ratios = nice_ratios(*panel.get_xlim())
            panel.set_xticks(np.log(ratios), [f"×{ratio:g}" for ratio in ratios])
        panel.set_xlabel(scope(claim, {output for _, output in groups}))
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def scope(claim, outputs):
    """Of which networks a claim is tested, and with which margin."""
    ratio = claim["scale"] == "ratio"
    margin = f"margin ×{math.exp(claim['margin']):.3g}" if ratio else f"margin {claim['margin']:g}"
    if len(outputs) != 1:
        return margin
    names = "–".join(map(activation_name, outputs.pop().split("-")))
    return f"{names} output\n{margin}"


def nice_ratios(low, high):
    """Round ratios whose logarithms lie from low to high, few but at least two if there are."""
    for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ratios = [step * 10.0**power for power in range(-9, 9) for step in steps]
        inside = [ratio for ratio in ratios if low <= math.log(ratio) <= high]
        if len(inside) >= 2:
            break
    return inside


def signal_by_layer(signal, protocol, settings):
    """Fig. 4: what is left of the signal in each layer, forward and backward."""
    output, epochs = settings["output"][-1], settings["epochs"]
    figure, panels = grid(3, 3, 2.1)
    for panel, (column, epoch, title) in zip(
        panels[0],
        [
            ("activation_std", 0, "activations over the points, at the start"),
            ("weight_grad_norm", 0, "gradient of the weights, at the start"),
            ("weight_grad_norm", epochs, f"gradient of the weights, epoch {epochs}"),
        ],
        strict=True,
    ):
        panel.set(yscale="log", xlabel="layer", title=title)
        for i, hidden in enumerate(settings["hidden"]):
            rows = rows_of(signal[signal["epoch"] == epoch], protocol, hidden, output)
            band = (rows[f"{column}_{quartile}"] for quartile in tables.QUARTILES)
            median_and_half(panel, rows["layer"], *band, i, hidden)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0][0].set_ylabel("standard deviation")
    panels[0][1].set_ylabel(r"$\|\partial L/\partial W\|$")
    panels[0][0].legend(loc="lower left", handlelength=3.2)
    return figure


def expectation(claim):
    """What the claim expects of the effect."""
    expected = {"lower": "lower", "higher": "higher", "same": "the same"}[claim["expected"]]
    return f"{METRIC_NAMES.get(claim['metric'], claim['metric'])} {expected}"


def fig1(settings, main_protocol):
    losses = tables.read("losses", "results/losses.csv")
    return losses_by_epoch(losses, main_protocol, settings[main_protocol])


def fig2(settings, main_protocol):
    runs = tables.read("runs", "results/runs.csv")
    return accuracy_of_runs(
        runs[runs["seed"] < DRAWN_SEEDS], tables.read("summary", "results/summary.csv"), settings
    )


def fig3(settings, main_protocol):
    claims = tables.read("claims", "results/claims.csv")
    tested = set(claims.loc[claims["protocol"] == main_protocol, "claim"])
    stated = read_claims()
    shown = {name: claim for name, claim in stated.items() if name in tested} or stated
    return effects(shown, claims, list(settings))


def fig4(settings, main_protocol):
    signal = tables.read("signal", "results/signal.csv")
    return signal_by_layer(signal, main_protocol, settings[main_protocol])


FIGURES = {"fig1": fig1, "fig2": fig2, "fig3": fig3, "fig4": fig4}


@reported("figures")
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=read_resolved)
    parser.add_argument("--figures", nargs="+", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--by")
    arguments = parser.parse_args()
    settings = beside_main(arguments.config)
    main_protocol = arguments.config["main"]
    for name in arguments.figures:
        made = [f"results/figures/{name}.{form}" for form in FIGURE_FORMATS]
        with plt.rc_context(STYLE), receipt(name, arguments.by, made, DRAWN_FROM[name]):
            save(FIGURES[name](settings, main_protocol), name)


if __name__ == "__main__":
    main()
