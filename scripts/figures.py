"""Draw the figures, each from its tables alone, as SVG, PDF and PNG.

    python -m scripts.figures --config FILE [--figures losses …] [--by DIGEST]

writes results/figures/losses.* and so on, and receipts. A figure is a file in scripts/plots/ that
lists the files it READS and defines draw(config), which returns it.
"""

import importlib

from scripts.plots.style import save, styled
from scripts.study.errors import reported
from scripts.study.layout import FIGURE_FORMATS, FIGURES
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt


@reported("figures")
def main() -> None:
    """Draw the figures that the command line names, or all of them."""
    names = {"nargs": "+", "choices": FIGURES, "default": list(FIGURES)}
    arguments = arguments_of(__doc__, figures=names)
    for name in arguments.figures:
        plot = importlib.import_module(f"scripts.plots.{name}")
        files = [f"results/figures/{name}.{form}" for form in FIGURE_FORMATS]
        with styled(), receipt(name, arguments.by, files, FIGURES[name]):
            save(plot.draw(arguments.config), name)


if __name__ == "__main__":
    main()
