"""The figure of losses and accuracies by epoch."""

import numpy as np

from scripts.plots.losses import by_epoch
from scripts.study.names import activation_name
from tests.plots.studies import EPOCHS, SEVEN, cases, config, made, made_accuracies


def panels_of(study, **results):
    """The panel of all networks, and those of losses and of accuracies by output."""
    figure = by_epoch(made(study, **results)[1], made_accuracies(study, **results), study)
    count = len(study["output"])
    overview, *losses = figure.axes[: 1 + count]
    key, *accuracies = figure.axes[1 + count :]
    return overview, losses, key, accuracies


def check_lines(panel, table, study, output, draw=lambda values: values):
    for line, band, hidden in zip(panel.lines, panel.collections, study["hidden"], strict=True):
        network = (table["hidden"] == hidden) & (table["output"] == output)
        rows = table[(table["protocol"] == "plain") & network]
        assert line.get_xdata().tolist() == rows["epoch"].tolist()
        np.testing.assert_array_equal(line.get_ydata(), draw(rows["median"]))
        if rows["q25"].notna().all():
            heights = {y for path in band.get_paths() for _, y in path.vertices}
            assert heights == {*draw(rows["q25"]), *draw(rows["q75"])}


@cases
def test_lines_are_medians_in_bands_of_quartiles(own, results):
    study = config(**{**own, "protocols": {"plain": {}}})
    overview, losses, _, accuracies = panels_of(study, **results)
    assert len(overview.lines) == len(study["hidden"]) * len(study["output"])
    _, table = made(study, **results)
    shares = made_accuracies(study, **results)
    for output, loss, accuracy in zip(study["output"], losses, accuracies, strict=True):
        check_lines(loss, table, study, output)
        check_lines(accuracy, shares, study, output, lambda share: 1 - share.clip(upper=0.9995))


def test_a_colour_is_a_hidden_activation_and_a_dash_an_output_in_all_panels():
    study = config(hidden=SEVEN)
    overview, losses, key, accuracies = panels_of(study)
    for panels in (losses, accuracies):
        colours = [[line.get_color() for line in panel.lines] for panel in panels]
        assert colours[0] == colours[1]
        assert len({*colours[0]}) == 7
        dashes = [{str(line._unscaled_dash_pattern) for line in panel.lines} for panel in panels]
        assert [len(dash) for dash in dashes] == [1, 1]
        assert dashes[0] != dashes[1]
    both = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in overview.lines}
    assert len(both) == 14
    names = [text.get_text() for text in key.get_legend().get_texts()]
    outputs = ["no output activation", "Sigmoid output"]
    assert names == [*map(activation_name, SEVEN), *outputs]


def test_panels_of_one_measure_share_their_axis_and_end_at_the_last_epoch():
    _, losses, _, accuracies = panels_of(config(output=["identity", "sigmoid", "tanh"]))
    for panels in (losses, accuracies):
        assert len({panel.get_ylim() for panel in panels}) == 1
        assert {panel.get_xlim() for panel in panels} == {(0, EPOCHS)}
    assert all(panel.yaxis.get_inverted() for panel in accuracies)
