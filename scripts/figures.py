"""The figures, each drawn from the tables alone, as SVG, PDF and PNG.

    python -m scripts.figures --config FILE [--figures fig1 …] [--by DIGEST]

writes results/figures/fig1.* and so on, and receipts.
"""

import matplotlib.pyplot as plt

from scripts.plots.fig1 import fig1
from scripts.plots.fig2 import fig2
from scripts.plots.fig3 import fig3
from scripts.plots.fig4 import fig4
from scripts.plots.style import STYLE, save
from scripts.study.errors import reported
from scripts.study.layout import FIGURE_FORMATS, beside_main
from scripts.study.layout import FIGURES as DRAWN_FROM
from scripts.workflow.entry import arguments_of
from scripts.workflow.receipts import receipt

FIGURES = {"fig1": fig1, "fig2": fig2, "fig3": fig3, "fig4": fig4}


@reported("figures")
def main():
    names = {"nargs": "+", "choices": FIGURES, "default": list(FIGURES)}
    arguments = arguments_of(__doc__, figures=names)
    settings = beside_main(arguments.config)
    main_protocol = arguments.config["main"]
    for name in arguments.figures:
        made = [f"results/figures/{name}.{form}" for form in FIGURE_FORMATS]
        with plt.rc_context(STYLE), receipt(name, arguments.by, made, DRAWN_FROM[name]):
            save(FIGURES[name](settings, main_protocol), name)


if __name__ == "__main__":
    main()
