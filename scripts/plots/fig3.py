"""Fig. 3: the effects that the claims are about."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.analysis.claims import read_claims
from scripts.plots.style import COLOURS, MARKERS, grid
from scripts.study.names import activation_name, comparison_names
from scripts.tables.io import read_table
from scripts.tables.schemas import METRICS

READS = ["results/claims.csv", "report/claims.yaml"]


def effects(claims: dict, table: pd.DataFrame, protocol_names: list[str]) -> Figure:
    """Return Fig. 3: the effect of each comparison with its interval, one panel for each claim.

    Each protocol has a colour. The grey band is the margin within which a difference does not
    matter.
    """
    figure, panels = grid(len(claims), min(len(claims), 4), 1.85)
    for panel, (name, claim) in zip(panels.flat, claims.items(), strict=False):
        rows = table[table["claim"] == name]
        groups = list(dict.fromkeys(zip(rows["comparison"], rows["output"], strict=True)))[::-1]
        panel.axvspan(-claim["margin"], claim["margin"], color="0.9", linewidth=0)
        panel.axvline(0, color="0.5", linewidth=0.6)
        for i, protocol in enumerate(protocol_names):
            tested = rows[rows["protocol"] == protocol]
            shift = (len(protocol_names) - 1) / 2 - i
            heights = [
                groups.index(group) + 0.22 * shift
                for group in zip(tested["comparison"], tested["output"], strict=True)
            ]
            effect, low, high = tested["effect"], tested["ci_low"], tested["ci_high"]
            panel.errorbar(
                effect,
                heights,
                xerr=[effect - low, high - effect],
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


def scope(claim: dict, outputs: set[str]) -> str:
    """Return the output activation of a claim's networks, if there is only one, and the margin."""
    margin = f"margin {claim['margin']:g}"
    if claim["scale"] == "ratio":
        margin = f"margin ×{math.exp(claim['margin']):.3g}"
    if len(outputs) != 1:
        return margin
    (output,) = outputs
    names = "–".join(map(activation_name, output.split("-")))
    return f"{names} output\n{margin}"


def nice_ratios(low: float, high: float) -> list[float]:
    """Return round ratios whose logarithms are between low and high.

    They are as few as possible, but at least two if the interval holds two.
    """
    for steps in ((1,), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ratios = [step * 10.0**power for power in range(-9, 9) for step in steps]
        inside = [ratio for ratio in ratios if low <= math.log(ratio) <= high]
        if len(inside) >= 2:
            break
    return inside


def expectation(claim: dict) -> str:
    """Return what a claim expects of the effect, such as "accuracy higher"."""
    expected = {"lower": "lower", "higher": "higher", "same": "the same"}[claim["expected"]]
    return f"{METRICS[claim['metric']].name} {expected}"


def draw(settings: dict, main_protocol: str) -> Figure:
    """Return the figure of the claims that the main protocol tests, from the tables.

    If it tests none, all claims are shown.
    """
    table = read_table("claims", "results/claims.csv")
    tested = set(table.loc[table["protocol"] == main_protocol, "claim"])
    claims = read_claims()
    shown = {name: claim for name, claim in claims.items() if name in tested}
    return effects(shown or claims, table, list(settings))
