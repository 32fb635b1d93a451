"""The figure of the signal in each layer."""

import numpy as np

from scripts.plots.signal import signal_by_layer
from tests.plots.studies import EPOCHS, LAYERS, SEVEN, cases, config, made_layers, signal_of

SIGNALS = [("activation_std", 0), ("weight_grad_norm", 0), ("weight_grad_norm", EPOCHS)]


@cases
def test_signals_are_lines_of_medians_over_seeds_in_bands_of_the_middle_half(own, results):
    study = config(**own)
    layers = made_layers(study, **results)
    panels = signal_by_layer(signal_of(layers), study).axes
    first, output = next(iter(study["protocols"])), study["output"][-1]
    values_of = dict(list(layers.groupby(["protocol", "hidden", "output", "epoch", "layer"])))
    for panel, (column, epoch) in zip(panels, SIGNALS, strict=True):
        assert panel.get_yscale() == "log"
        drawn = zip(study["hidden"], panel.lines, panel.collections, strict=True)
        for hidden, line, band in drawn:
            assert list(line.get_xdata()) == list(range(1, LAYERS + 1))
            values = [
                values_of[first, hidden, output, epoch, layer][column].dropna()
                for layer in range(1, LAYERS + 1)
            ]
            medians = [np.median(v) if len(v) else np.nan for v in values]
            np.testing.assert_allclose(line.get_ydata(), medians, rtol=1e-12)
            quartiles = {np.percentile(v, q) for v in values if len(v) for q in (25, 75)}
            heights = {y for path in band.get_paths() for _, y in path.vertices}
            np.testing.assert_allclose(sorted(heights), sorted(quartiles), rtol=1e-12)


def test_a_signal_that_is_gone_does_not_stretch_the_axis():
    study = config()
    layers = made_layers(study)
    others = layers[layers["hidden"] != "tanh"]
    before = [panel.get_ylim() for panel in signal_by_layer(signal_of(others), study).axes]
    layers.loc[layers["hidden"] == "tanh", ["weight_grad_norm", "activation_std"]] = 0.0
    panels = signal_by_layer(signal_of(layers), study).axes
    assert [panel.get_ylim() for panel in panels] == before
    assert all(panel.lines[1].get_ydata().tolist() == [0.0] * LAYERS for panel in panels)


def test_seven_activations_have_seven_colours_and_are_named():
    study = config(hidden=SEVEN)
    figure = signal_by_layer(signal_of(made_layers(study)), study)
    assert len({line.get_color() for line in figure.axes[0].lines}) == 7
    assert len({text.get_text() for text in figure.legends[0].get_texts()}) == 7
