"""Draw the figures, each from its tables alone, as SVG, PDF and PNG.

    python -m scripts.figures --config FILE [--figures fig1 …] [--by DIGEST]

writes results/figures/fig1.* and so on, and receipts. A figure is a file in scripts/plots/ that
lists the files it READS and defines draw(settings, main). `settings` is {protocol: settings} of the
protocols with the main protocol's activations; `main` is the main protocol's name.
"""

import importlib

import matplotlib.pyplot as plt

from scripts.plots.style import STYLE, save
from scripts.study.errors import reported
from scripts.study.layout import FIGURE_FORMATS, FIGURES, beside_main
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt


@reported("figures")
def main() -> None:
    """Draw the figures that the command line names, or all of them."""
    names = {"nargs": "+", "choices": FIGURES, "default": list(FIGURES)}
    arguments = arguments_of(__doc__, figures=names)
    config = arguments.config
    for name in arguments.figures:
        plot = importlib.import_module(f"scripts.plots.{name}")
        files = [f"results/figures/{name}.{form}" for form in FIGURE_FORMATS]
        with plt.rc_context(STYLE), receipt(name, arguments.by, files, FIGURES[name]):
            save(plot.draw(beside_main(config), config["main"]), name)


if __name__ == "__main__":
    main()
