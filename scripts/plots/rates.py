"""The loss of the network with a Sigmoid in every layer by epoch, at several learning rates."""

import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts.plots import style
from scripts.study.choices import LOSSES
from scripts.study.config import protocols, training_settings
from scripts.tables.io import read_table
from scripts.tables.schemas import QUARTILES

READS = ["results/losses.csv"]

INPUTS = ("raw", "standardised")


def losses_at_rates(losses: pd.DataFrame, config: dict) -> Figure:
    """Return the figure: a panel for raw inputs and one for standardised ones.

    The higher the learning rate, the darker is the line. The thin line is the plateau: the loss if
    every output is ½.
    """
    main = protocols(config)[config["main"]]
    every = {inputs: protocols_by_rate(config, inputs) for inputs in INPUTS}
    by_inputs = {inputs: by_rate for inputs, by_rate in every.items() if by_rate} or every
    rates = sorted({rate for by_rate in by_inputs.values() for rate in by_rate})
    colour = style.hidden_colours(config).get("sigmoid", "0.5")
    shades = LinearSegmentedColormap.from_list("rates", ["0.9", colour, "0"])
    shade = {rate: shades((i + 1) / (len(rates) + 1)) for i, rate in enumerate(rates)}
    dash = style.output_dashes(config).get("sigmoid", "-")
    figure, panels = style.grid(len(by_inputs), len(by_inputs), 2.4, sharey=True)
    for panel, (inputs, by_rate) in zip(panels[0], by_inputs.items(), strict=True):
        plateau = LOSSES[main["loss"]].of_half
        panel.axhline(plateau, color="0", linewidth=0.5, zorder=3)
        for rate, protocol in by_rate.items():
            rows = style.rows_of(losses, protocol, "sigmoid", "sigmoid")
            quartiles = [rows[name] for name in QUARTILES]
            style.median_and_quartiles(panel, rows["epoch"], quartiles, shade[rate], dash)
        panel.set(title=f"{inputs} inputs", xlabel="epoch", xlim=(0, main["epochs"]))
    panels[0][0].set(ylabel="training loss", ylim=(0, None))
    key = [
        Line2D([], [], color=shade[rate], linestyle=dash, label=f"rate {rate:g}") for rate in rates
    ]
    key.append(Line2D([], [], color="0", linewidth=0.5, label="every output ½"))
    style.legend(figure, key)
    return figure


def protocols_by_rate(config: dict, inputs: str) -> dict[float, str]:
    """Return {learning rate: protocol} of those that train the network with a Sigmoid everywhere.

    Apart from the rate and the inputs, they have the main protocol's settings.
    """
    settings = training_settings(config)
    alike = {**settings[config["main"]], "inputs": inputs}
    found: dict[float, str] = {}
    for protocol, trained in protocols(config).items():
        rate = settings[protocol]["learning_rate"]
        whole = "sigmoid" in trained["hidden"] and "sigmoid" in trained["output"]
        if whole and settings[protocol] == {**alike, "learning_rate": rate}:
            found.setdefault(rate, protocol)
    return dict(sorted(found.items()))


def draw(config: dict) -> Figure:
    """Return the figure, from the table."""
    return losses_at_rates(read_table("losses", "results/losses.csv"), config)
