"""The effects that the claims are about."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.analysis.claims import read_claims
from scripts.plots import style
from scripts.study.names import activation_name, comparison_names, output_name
from scripts.tables.io import read_table
from scripts.tables.schemas import METRICS

READS = ["results/claims.csv", "report/claims.yaml"]

SHARES = ("train_accuracy", "test_accuracy")  # metrics whose differences are percentage points


def effects(claims: dict, table: pd.DataFrame, config: dict) -> Figure:
    """Return the figure: the effect of each comparison with its interval, a panel for each claim.

    Claims and comparisons without an effect are left out. Claims on one scale share an axis, so
    that their effects can be compared. An effect has the look of the first of the networks that it
    compares. The grey band is the margin within which a difference does not matter.
    """
    markers = style.protocol_markers(config)
    table = table[table["protocol"].isin(list(markers))]
    groups = {name: _comparisons(table, name) for name in claims}
    claims = {name: claim for name, claim in claims.items() if groups[name]}
    if not claims:
        figure, panels = style.grid(1, 1, 1)
        panels[0][0].set_title("no claim has an effect that could be measured")
        return figure
    columns = _columns(claims)
    tallest = max(sum(0.8 + len(groups[name]) for name in names) for names in columns)
    height = 0.7 + tallest * (0.14 + 0.05 * len(markers))  # inches
    figure = plt.figure(figsize=(style.PAGE, min(height, style.TALLEST)), layout="constrained")
    parts = figure.subfigures(1, len(columns), squeeze=False)[0]
    for part, names in zip(parts, columns, strict=True):
        ratios = [0.2 + len(groups[name]) for name in names]
        panels = part.subplots(len(names), squeeze=False, height_ratios=ratios)[:, 0]
        axes: dict[str, list[Axes]] = {}
        for panel, name in zip(panels, names, strict=True):
            axes.setdefault(axis_title(claims[name]), []).append(panel)
            _draw_margin(panel, claims[name]["margin"])
            rows = table[table["claim"] == name]
            _draw_effects(panel, rows, groups[name], config)
            outputs = {output for _, output in groups[name]}
            panel.set_title(f"{name}: {expectation(claims[name])}{scope(outputs)}", loc="left")
        for title, alike in axes.items():
            shown = [claims[name] for name in names if axis_title(claims[name]) == title]
            _share_axis(alike, title, shown)
    fills = style.output_fills(config, config["main"])
    key = style.key_of_protocols(markers) + (style.key_of_fills(fills) if len(fills) > 1 else [])
    style.legend(figure, key + style.key_of_more(config, "results/claims.csv"))
    return figure


def _comparisons(table: pd.DataFrame, name: str) -> list[tuple[str, str]]:
    # Those that no protocol has a value for are left out.
    rows = table[(table["claim"] == name) & table["effect"].notna()]
    return list(dict.fromkeys(zip(rows["comparison"], rows["output"], strict=True)))


def _columns(claims: dict) -> list[list[str]]:
    # Ratios stand on the left, differences on the right; claims of one kind fill both columns.
    ratios = [name for name, claim in claims.items() if claim["scale"] == "ratio"]
    others = [name for name in claims if name not in ratios]
    if not ratios or not others:
        half = math.ceil(len(claims) / 2)
        ratios, others = list(claims)[:half], list(claims)[half:]
    return [names for names in (ratios, others) if names]


def _draw_margin(panel: Axes, margin: float) -> None:
    panel.axvspan(-margin, margin, color="0.9", linewidth=0)
    panel.axvline(0, color="0.5", linewidth=0.6)


def _draw_effects(
    panel: Axes, rows: pd.DataFrame, groups: list[tuple[str, str]], config: dict
) -> None:
    markers = style.protocol_markers(config)
    colours = style.hidden_colours(config)
    fills = style.output_fills(config)
    for i, (protocol, marker) in enumerate(markers.items()):
        shift = 0.8 * ((i + 0.5) / len(markers) - 0.5)
        for row in rows[(rows["protocol"] == protocol) & rows["effect"].notna()].itertuples():
            colour = colours[str(row.comparison).split("-")[0]]
            panel.errorbar(
                row.effect,
                groups.index((row.comparison, row.output)) + shift,
                xerr=[[row.effect - row.ci_low], [row.ci_high - row.effect]],
                elinewidth=0.9,
                label=protocol,
                **style.marker_look(colour, fills[str(row.output).split("-")[0]], marker),
            )
    panel.set_yticks(range(len(groups)), comparison_names(groups))
    panel.set_ylim(len(groups) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)


def _share_axis(panels: list[Axes], title: str, claims: list[dict]) -> None:
    for panel in panels[1:]:
        panel.sharex(panels[0])
    for panel in panels[:-1]:
        panel.tick_params(labelbottom=False)
    panels[-1].set_xlabel(title)
    panels[0].autoscale_view(scaley=False)  # to the effects of all panels
    low, high = panels[0].get_xlim()
    if claims[0]["scale"] == "ratio":
        ratios = nice_ratios(low, high)
        panels[0].set_xticks(np.log(ratios), [f"×{ratio:g}" for ratio in ratios])
        return
    # Logarithmic beyond the least margin, or one large effect would squeeze all others.
    margin = min(claim["margin"] for claim in claims)
    linear = 10.0 ** math.ceil(math.log10(margin))
    panels[0].set_xscale("symlog", linthresh=linear)
    low, high = min(low, -1.2 * linear), max(high, 1.2 * linear)
    panels[0].set_xlim(low, high)
    unit = 100 if claims[0]["metric"] in SHARES else 1
    steps = (1, 5) if max(-low, high) < 10 * linear else (1,)
    sizes = [linear * step * 10**power for power in range(6) for step in steps]
    ticks = [0.0, *sizes, *(-size for size in sizes)]
    ticks = sorted(tick for tick in ticks if low <= tick <= high)
    panels[0].set_xticks(ticks, [_signed(unit * tick) for tick in ticks])
    panels[0].set_xticks([], minor=True)


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"


def axis_title(claim: dict) -> str:
    """Return what the axis of a claim's effects is called."""
    if claim["scale"] == "ratio":
        return "ratio of the first to the second"
    if claim["metric"] in SHARES:
        return "difference of the first from the second, percentage points"
    return f"difference of the first from the second, {METRICS[claim['metric']].name}"


def scope(outputs: set[str]) -> str:
    """Return the output activation of a claim's networks, if there is only one."""
    if len(outputs) != 1:
        return ""
    (output,) = outputs
    if "-" not in output:
        return f", {output_name(output)}"
    pair = ("none" if name == "identity" else activation_name(name) for name in output.split("-"))
    return f", output {'–'.join(pair)}"


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


def draw(config: dict) -> Figure:
    """Return the figure of the claims that the main protocol tests, from the tables.

    If it tests none, all claims are shown.
    """
    table = read_table("claims", "results/claims.csv")
    tested = set(table.loc[table["protocol"] == config["main"], "claim"])
    claims = read_claims()
    shown = {name: claim for name, claim in claims.items() if name in tested}
    return effects(shown or claims, table, config)
