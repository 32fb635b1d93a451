"""The signal in each layer, forward and backward, under the main protocol."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scripts.plots import style
from scripts.study.config import protocols
from scripts.tables.io import read_table
from scripts.tables.schemas import QUARTILES

READS = ["results/signal.csv"]


def signal_by_layer(signal: pd.DataFrame, config: dict) -> Figure:
    """Return the figure: what remains of the signal in each layer, with the last output."""
    main = config["main"]
    settings = protocols(config)[main]
    output, epochs = settings["output"][-1], settings["epochs"]
    colours, dash = style.hidden_colours(config, main), style.output_dashes(config, main)[output]
    shown = [
        ("activation_std", 0, "activations over the points, at the start"),
        ("weight_grad_norm", 0, "gradient of the weights, at the start"),
        ("weight_grad_norm", epochs, f"gradient of the weights, epoch {epochs}"),
    ]
    figure, panels = style.grid(3, 3, 2.3)
    for panel, (column, epoch, title) in zip(panels[0], shown, strict=True):
        panel.set(yscale="log", xlabel="layer", title=title)
        for hidden, colour in colours.items():
            rows = style.rows_of(signal[signal["epoch"] == epoch], main, hidden, output)
            quartiles = [rows[f"{column}_{quartile}"] for quartile in QUARTILES]
            style.median_and_quartiles(panel, rows["layer"], quartiles, colour, dash)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0][0].set_ylabel("standard deviation")
    panels[0][1].set_ylabel(r"$\|\partial L/\partial W\|$")
    style.legend(figure, style.key_of_hidden(colours))
    return figure


def draw(config: dict) -> Figure:
    """Return the figure, from the table."""
    return signal_by_layer(read_table("signal", "results/signal.csv"), config)
