"""Fig. 1: the training loss by epoch."""

from matplotlib.ticker import LogLocator, NullFormatter

from scripts.plots.style import grid, median_and_half, output_name, rows_of
from scripts.tables.io import read_table

READS = ["results/losses.csv"]


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


def draw(settings, main_protocol):
    losses = read_table("losses", "results/losses.csv")
    return losses_by_epoch(losses, main_protocol, settings[main_protocol])
