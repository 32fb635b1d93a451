"""The figures: every run in them, whatever the runs did, and the same bytes each time."""

import math
import shutil
import sys
import warnings
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.analysis.claims import read_claims
from scripts.analysis.runs import KEYS, Runs
from scripts.analysis.summaries import over_seeds, summarise
from scripts.analysis.verdicts import evaluate
from scripts.figures import main
from scripts.plots.fig1 import losses_by_epoch
from scripts.plots.fig2 import BEST, accuracy_of_runs
from scripts.plots.fig2 import draw as draw_fig2
from scripts.plots.fig3 import effects, nice_ratios
from scripts.plots.fig4 import signal_by_layer
from scripts.plots.style import STYLE, save
from scripts.study.config import protocols
from scripts.study.layout import combinations
from scripts.study.names import activation_name
from scripts.study.project import ROOT
from scripts.tables import schemas
from scripts.tables.io import check, read_table, write_table
from scripts.workflow.entry import write_resolved
from tests.effort import IN_CI

CLAIMS = ROOT / "report/claims.yaml"
SEVEN = ["relu", "tanh", "selu", "sigmoid", "identity", "publishedtanh", "softsign"]
EPOCHS = 4
LAYERS = 3


def config(**own):
    study = {
        "seeds": 5,
        "seeds_per_job": 5,
        "hidden": ["relu", "tanh"],
        "output": ["identity", "sigmoid"],
        "training": {"points": 1000, "epochs": EPOCHS},
        "protocols": {"plain": {}, "other": {}},
    } | own
    return {"main": next(iter(study["protocols"]))} | study


def made(config, accuracy=lambda i: 0.5 + 0.499 * (i * 0.37 % 1), diverged=lambda i: False):
    """The tables runs and losses that a study would leave: `accuracy` of its i-th run."""
    runs, losses = [], []
    for names in combinations(config):
        combination, curves = dict(zip(["protocol", "hidden", "output"], names, strict=True)), []
        for seed in range(config["seeds"]):
            i = len(runs)
            lost = diverged(i)
            share = np.nan if lost else accuracy(i)
            runs.append(
                {**combination, "seed": seed, "final_train_loss": 1 - share}
                | {"train_accuracy": share, "test_accuracy": share}
                | {"diverged": lost, "diverged_epoch": 1 if lost else None}
                | {"epochs_to_target": None if lost or i % 3 == 2 else 1 + i % EPOCHS}
                | {"loss_roughness": share / (1 + seed)}
            )
            curve = 0.3 / np.arange(1, EPOCHS + 1) + 0.01 * (i % 7)
            curves.append(np.full(EPOCHS, np.nan) if lost else curve)
        own = over_seeds(np.transpose(curves))
        losses.append(own.assign(epoch=own.index + 1, **combination))
    runs = pd.DataFrame(runs).astype({"diverged_epoch": "Int64", "epochs_to_target": "Int64"})
    return runs, pd.concat(losses, ignore_index=True)


def made_layers(config, diverged=lambda i: False, **_):
    """The table layers that a study would leave: a run that diverged has no values in the end."""
    generator = np.random.default_rng(0)
    runs = [(*names, seed) for names in combinations(config) for seed in range(config["seeds"])]
    columns = list(schemas.TABLES["layers"].columns)
    rows = [
        [*run, epoch, layer, *(generator.random(len(columns) - 6) * (np.nan if lost else 1))]
        for i, run in enumerate(runs)
        for epoch in (0, 1, EPOCHS)
        for lost in [epoch and diverged(i)]
        for layer in range(1, LAYERS + 1)
    ]
    return check(pd.DataFrame(rows, columns=columns), "layers", "layers.csv")


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")


def fig1(config, losses):
    protocol, settings = next(iter(protocols(config).items()))
    return losses_by_epoch(losses, protocol, settings)


def fig2(config, runs):
    return accuracy_of_runs(runs, summary_of(runs), protocols(config))


def fig3(config, runs):
    claims = read_claims(CLAIMS)
    table, _ = evaluate(claims, Runs(runs), protocols(config))
    table["ci_high"] += 0.1  # so that effects do not lie in the middle
    check(table, "claims", "claims.csv")
    return effects(claims, table, list(protocols(config))), table


def fig4(config, layers):
    protocol, settings = next(iter(protocols(config).items()))
    return signal_by_layer(signal_of(layers), protocol, settings)


def signal_of(layers):
    """The table signal that layers give."""
    values = layers.groupby(schemas.TABLES["signal"].unique, sort=False)[list(schemas.SIGNAL)]
    quartiles = {"median": 0.5, "q25": 0.25, "q75": 0.75}
    parts = [values.quantile(q).add_suffix(f"_{name}") for name, q in quartiles.items()]
    return pd.concat(parts, axis=1).reset_index()


def summary_of(runs):
    rows = [
        summarise(own, 0.9).assign(plateau_left=7, **dict(zip(KEYS, key, strict=True)))
        for key, own in runs.groupby(KEYS)
    ]
    return pd.concat(rows)[list(schemas.TABLES["summary"].columns)]


def markers(panel):
    """What is drawn one for each run."""
    return [line for line in panel.lines if line.get_marker() not in ("None", None, "")]


CASES = {
    "plain": ({}, {}),
    "one seed": ({"seeds": 1}, {}),
    "one output": ({"output": ["sigmoid"]}, {}),
    "one of everything": (
        {"seeds": 1, "hidden": ["tanh"], "output": ["identity"], "protocols": {"only": {}}},
        {},
    ),
    "seven hidden activations": ({"hidden": SEVEN}, {}),
    "seven output activations": ({"output": SEVEN}, {}),
    "seven protocols": ({"protocols": {f"p{i}": {} for i in range(7)}}, {}),
    "no error": ({}, {"accuracy": lambda i: 1.0}),
    "nothing right": ({}, {"accuracy": lambda i: 0.0}),
    "one run diverged": ({}, {"diverged": lambda i: i == 3}),
    "the first combination diverged": ({}, {"diverged": lambda i: i < 5}),
    "all of one panel diverged": ({}, {"diverged": lambda i: i < 20}),
    "all diverged": ({}, {"diverged": lambda i: True}),
    "all but one diverged": ({}, {"diverged": lambda i: i != 3}),
}
cases = pytest.mark.parametrize(("own", "results"), CASES.values(), ids=CASES)


@cases
def test_every_run_that_did_not_diverge_is_a_marker_at_its_error(own, results):
    study = config(**own)
    runs, _ = made(study, **results)
    runs_of = dict(list(runs.groupby(["protocol", "hidden", "output"])["test_accuracy"]))
    panels = fig2(study, runs).axes
    assert [panel.get_title() for panel in panels] == list(study["protocols"])
    for panel, protocol in zip(panels, study["protocols"], strict=True):
        drawn = {
            (round(line.get_xdata().mean()), line.get_marker()): line.get_ydata()
            for line in markers(panel)
            if len(line.get_ydata())
        }
        looks = dict.fromkeys(line.get_marker() for line in markers(panel))
        assert len(looks) == len(study["output"])
        for i, hidden in enumerate(study["hidden"]):
            for look, output in zip(looks, study["output"], strict=True):
                shares = runs_of[protocol, hidden, output].dropna()
                expected = 1 - np.minimum(shares, BEST)
                assert sorted(drawn.get((i, look), [])) == sorted(expected)


@cases
def test_every_marker_lies_within_the_axes_and_apart_from_the_others(own, results):
    study = config(**own)
    for panel in fig2(study, made(study, **results)[0]).axes:
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
    panel = fig2(study, runs).axes[0]
    bars = [float(bar.get_segments()[0][0][1]) for bar in panel.collections]
    groups = runs[runs["protocol"] == "plain"].groupby(["hidden", "output"])["test_accuracy"]
    assert sorted(bars) == pytest.approx(sorted(1 - groups.median()))


def test_of_many_seeds_the_first_are_drawn_and_the_median_is_that_of_all(written, monkeypatch):
    written(config(seeds=4, output=["identity"]))
    monkeypatch.setattr("scripts.plots.fig2.DRAWN_SEEDS", 3)
    runs = read_table("runs", "results/runs.csv").query("protocol == 'plain'")
    settings = protocols(config(seeds=4, output=["identity"]))
    panel = draw_fig2(settings, "plain").axes[0]
    drawn = [y for line in markers(panel) for y in line.get_ydata()]
    assert sorted(1 - np.array(drawn)) == pytest.approx(
        sorted(runs.loc[runs["seed"] < 3, "test_accuracy"])
    )
    bars = [float(bar.get_segments()[0][0][1]) for bar in panel.collections]
    medians = runs.groupby("hidden")["test_accuracy"].median()
    assert sorted(bars) == pytest.approx(sorted(1 - medians))


def test_a_better_run_is_drawn_higher_and_ticks_say_accuracies():
    study = config()
    panel = fig2(study, made(study)[0]).axes[0]
    assert panel.yaxis.get_inverted()
    for tick, label in zip(panel.get_yticks(), panel.get_yticklabels(), strict=True):
        assert 1 - tick == pytest.approx(float(label.get_text()))


def test_a_protocol_has_its_own_hidden_and_output_activations():
    study = config(protocols={"plain": {}, "mine": {"hidden": ["selu"], "output": ["sigmoid"]}})
    _, mine = fig2(study, made(study)[0]).axes
    assert [label.get_text() for label in mine.get_xticklabels()] == ["SELU"]
    assert [len(line.get_ydata()) for line in markers(mine)] == [5]


@cases
def test_losses_are_lines_of_medians_in_bands_of_quartiles(own, results):
    study = config(**own)
    _, losses = made(study, **results)
    first = next(iter(study["protocols"]))
    panels = fig1(study, losses).axes
    losses = losses.set_index(["protocol", "hidden", "output"]).sort_index()
    assert len(panels) == len(study["output"])
    for panel, output in zip(panels, study["output"], strict=True):
        assert len(panel.lines) == len(panel.collections) == len(study["hidden"])
        for line, hidden in zip(panel.lines, study["hidden"], strict=True):
            rows = losses.loc[(first, hidden, output)]
            assert line.get_xdata().tolist() == list(range(1, EPOCHS + 1))
            np.testing.assert_array_equal(line.get_ydata(), rows["median"])
        for band, hidden in zip(panel.collections, study["hidden"], strict=True):
            rows = losses.loc[(first, hidden, output)]
            if rows["q25"].notna().all():
                heights = {y for path in band.get_paths() for _, y in path.vertices}
                assert heights == {*rows["q25"], *rows["q75"]}


@pytest.mark.parametrize(
    "case", ["plain", "one seed", "one of everything", "one run diverged", "all diverged"]
)
def test_every_effect_is_a_marker_with_its_interval(case):
    own, results = CASES[case]
    study = config(**own)
    figure, table = fig3(study, made(study, **results)[0])
    drawn = {
        (panel.get_title(loc="right").split(":")[0], bars.get_label()): bars
        for panel in figure.axes
        for bars in panel.containers
    }
    assert sum(len(bars[0].get_xdata()) for bars in drawn.values()) == len(table)
    for (claim, protocol), rows in table.groupby(["claim", "protocol"]):
        line, _, (intervals,) = drawn[claim, protocol]
        np.testing.assert_array_equal(np.array(line.get_xdata(), float), rows["effect"])
        ends = np.array([segment[:, 0] for segment in intervals.get_segments() if len(segment)])
        known = rows.dropna(subset="ci_low")[["ci_low", "ci_high"]]
        np.testing.assert_allclose(ends[~np.isnan(ends).any(-1)].reshape(-1, 2), known)


def fig3_panels(**own):
    study = config(hidden=["relu", "tanh", "selu", "sigmoid"], **own)
    figure, table = fig3(study, made(study)[0])
    panels = {panel.get_title(loc="right").split(":")[0]: panel for panel in figure.axes}
    return panels, table


def test_a_panel_says_what_is_expected_and_shows_the_margin_and_the_comparisons():
    panels, table = fig3_panels()
    claims = read_claims(CLAIMS)
    assert list(panels) == list(claims)
    assert panels["C2"].get_title(loc="right") == "C2: loss lower"
    assert panels["C5"].get_title(loc="right") == "C5: accuracy the same"
    assert panels["C6e"].get_title(loc="right") == "C6e: epochs lower"
    for name, claim in claims.items():
        (margin,) = panels[name].patches
        assert sorted({*margin.get_corners()[:, 0]}) == [-claim["margin"], claim["margin"]]
        compared = table[table["claim"] == name][["comparison", "output"]].drop_duplicates()
        assert len(panels[name].get_yticks()) == len(compared)
        *networks, margin = panels[name].get_xlabel().split("\n")
        if claim["scale"] == "ratio":
            assert margin == f"margin ×{np.exp(claim['margin']):.3g}"
        else:
            assert margin == f"margin {claim['margin']}"
        outputs = compared["output"].unique()
        names = [output.title().replace("-", "–") for output in outputs]
        assert networks == ([f"{names[0]} output"] if len(outputs) == 1 else [])
    named = [label.get_text() for label in panels["C3"].get_yticklabels()]
    assert named[::-1] == [
        f"{pair}\n({output})"
        for output in ("Identity", "Sigmoid")
        for pair in ("ReLU–Tanh", "SELU–Tanh")
    ]


def test_a_ratio_is_labelled_as_one_where_its_logarithm_is():
    panels, _ = fig3_panels()
    for name, claim in read_claims(CLAIMS).items():
        labels = [label.get_text() for label in panels[name].get_xticklabels()]
        ratios = [label.removeprefix("×") for label in labels if label.startswith("×")]
        assert len(ratios) == (len(labels) if claim["scale"] == "ratio" else 0)
        if ratios:
            places = panels[name].get_xticks()
            assert np.exp(places) == pytest.approx([float(ratio) for ratio in ratios])
            low, high = panels[name].get_xlim()
            assert ((low <= places) & (places <= high)).all()


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


SIGNALS = [("activation_std", 0), ("weight_grad_norm", 0), ("weight_grad_norm", EPOCHS)]


@cases
def test_signals_are_lines_of_medians_over_seeds_in_bands_of_the_middle_half(own, results):
    study = config(**own)
    layers = made_layers(study, **results)
    panels = fig4(study, layers).axes
    first, output = next(iter(study["protocols"])), study["output"][-1]
    values_of = dict(list(layers.groupby(["protocol", "hidden", "output", "epoch", "layer"])))
    for panel, (column, epoch) in zip(panels, SIGNALS, strict=True):
        assert panel.get_yscale() == "log"
        drawn = zip(study["hidden"], panel.lines, panel.collections, strict=True)
        for hidden, line, band in drawn:
            assert line.get_label() == activation_name(hidden)
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


def test_an_activation_looks_the_same_in_figures_1_and_4():
    study = config(hidden=SEVEN)
    (_, loss), (*signals,) = (
        fig1(study, made(study)[1]).axes,
        fig4(study, made_layers(study)).axes,
    )
    looks = [looks_of(panel) for panel in (loss, *signals)]
    assert all(look == looks[0] for look in looks)
    assert len({*looks[0]}) == 7


def test_a_signal_that_is_gone_does_not_stretch_the_axis():
    study = config()
    layers = made_layers(study)
    before = [panel.get_ylim() for panel in fig4(study, layers[layers["hidden"] != "tanh"]).axes]
    layers.loc[layers["hidden"] == "tanh", ["weight_grad_norm", "activation_std"]] = 0.0
    panels = fig4(study, layers).axes
    assert [panel.get_ylim() for panel in panels] == before
    assert all(panel.lines[1].get_ydata().tolist() == [0.0] * LAYERS for panel in panels)


def looks_of(panel):
    return [(line.get_color(), str(line._unscaled_dash_pattern)) for line in panel.lines]


def test_seven_activations_look_different_and_are_named():
    study = config(hidden=SEVEN)
    panel = fig1(study, made(study)[1]).axes[0]
    assert len({*looks_of(panel)}) == 7
    named = [text.get_text() for text in panel.get_legend().get_texts()]
    assert len(set(named)) == 7
    assert named[:3] == ["ReLU", "Tanh", "SELU"]
    assert len({line.get_color() for line in panel.lines}) == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    ["one of everything", *(["all of one panel diverged", "all diverged"] if IN_CI else [])],
)
def test_each_figure_is_saved_in_three_formats_with_something_in_it(tmp_path, case):
    own, results = CASES[case]
    study = config(**own)
    runs, losses = made(study, **results)
    save(fig1(study, losses), "fig1", tmp_path)
    save(fig2(study, runs), "fig2", tmp_path)
    save(fig3(study, runs)[0], "fig3", tmp_path)
    save(fig4(study, made_layers(study, **results)), "fig4", tmp_path)
    for name in ["fig1", "fig2", "fig3", "fig4"]:
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (tmp_path / f"{name}.svg").read_text().count("<path") > 10
        image = matplotlib.image.imread(tmp_path / f"{name}.png")
        assert image.shape[1] > 1000
        assert image[..., :3].std() > 0.02
    assert len(list(tmp_path.iterdir())) == 12
    assert plt.get_fignums() == []


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes a study's tables into a folder, makes it the working directory, and
    returns the verdicts and the arguments that draw its figures.
    """

    def write(study):
        runs, losses = made(study)
        verdicts, _ = evaluate(read_claims(CLAIMS), Runs(runs), protocols(study))
        made_tables = {"runs": runs, "losses": losses, "claims": verdicts}
        made_tables |= {"summary": summary_of(runs), "signal": signal_of(made_layers(study))}
        for name, table in made_tables.items():
            write_table(table, name, tmp_path / f"results/{name}.csv")
        (tmp_path / "report").mkdir()
        shutil.copy(CLAIMS, tmp_path / "report")
        monkeypatch.chdir(tmp_path)
        arguments = ["scripts.figures", "--config", str(write_resolved(study))]
        monkeypatch.setattr(sys, "argv", arguments)
        return verdicts, arguments

    return write


def test_figure_3_has_only_the_claims_that_the_main_protocol_tests(written, monkeypatch):
    verdicts, _ = written(config(protocols={"plain": {}, "other": {}, "other-bce": {}}))
    drawn = {}
    monkeypatch.setattr("scripts.figures.save", lambda figure, name: drawn.update({name: figure}))
    main()
    shown = [panel.get_title(loc="right").split(":")[0] for panel in drawn["fig3"].axes]
    assert shown == ["C1", "C2", "C3", "C4", "T5"]
    assert {"C6", "C6e"} <= set(verdicts["claim"])  # under the other protocol
    labels = [text.get_text() for text in drawn["fig3"].legends[0].get_texts()]
    assert labels == ["plain", "other", "other-bce"]


@pytest.mark.slow
def test_figure_3_is_there_even_if_the_main_protocol_tests_no_claim(written):
    verdicts, _ = written(config(hidden=["tanh"], output=["identity"]))
    assert verdicts.empty
    main()
    assert {f"fig3.{kind}" for kind in ("pdf", "png", "svg")} <= set(saved(Path()))


def saved(folder):
    return {path.name: path.read_bytes() for path in (folder / "results/figures").iterdir()}
