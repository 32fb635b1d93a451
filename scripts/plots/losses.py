"""The training loss and the test accuracy by epoch, under the main protocol."""

import pandas as pd
from matplotlib.figure import Figure

from scripts.plots import style
from scripts.study.config import protocols
from scripts.study.names import output_name
from scripts.tables.io import read_table
from scripts.tables.schemas import QUARTILES

READS = ["results/losses.csv", "results/accuracies.csv"]


def by_epoch(losses: pd.DataFrame, accuracies: pd.DataFrame, config: dict) -> Figure:
    """Return the figure: losses above accuracies.

    The first panel has the median losses of all networks, as the source has its curves. Each output
    activation then has a panel for the loss and one for the accuracy, where a line is the median
    over the seeds, in a band that holds the middle half of them.
    """
    main = config["main"]
    epochs = protocols(config)[main]["epochs"]
    colours, dashes = style.hidden_colours(config, main), style.output_dashes(config, main)
    columns = 1 + len(dashes)
    figure, panels = style.grid(2 * columns, columns, 1.9)
    overview, key = panels[:, 0]
    overview.set(title="all networks", ylabel="training loss")
    key.set_axis_off()
    key.legend(handles=style.key_of_hidden(colours) + style.key_of_dashes(dashes), loc="center")
    for panel in panels[:, 2:].flat:
        panel.sharey(panels[panel.get_subplotspec().rowspan.start, 1])
        panel.tick_params(labelleft=False)
    for (loss, accuracy), (output, dash) in zip(panels.T[1:], dashes.items(), strict=True):
        loss.set_title(output_name(output))
        style.loss_axis(loss)
        style.accuracy_axis(accuracy)
        for hidden, colour in colours.items():
            rows = style.rows_of(losses, main, hidden, output)
            overview.plot(rows["epoch"], rows["median"], color=colour, linestyle=dash)
            quartiles = [rows[name] for name in QUARTILES]
            style.median_and_quartiles(loss, rows["epoch"], quartiles, colour, dash)
            rows = style.rows_of(accuracies, main, hidden, output)
            quartiles = [style.error_of(rows[name]) for name in QUARTILES]
            style.median_and_quartiles(accuracy, rows["epoch"], quartiles, colour, dash)
    for panel in (overview, *panels[:, 1:].flat):
        panel.set(xlim=(0, epochs), xlabel="epoch")
    panels[0, 1].set_ylabel("training loss")
    panels[1, 1].set_ylabel("test accuracy")
    return figure


def draw(config: dict) -> Figure:
    """Return the figure, from the tables."""
    losses = read_table("losses", "results/losses.csv")
    return by_epoch(losses, read_table("accuracies", "results/accuracies.csv"), config)
