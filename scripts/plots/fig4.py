"""Fig. 4: the signal in each layer."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scripts.plots.style import grid, median_and_quartiles, rows_of
from scripts.tables import schemas
from scripts.tables.io import read_table

READS = ["results/signal.csv"]


def signal_by_layer(signal: pd.DataFrame, protocol: str, settings: dict) -> Figure:
    """Return Fig. 4: what remains of the signal in each layer, forward and backward."""
    output, epochs = settings["output"][-1], settings["epochs"]
    shown = [
        ("activation_std", 0, "activations over the points, at the start"),
        ("weight_grad_norm", 0, "gradient of the weights, at the start"),
        ("weight_grad_norm", epochs, f"gradient of the weights, epoch {epochs}"),
    ]
    figure, panels = grid(3, 3, 2.1)
    for panel, (column, epoch, title) in zip(panels[0], shown, strict=True):
        panel.set(yscale="log", xlabel="layer", title=title)
        for i, hidden in enumerate(settings["hidden"]):
            rows = rows_of(signal[signal["epoch"] == epoch], protocol, hidden, output)
            median, q25, q75 = (rows[f"{column}_{quartile}"] for quartile in schemas.QUARTILES)
            median_and_quartiles(panel, rows["layer"], median, q25, q75, i, hidden)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0][0].set_ylabel("standard deviation")
    panels[0][1].set_ylabel(r"$\|\partial L/\partial W\|$")
    panels[0][0].legend(loc="lower left", handlelength=3.2)
    return figure


def draw(settings: dict, main_protocol: str) -> Figure:
    """Return the figure of the main protocol, from the tables."""
    signal = read_table("signal", "results/signal.csv")
    return signal_by_layer(signal, main_protocol, settings[main_protocol])
