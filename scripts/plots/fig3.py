"""Fig. 3: the effects that the claims are about."""

import math

import numpy as np

from scripts.analysis.claims import read_claims
from scripts.plots.style import COLOURS, MARKERS, grid
from scripts.study.names import activation_name, comparison_names
from scripts.tables.io import read_table
from scripts.tables.schemas import METRICS

READS = ["results/claims.csv", "report/claims.yaml"]


def effects(claims, table, protocol_names):
    """Fig. 3: each comparison's effect and interval; a panel a claim, a colour a protocol.

    The grey band is the margin within which a difference does not matter.
    """
    figure, panels = grid(len(claims), min(len(claims), 4), 1.85)
    for panel, (name, claim) in zip(panels.flat, claims.items(), strict=False):
        rows = table[table["claim"] == name]
        groups = list(dict.fromkeys(zip(rows["comparison"], rows["output"], strict=True)))[::-1]
        panel.axvspan(-claim["margin"], claim["margin"], color="0.9", linewidth=0)
        panel.axvline(0, color="0.5", linewidth=0.6)
        for i, protocol in enumerate(protocol_names):
            own = rows[rows["protocol"] == protocol]
            shift = (len(protocol_names) - 1) / 2 - i
            panel.errorbar(
                own["effect"],
                [
                    groups.index(group) + 0.22 * shift
                    for group in zip(own["comparison"], own["output"], strict=True)
                ],
                xerr=[own["effect"] - own["ci_low"], own["ci_high"] - own["effect"]],
                fmt=MARKERS[i % len(MARKERS)],
                color=COLOURS[i % len(COLOURS)],
                markersize=3,
                linewidth=0.9,
                label=protocol,
            )
        labels = [label.replace(" (", "\n(") for label in comparison_names(groups)]
        panel.set_yticks(range(len(groups)), labels, linespacing=0.85)
        panel.set_ylim(-0.6, len(groups) - 0.4)
        panel.set_title(f"{name}: {expectation(claim)}", loc="right")
        if claim["scale"] == "ratio":
            ratios = nice_ratios(*panel.get_xlim())
            panel.set_xticks(np.log(ratios), [f"×{ratio:g}" for ratio in ratios])
        panel.set_xlabel(scope(claim, {output for _, output in groups}))
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def scope(claim, outputs):
    """Of which networks a claim is tested, and with which margin."""
    ratio = claim["scale"] == "ratio"
    margin = f"margin ×{math.exp(claim['margin']):.3g}" if ratio else f"margin {claim['margin']:g}"
    if len(outputs) != 1:
        return margin
    names = "–".join(map(activation_name, outputs.pop().split("-")))
    return f"{names} output\n{margin}"


def nice_ratios(low, high):
    """Round ratios whose logarithms lie from low to high, few but at least two if there are."""
    for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ratios = [step * 10.0**power for power in range(-9, 9) for step in steps]
        inside = [ratio for ratio in ratios if low <= math.log(ratio) <= high]
        if len(inside) >= 2:
            break
    return inside


def expectation(claim):
    """What the claim expects of the effect."""
    expected = {"lower": "lower", "higher": "higher", "same": "the same"}[claim["expected"]]
    return f"{METRICS[claim['metric']].name} {expected}"


def draw(settings, main_protocol):
    claims = read_table("claims", "results/claims.csv")
    tested = set(claims.loc[claims["protocol"] == main_protocol, "claim"])
    stated = read_claims()
    shown = {name: claim for name, claim in stated.items() if name in tested} or stated
    return effects(shown, claims, list(settings))
