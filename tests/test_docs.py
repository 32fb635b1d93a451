"""The documentation names what exists, and its examples run."""

import importlib.util
import re
import shutil
import subprocess

import pytest
import torch
import yaml
from torch.testing import assert_close

from framework import Activation
from scripts.analysis.claims import check_claims
from scripts.study.config import check
from scripts.study.layout import TEMPLATE
from scripts.study.project import ROOT
from scripts.training.derivatives import check_derivative
from tests.pipeline.project import assert_same_files

PAGES = [
    *("README.md", "CONTRIBUTING.md", "results/README.md", "report/layouts/README.md"),
    *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md")),
]
EXAMPLES = {"scripts/plots/scatter.py"}  # a file that the reader is to write
FOLDERS = "bench|docs|examples|framework|profiles|report|scripts|tests"
OWN_STUDY = "docs/own-study.md"
each_page = pytest.mark.parametrize("page", PAGES)


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(language, page=OWN_STUDY):
    return re.findall(rf"^```{language}\n(.*?)^```", text_of(page), flags=re.S | re.M)


def test_the_readme_is_short_and_links_to_each_page_once():
    readme = text_of("README.md")
    assert len(readme.splitlines()) <= 130
    for page in ROOT.glob("docs/*.md"):
        assert readme.count(f"](docs/{page.name})") == 1, page.name


def test_the_page_for_contributors_is_short():
    assert len(text_of("CONTRIBUTING.md").splitlines()) <= 60


@each_page
def test_links_lead_to_files_that_exist(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text_of(page), flags=re.S)  # code has no links
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)\)", prose)
    folder = (ROOT / page).parent
    assert [link for link in links if not (folder / link).exists()] == []


@each_page
def test_the_files_that_are_named_exist(page):
    named = set(re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text_of(page))) - EXAMPLES
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@each_page
def test_the_targets_of_make_that_are_named_exist(page):
    targets = set(re.findall(r"^(\w+):", text_of("Makefile"), re.M))
    assert set(re.findall(r"(?:^ {4}|`)make (\w+)", text_of(page), re.M)) <= targets


@each_page
def test_the_modules_that_are_named_exist(page):
    modules = set(re.findall(r"python3? -m ([\w.]+)", text_of(page)))
    assert [name for name in sorted(modules) if importlib.util.find_spec(name) is None] == []


def test_the_examples_of_settings_and_of_a_claim_are_right():
    protocols, claim = map(yaml.safe_load, blocks("yaml"))
    config = yaml.safe_load(text_of("config.yaml"))
    check(config | {"protocols": config["protocols"] | protocols["protocols"]})
    check_claims(claim)


@pytest.mark.parametrize("name", ["Softsign", "SiLU", "GELU"])
def test_the_examples_of_activations_are_those_of_torch(name):
    names = {"torch": torch, "Activation": Activation}
    for code in blocks("python")[:2]:
        exec(code, names)
    check_derivative(names[name])
    x = torch.linspace(-8, 8, 101, dtype=torch.float64)
    assert_close(names[name]()(x), getattr(torch.nn, name)()(x))


@pytest.mark.slow
def test_the_examples_of_a_study_of_ones_own_run(project):
    activation, others, dataset, loss, entry, figure = blocks("python")
    sentence, picture = blocks("jinja")
    (slow, claim), folder = blocks("yaml"), project.folder

    def append(path, text):
        (folder / path).write_text(text_of(path) + "\n\n" + text, encoding="utf-8")

    append("scripts/study/activations.py", f"{activation}\n\n{others}")
    replace(folder / "scripts/study/datasets.py", r"^DATASETS = .*\n", dataset)
    append("framework/losses.py", loss)
    replace(folder / "scripts/study/choices.py", r"^LOSSES\b.*\{\n", rf"\g<0>{entry}")
    (folder / "scripts/plots/scatter.py").write_text(figure, encoding="utf-8")
    append("report/claims.yaml", claim)
    summary = "# Summary {#sec:summary}\n"
    project.edit("report/report.md.j2", summary, f"{sentence}\n{picture}\n{summary}")
    protocols = yaml.safe_load(slow)["protocols"]
    protocols["slow"]["epochs"] = 2
    protocols["other"] = {"dataset": "checkerboard", "loss": "l1"}
    project.set(hidden=["relu", "softsign", "gelu"], protocols={"plain": {}, **protocols})
    project.run()
    assert "\nslow-moons,softsign," in (folder / "results/summary.csv").read_text()
    assert "\nother,softsign," in (folder / "results/summary.csv").read_text()
    assert "results/figures/scatter.svg" in project.files("figures/*")
    assert "no runs compare the epochs that SELU and ReLU need" in project.report()
    assert "SiLU" not in project.report()
    for name in ("Softsign", "GELU"):
        assert name in project.report()
    assert "a dot for each run" in project.report()


@pytest.mark.slow
def test_the_small_study_goes_from_nothing_to_a_report(project):
    """And leaves nothing of the figures that its template does not show."""
    (command,) = re.findall(r"^    (cp .*) && make report$", text_of(OWN_STUDY), re.M)
    shutil.copytree(ROOT / "examples", project.folder / "examples")
    subprocess.run(command, shell=True, cwd=project.folder, check=True)
    shown = re.findall(r"figures/(\w+)\.svg", (project.folder / TEMPLATE).read_text())
    others = project.files("runs/fast/**/*")  # of a protocol that the small study has not
    project.run("--config", "seeds=2", "training={epochs: 2}")
    assert "tell two moons apart" in project.report()
    assert re.search(r"Under \*plain\*, .*ReLU", project.report())
    made = [f"results/figures/{name}.{form}" for name in shown for form in ("pdf", "png", "svg")]
    assert list(project.files("figures/*")) == made
    assert_same_files(project.files("runs/fast/**/*"), others)


def replace(path, pattern, new):
    text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), flags=re.M)
    assert count == 1
    path.write_text(text, encoding="utf-8")
