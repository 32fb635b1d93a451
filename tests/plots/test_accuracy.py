"""The figure of accuracies: every run in it, whatever the runs did."""

import numpy as np
import pytest

from scripts.plots.accuracy import accuracy_of_runs
from scripts.plots.style import BEST, MARKERS
from tests.plots.studies import cases, config, made, summary_of


def drawn(study, runs):
    return accuracy_of_runs(runs, summary_of(runs), study)


def markers(panel):
    """What is drawn one for each run."""
    return [line for line in panel.lines if line.get_marker() not in ("None", None, "")]


@cases
def test_every_run_that_did_not_diverge_is_a_marker_at_its_error(own, results):
    study = config(**own)
    runs, _ = made(study, **results)
    runs_of = dict(list(runs.groupby(["protocol", "hidden", "output"])["test_accuracy"]))
    panels = drawn(study, runs).axes
    assert [panel.get_title() for panel in panels] == list(study["protocols"])
    for panel, protocol, marker in zip(panels, study["protocols"], MARKERS, strict=False):
        networks = [(hidden, output) for hidden in study["hidden"] for output in study["output"]]
        for line, network in zip(markers(panel), networks, strict=True):
            assert line.get_marker() == marker
            shares = runs_of[protocol, *network].dropna()
            assert sorted(line.get_ydata()) == sorted(1 - np.minimum(shares, BEST))


@cases
def test_every_marker_lies_within_the_axes_and_apart_from_the_others(own, results):
    study = config(**own)
    for panel in drawn(study, made(study, **results)[0]).axes:
        low, high = sorted(panel.get_ylim())
        left, right = panel.get_xlim()
        places = [x for line in markers(panel) for x in line.get_xdata()]
        for line in markers(panel):
            assert all(low <= y <= high for y in line.get_ydata())
        assert all(left <= x <= right for x in places)
        assert len(set(places)) == len(places)


def test_medians_are_drawn_at_their_error():
    study = config(seeds=4)
    runs, _ = made(study)
    panel = drawn(study, runs).axes[0]
    bars = [float(bar.get_segments()[0][0][1]) for bar in panel.collections]
    groups = runs[runs["protocol"] == "plain"].groupby(["hidden", "output"])["test_accuracy"]
    assert sorted(bars) == pytest.approx(sorted(1 - groups.median()))


def test_a_better_run_is_drawn_higher_and_ticks_say_accuracies():
    study = config()
    panel = drawn(study, made(study)[0]).axes[0]
    panel.figure.draw_without_rendering()
    assert panel.yaxis.get_inverted()
    for label in panel.get_yticklabels():
        assert 1 - label.get_position()[1] == pytest.approx(float(label.get_text()))


def test_of_many_protocols_as_many_are_shown_as_there_are_markers():
    study = config(protocols={f"p{i}": {} for i in range(40)}, seeds=2)
    figure = drawn(study, made(study)[0])
    assert [panel.get_title() for panel in figure.axes] == [f"p{i}" for i in range(8)]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[-1] == "(32 more: results/runs.csv)"
