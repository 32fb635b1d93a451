"""The step that draws the figures, from the tables of a study."""

import shutil
import sys
from pathlib import Path

import matplotlib.image
import pytest

from scripts.analysis.claims import read_claims
from scripts.analysis.runs import Runs
from scripts.analysis.verdicts import evaluate
from scripts.figures import main
from scripts.plots import accuracy
from scripts.study.config import protocols
from scripts.study.layout import FIGURES
from scripts.tables.io import read_table, write_table
from scripts.workflow.entry import write_resolved
from tests.plots.studies import (
    CASES,
    CLAIMS,
    config,
    made,
    made_accuracies,
    made_boundaries,
    made_layers,
    signal_of,
    summary_of,
)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes a study's tables into a folder, makes it the working directory, and
    returns the verdicts.
    """

    def write(study, **results):
        runs, losses = made(study, **results)
        verdicts, _ = evaluate(read_claims(CLAIMS), Runs(runs), protocols(study))
        tables = {"runs": runs, "losses": losses, "claims": verdicts, "summary": summary_of(runs)}
        tables["signal"] = signal_of(made_layers(study, **results))
        tables["accuracies"] = made_accuracies(study, **results)
        tables["boundaries"] = made_boundaries(study)
        for name, table in tables.items():
            write_table(table, name, tmp_path / f"results/{name}.csv")
        (tmp_path / "report").mkdir()
        shutil.copy(CLAIMS, tmp_path / "report")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["figures", "--config", str(write_resolved(study))])
        return verdicts

    return write


@pytest.fixture
def drawn(monkeypatch):
    """The figures that the step draws by name, which are not saved."""
    figures = {}
    monkeypatch.setattr("scripts.figures.save", lambda figure, name: figures.update({name: figure}))
    return figures


def claims_of(figure):
    return [panel.get_title(loc="left").split(":")[0] for panel in figure.axes]


def test_the_effects_are_of_the_claims_that_the_main_protocol_tests(written, drawn):
    verdicts = written(config(protocols={"plain": {}, "other": {}, "other-bce": {}}))
    main()
    assert sorted(claims_of(drawn["effects"])) == ["C1", "C2", "C3", "C4", "T5", "T6"]
    assert {"C6", "C6e"} <= set(verdicts["claim"])  # under the other protocol
    labels = [text.get_text() for text in drawn["effects"].legends[0].get_texts()]
    assert labels[:3] == ["plain", "other", "other-bce"]


def test_of_many_seeds_the_first_are_drawn_and_the_median_is_that_of_all(written, monkeypatch):
    study = config(seeds=4, output=["identity"])
    written(study)
    monkeypatch.setattr("scripts.plots.accuracy.DRAWN_SEEDS", 3)
    runs = read_table("runs", "results/runs.csv").query("protocol == 'plain'")
    panel = accuracy.draw(study).axes[0]
    errors = [y for line in panel.lines for y in line.get_ydata()]
    assert sorted(errors) == pytest.approx(sorted(1 - runs.query("seed < 3")["test_accuracy"]))
    bars = [float(bar.get_segments()[0][0][1]) for bar in panel.collections]
    medians = runs.groupby("hidden")["test_accuracy"].median()
    assert sorted(bars) == pytest.approx(sorted(1 - medians))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["one of everything", "all diverged"])
def test_each_figure_is_saved_in_three_formats_with_something_in_it(written, case):
    own, results = CASES[case]
    written(config(**own), **results)
    main()
    folder = Path("results/figures")
    for name in FIGURES:
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (folder / f"{name}.svg").read_text().count("<path") > 10
        image = matplotlib.image.imread(folder / f"{name}.png")
        assert image.shape[1] > 1000
        assert image[..., :3].std() > 0.02
    assert len(list(folder.iterdir())) == 3 * len(FIGURES)


@pytest.mark.slow
def test_effects_are_drawn_even_if_the_main_protocol_tests_no_claim(written, drawn):
    assert written(config(hidden=["tanh"], output=["identity"])).empty
    main()
    assert claims_of(drawn["effects"])
