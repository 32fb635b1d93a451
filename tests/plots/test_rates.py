"""The figure of learning rates."""

import numpy as np

from scripts.plots.rates import losses_at_rates, protocols_by_rate
from tests.plots.studies import TRAINING, config, made

PROTOCOLS = {
    "plain": {},
    "fast": {"learning_rate": 5, "hidden": ["sigmoid"], "output": ["sigmoid"]},
    "again": {"learning_rate": 5},
    "longer": {"learning_rate": 2, "epochs": 9},
    "no-sigmoid": {"learning_rate": 3, "hidden": ["relu"]},
    "standard": {"inputs": "standardised", "learning_rate": 1},
}


def study(protocols=PROTOCOLS):
    return config(hidden=["relu", "sigmoid"], protocols=protocols)


def test_protocols_are_found_by_their_settings():
    assert protocols_by_rate(study(), "raw") == {0.1: "plain", 5: "fast"}
    assert protocols_by_rate(study(), "standardised") == {1: "standard"}


def test_a_line_is_the_median_of_a_protocol_and_the_plateau_is_marked():
    own = study()
    _, losses = made(own)
    figure = losses_at_rates(losses, own)
    assert [panel.get_title() for panel in figure.axes] == ["raw inputs", "standardised inputs"]
    plateau, *lines = figure.axes[0].lines
    assert plateau.get_ydata() == [0.25, 0.25]
    for line, protocol in zip(lines, ["plain", "fast"], strict=True):
        network = (losses["hidden"] == "sigmoid") & (losses["output"] == "sigmoid")
        rows = losses[(losses["protocol"] == protocol) & network]
        np.testing.assert_array_equal(line.get_ydata(), rows["median"])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["rate 0.1", "rate 1", "rate 5", "every output ½"]


def test_inputs_without_protocols_have_no_panel():
    own = study({"plain": {}})
    figure = losses_at_rates(made(own)[1], own)
    assert [panel.get_title() for panel in figure.axes] == ["raw inputs"]


def test_a_study_without_such_a_network_still_has_the_figure():
    own = config(training=TRAINING)
    figure = losses_at_rates(made(own)[1], own)
    assert [len(panel.lines) for panel in figure.axes] == [1, 1]
