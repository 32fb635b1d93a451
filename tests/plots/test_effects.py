"""The figure of effects: every effect in it, on axes that many of them share."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.analysis.claims import read_claims
from scripts.analysis.runs import Runs
from scripts.analysis.verdicts import evaluate
from scripts.plots.effects import effects, nice_ratios
from scripts.study.config import protocols
from scripts.tables.io import check
from tests.plots.studies import CASES, CLAIMS, config, made


def drawn(study, **results):
    """The panel of each claim, the table of claims, and the figure."""
    claims = read_claims(CLAIMS)
    runs, _ = made(study, **results)
    table, _ = evaluate(claims, Runs(runs), protocols(study))
    table["ci_high"] += 0.1  # so that effects do not lie in the middle
    check(table, "claims", "claims.csv")
    figure = effects(claims, table, study)
    return {name_of(panel): panel for panel in figure.axes}, table, figure


def name_of(panel):
    return panel.get_title(loc="left").split(":")[0]


@pytest.mark.parametrize(
    "case", ["plain", "one seed", "one of everything", "one run diverged", "all diverged"]
)
def test_every_effect_is_a_marker_with_its_interval(case):
    own, results = CASES[case]
    panels, table, _ = drawn(config(**own), **results)
    known = table.dropna(subset="effect")
    assert sum(len(panel.containers) for panel in panels.values()) == len(known)
    for (claim, protocol), rows in known.groupby(["claim", "protocol"]):
        bars = [bar for bar in panels[claim].containers if bar.get_label() == protocol]
        effect = [bar[0].get_xdata().item() for bar in bars]
        np.testing.assert_array_equal(effect, rows["effect"])
        ends = np.array([bar[2][0].get_segments()[0][:, 0] for bar in bars if rows["n"].max() > 1])
        np.testing.assert_allclose(ends.reshape(-1, 2), rows[["ci_low", "ci_high"]].dropna())


def panels_of_claims(**own):
    panels, table, _ = drawn(config(hidden=["relu", "tanh", "selu", "sigmoid"], **own))
    return panels, table


def shown(panels):
    """The claims that have a panel."""
    return [(name, claim) for name, claim in read_claims(CLAIMS).items() if name in panels]


def test_a_panel_says_what_is_expected_and_shows_the_margin_and_the_comparisons():
    panels, table = panels_of_claims()
    assert panels.keys() == {*table.dropna(subset="effect")["claim"]}
    titles = {name: panel.get_title(loc="left") for name, panel in panels.items()}
    assert titles["C2"] == "C2: loss lower, output Sigmoid–none"
    assert titles["C3"] == "C3: loss lower"
    assert titles["C5"] == "C5: accuracy the same, Sigmoid output"
    assert titles["T5"] == "T5: accuracy higher, no output activation"
    for name, claim in shown(panels):
        (margin,) = panels[name].patches
        assert sorted({*margin.get_corners()[:, 0]}) == [-claim["margin"], claim["margin"]]
        rows = table[(table["claim"] == name) & table["effect"].notna()]
        compared = rows[["comparison", "output"]].drop_duplicates()
        assert len(panels[name].get_yticks()) == len(compared)
    named = [label.get_text() for label in panels["C3"].get_yticklabels()]
    assert named == [
        f"{pair} ({output})"
        for output in ("no output activation", "Sigmoid output")
        for pair in ("ReLU–Tanh", "SELU–Tanh")
    ]


def test_claims_on_one_scale_share_an_axis_that_holds_all_effects():
    panels, table = panels_of_claims()
    for scale, rows in table.dropna(subset="effect").groupby("scale"):
        limits = {panels[name].get_xlim() for name in rows["claim"]}
        assert len(limits) == 1, scale
        ((low, high),) = limits
        assert low <= rows["ci_low"].min()
        assert rows["ci_high"].max() <= high
    last = {panel.get_xlabel() for panel in panels.values()} - {""}
    assert last == {
        "ratio of the first to the second",
        "difference of the first from the second, percentage points",
    }


def test_ticks_say_ratios_and_percentage_points():
    panels, _ = panels_of_claims()
    for name, claim in shown(panels):
        panel = panels[name]
        formatter = panel.xaxis.get_major_formatter()
        places = panel.get_xticks()
        labels = [formatter(place, i) for i, place in enumerate(places)]
        low, high = panel.get_xlim()
        assert ((low <= places) & (places <= high)).all()
        if claim["scale"] == "ratio":
            values = [float(label.removeprefix("×")) for label in labels]
            assert np.exp(places) == pytest.approx(values)
        else:
            values = [float(label.replace("−", "-")) for label in labels]
            assert 100 * places == pytest.approx(values)


def test_a_look_is_that_of_the_first_network():
    panels, _ = panels_of_claims(protocols={"plain": {}, "other": {}, "other-bce": {}})
    filled, empty = [], []
    for name in ("C4", "T5"):
        bars = panels[name].containers
        (filled if name == "C4" else empty).extend(bar[0].get_fillstyle() for bar in bars)
        colours = [bar[0].get_color() for bar in bars if bar.get_label() == "plain"]
        assert colours == ["#0072B2", "#009E73"]  # ReLU and SELU
    assert {*filled} == {"full"}
    assert {*empty} == {"none"}
    shapes = {bar.get_label(): bar[0].get_marker() for bar in panels["C3"].containers}
    assert shapes == {"plain": "o", "other": "s", "other-bce": "D"}


def test_of_many_protocols_as_many_are_shown_as_there_are_markers():
    study = config(protocols={f"p{i}": {} for i in range(11)}, seeds=2)
    _, _, figure = drawn(study)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[:8] == [f"p{i}" for i in range(8)]
    assert texts[-1] == "(3 more: results/claims.csv)"


@pytest.mark.parametrize(
    ("low", "high", "ratios"),
    [
        (0.1, 10, [0.1, 1, 10]),
        (0.07, 15, [0.1, 1, 10]),
        (0.5, 3, [0.5, 1, 2]),
        (1e-4, 0.02, [1e-4, 1e-3, 1e-2]),
        (0.9, 1.6, [1, 1.5]),
        (2.5, 8, [3, 5, 7]),
        (0.9, 1.1, [1]),
        (1.1, 1.4, []),
    ],
)
def test_nice_ratios_are_round_and_as_few_as_will_do(low, high, ratios):
    assert nice_ratios(math.log(low), math.log(high)) == pytest.approx(ratios)


@given(st.floats(-18, 15), st.floats(1, 4))
def test_nice_ratios_lie_within_the_limits_at_least_two_of_them(low, width):
    ratios = nice_ratios(low, low + width)
    assert 2 <= len(ratios) <= 6
    assert ratios == sorted(set(ratios))
    assert all(low <= math.log(ratio) <= low + width for ratio in ratios)


def test_without_any_effect_the_figure_says_so():
    panels, _, figure = drawn(config(), diverged=lambda i: True)
    assert [*panels] == [""]
    assert "no claim" in figure.axes[0].get_title()
