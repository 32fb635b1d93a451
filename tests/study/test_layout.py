"""Which files each step reads and writes."""

import pytest

from scripts.study import layout
from scripts.study.errors import StudyError
from scripts.study.layout import FIGURES, TEMPLATE, figure_sources
from scripts.study.project import ROOT


@pytest.fixture
def template(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / TEMPLATE
    path.parent.mkdir()
    return path


def test_the_figures_are_those_that_the_template_shows(template):
    one, *_, other = FIGURES
    template.write_text(f"![A.](figures/{one}.svg)\n\n![B.](figures/{other}.svg){{.wide}}\n")
    assert figure_sources() == {one: FIGURES[one], other: FIGURES[other]}


def test_a_picture_without_code_is_no_figure(template):
    template.write_text("![A.](figures/style.svg) ![B.](figures/none.svg)")
    assert figure_sources() == {}


def test_without_a_template_there_are_no_figures(template):
    assert figure_sources() == {}


def test_this_studys_template_shows_every_figure_that_there_is_code_for():
    files = (ROOT / "scripts/plots").glob("*.py")
    code = {path.stem for path in files if "\nREADS = " in path.read_text()}
    assert FIGURES.keys() == code


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import x\nREADS = [x.PATH]\n", "2: READS cannot be read; allowed: a list of paths"),
        ('READS = "results/runs.csv"\n', "1: READS cannot be read; allowed: a list of paths"),
        ("READS: list = {[]: 1}\n", "1: READS cannot be read; allowed: a list of paths"),
        ("READS = []\ndef draw(:\n", "2: invalid syntax"),
    ],
)
def test_code_of_a_figure_that_cannot_be_read_is_named_with_its_line(
    tmp_path, monkeypatch, code, message
):
    path = tmp_path / "scripts/plots/fig5.py"
    path.parent.mkdir(parents=True)
    path.write_text(code)
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    with pytest.raises(StudyError, match=f"{path}, line {message}"):
        layout.drawable()
