"""One run of the whole study, small: what it makes, and what people see of it."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import torch

from scripts.study.layout import MADE
from scripts.study.project import ROOT
from tests.pipeline.project import JOBS, assert_same_files, new_project

pytestmark = pytest.mark.slow


def test_one_command_makes_tables_figures_and_the_report_in_all_formats(finished):
    made = finished.files("**/*")
    for name in ("runs", "losses", "layers", "summary", "claims"):
        assert f"results/{name}.csv" in made
    for ending in ("md", "html", "tex", "pdf"):
        assert f"results/report/report.{ending}" in made
    for figure in ("losses", "accuracy", "effects", "signal", "boundaries", "rates"):
        assert {f"results/figures/{figure}.{e}" for e in ("svg", "pdf", "png")} <= set(made)


def test_the_page_on_the_workflow_shows_the_rules_as_they_are(project):
    graph = project.run("--rulegraph", "mermaid-js").stdout
    page = (ROOT / "docs/workflow.md").read_text(encoding="utf-8")
    shown = re.search(r"```mermaid\n(.*?)```", page, re.S)
    # Snakemake names the edges in any order.
    assert sorted(shown[1].splitlines()) == sorted(graph[graph.index("---") :].strip().splitlines())


def test_snakemakes_own_report_shows_figures_tables_and_the_report(project, tmp_path):
    project.run("--report", str(tmp_path / "own.html"))
    text = (tmp_path / "own.html").read_text(encoding="utf-8")
    for name in (
        "losses.svg",
        "signal.svg",
        "claims.csv",
        "summary.csv",
        "report.html",
        "report.pdf",
    ):
        assert name in text
    for category in ("Figures", "Tables", "Report"):
        assert category in text
    assert "Figure losses of the report" in text


def test_the_latex_report_compiles_where_it_lies(project, pdflatex):
    pdflatex(project.folder / "results/report/report.tex")


def test_each_number_of_the_pdf_leads_to_a_page_of_it(finished):
    if not shutil.which("pdftohtml"):
        pytest.skip("pdftohtml is not installed")
    folder = finished.folder / "results/report"
    command = ["pdftohtml", "-xml", "-i", "-stdout", folder / "report.pdf"]
    pdf = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pages = {int(page) for page in re.findall(r'<a href="[^"]*#(\d+)">', pdf)}
    assert pages <= set(range(1, pdf.count("<page ") + 1))
    numbers = (folder / "report.html").read_text(encoding="utf-8").count('class="bound"')
    assert pdf.count("<a href=") > numbers > 50


def test_a_log_without_a_terminal_has_no_escape_codes_and_is_short(finished):
    text = finished.result.stdout + finished.result.stderr
    assert "\x1b" not in text
    assert len(text.splitlines()) < JOBS + 30


def test_a_second_run_says_that_all_is_up_to_date(project):
    assert "Nothing to be done" in project.run().stderr


@pytest.fixture(scope="module")
def eleven_seeds(tmp_path_factory):
    """The tables of eleven seeds of each combination, trained in one job on one core."""
    return tables_of(new_project(tmp_path_factory.mktemp("eleven")), seeds=11, seeds_per_job=11)


def tables_of(project, cores=1, **settings):
    project.set(**settings)
    names = [f"results/{name}.csv" for name in ("runs", "losses", "layers", "factors", "summary")]
    project.run(*names, cores=cores)
    return project.files("*.csv")


def test_neither_seeds_per_job_nor_cores_change_a_byte(eleven_seeds, tmp_path):
    tables = tables_of(new_project(tmp_path), cores=4, seeds=11, seeds_per_job=7)
    assert_same_files(tables, eleven_seeds)


def test_seeds_that_are_added_later_are_trained_alone_to_the_same_bytes(eleven_seeds, tmp_path):
    project = new_project(tmp_path)
    assert tables_of(project, seeds=4, seeds_per_job=3) != eleven_seeds
    full = sorted(project.folder.glob("results/runs/*/*/seeds-0-2/*.csv"))
    dates = [path.stat().st_mtime_ns for path in full]
    project.set(seeds=11)
    assert project.planned()["train"] == 4 * 3  # blocks of each combination
    assert_same_files(tables_of(project, cores=4), eleven_seeds)
    assert [path.stat().st_mtime_ns for path in full] == dates


def test_a_commit_is_compared_by_running_its_study(finished, tmp_path):
    project = new_project(tmp_path)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A study."]):
        name = ["-c", "user.name=Anyone", "-c", "user.email=anyone@example.org"]
        subprocess.run(["git", *name, *command], cwd=tmp_path, check=True)
    shutil.copytree(finished.folder / "results", tmp_path / "results")
    project.set(seeds=2)
    command = [sys.executable, "-m", "scripts.compare", "HEAD"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout.startswith("results/diff.html: 1 setting, 0 verdicts, 0 numbers"), result


def test_a_wrong_config_ends_in_one_line(project):
    project.set(hidden=["rellu"])
    result = project.snakemake()
    assert result.returncode != 0
    assert result.stderr.strip().splitlines()[-1].startswith("config: hidden.0: got 'rellu'")
    assert "did you mean relu?" in result.stderr
    assert "Traceback" not in result.stderr + result.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_ends_in_one_line_before_any_job(project):
    project.set(protocols={"plain": {}, "quick": {"device": "cuda", "epochs": 2}})
    before = project.files("**/*")
    result = project.snakemake()
    assert result.returncode != 0
    assert result.stderr.strip().splitlines()[-1] == (
        "config: protocols.quick.device: got 'cuda', which torch does not find here; allowed: cpu"
    )
    assert project.files("**/*") == before


def test_what_a_failed_job_says_is_shown_with_the_place_of_its_log(project):
    path = project.folder / "report/published.csv"
    path.write_text(path.read_text().replace("0.", "null", 1))
    result = project.snakemake()
    assert result.returncode != 0
    assert "\nclaims: report/published.csv: column mean, row 1: got null" in result.stderr
    assert "results/logs/claims.log" in result.stderr
    assert "Traceback" not in result.stderr
    assert "export " not in result.stderr  # the command is short


def test_a_wrong_derivative_ends_in_one_line_and_is_not_published(project):
    published = project.files("*.csv", "report/*", "figures/*")
    project.edit("framework/activations.py", "return positive(x)", "return 2 * positive(x)")
    result = project.snakemake()
    assert result.returncode != 0
    said = (
        r"\ntrain/\w+/relu-\w+/seeds-\d-\d: framework/activations\.py: ReLU: wrong derivative at "
    )
    assert re.search(f"{said}x = [\\d.]+: got 2, expected 1 ", result.stderr)
    assert "Traceback" not in result.stderr
    assert project.files("*.csv", "report/*", "figures/*") == published


def test_the_receipts_list_all_results_after_training(finished):
    """For what they list and no step makes is removed."""
    receipts = (finished.folder / "results/receipts").glob("*.json")
    made = [json.loads(path.read_text())["made"] for path in receipts]
    assert {path for files in made for path in files} == {*MADE}


def test_a_template_error_names_file_line_and_name(project):
    project.edit("report/report.md.j2", "# Summary", "{{ rnus }}\n# Summary")
    line = (project.folder / "report/report.md.j2").read_text().split("{{ rnus }}")[0].count(
        "\n"
    ) + 1
    old = project.files("report/*")
    result = project.snakemake()
    assert result.returncode != 0
    message = f"report: report/report.md.j2, line {line}: there is no 'rnus' (did you mean runs?)"
    assert f"\n{message}\n    {{{{ rnus }}}}\n" in re.sub(" +\n", "\n", result.stderr)
    assert project.files("report/*") == old  # the last good report stays
