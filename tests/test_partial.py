"""A report of the runs that are there, where others are missing or failed."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

from tests.test_faults import HOOK, last_words, manifest
from tests.test_pipeline import new_project


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    project = new_project(tmp_path_factory.mktemp("finished"))
    project.set(hidden=["relu", "sigmoid"])
    project.run()
    return project


@pytest.fixture
def project(finished, tmp_path):
    return finished.copy(tmp_path / "project")


def partial(project, expect=0):
    command = ["env", "PARTIAL=1", sys.executable, "-m", "snakemake", "--cores", "2"]
    result = subprocess.run(command, cwd=project.folder, capture_output=True, text=True)
    assert result.returncode == expect, result.stderr
    return result


def report(project, ending="md"):
    return (project.folder / f"results/report/report.{ending}").read_text(encoding="utf-8")


def verdicts(project):
    return pd.read_csv(project.folder / "results/claims.csv").set_index(
        ["claim", "protocol", "group"]
    )["verdict"]


@pytest.mark.parametrize(
    ("lost", "runs", "which"),
    [
        ("fast/relu-sigmoid/seeds-2-2", "1 runs", "*fast* relu–sigmoid (seeds 2)"),
        ("fast/relu-sigmoid", "3 runs", "*fast* relu–sigmoid (seeds 0–1 and 2)"),
        ("plain", "12 runs", "*plain* relu–identity (seeds 0–1 and 2); *plain* relu–sigmoid"),
        ("fast", "12 runs", "*fast* sigmoid–sigmoid (seeds 0–1 and 2)"),
    ],
)
def test_the_report_says_on_top_which_runs_are_missing(project, lost, runs, which):
    shutil.rmtree(project.folder / "results/runs" / lost)
    assert last_words(partial(project).stderr)[-1].endswith(
        "The partial report: results/report/report.html"
    )
    assert not (project.folder / "results/runs" / lost).exists()  # nothing was trained
    for ending in ("md", "html", "tex"):
        top = report(project, ending).split("A course report compares")[0]
        assert "This report is partial" in top
    top = report(project).split("A course report compares")[0]
    assert f"{runs} are missing" in top.replace("\n", " ")
    assert which in top.replace("\n", " ")


def test_each_claim_that_rests_on_missing_runs_is_unproven_and_no_other(project, finished):
    shutil.rmtree(project.folder / "results/runs/fast/relu-sigmoid/seeds-2-2")
    partial(project)
    before, after = verdicts(finished), verdicts(project)
    assert before.index.equals(after.index)
    unproven = {name for name, verdict in after.items() if verdict == "unproven"}
    assert {("C1", "fast", "relu"), ("C1", "fast", "all"), ("C2", "fast", "relu")} <= unproven
    assert {protocol for _, protocol, _ in unproven} == {"fast"}
    assert ("C5", "fast", "all") not in unproven  # it rests on Sigmoid networks
    assert "is unproven, for runs are missing" in report(project)
    project.run()
    assert manifest(project) == manifest(finished)
    assert "This report is partial" not in report(project)


def test_runs_of_other_settings_count_as_missing(project):
    project.edit("config.yaml", "learning_rate: 0.5", "learning_rate: 0.4")
    partial(project)
    assert "12 runs are missing" in report(project)
    missing = pd.read_csv(project.folder / "results/missing.csv")
    assert set(missing["protocol"]) == {"fast"}
    assert missing["last_seed"].max() == 2


def test_without_any_run_it_ends_in_one_line(project):
    shutil.rmtree(project.folder / "results/runs")
    message = last_words(partial(project, expect=1).stderr)[0]
    assert message == "aggregate: no run is there yet; make report trains them"


def test_keep_going_ends_in_a_partial_report_and_the_failures(tmp_path):
    project = new_project(tmp_path)
    broken = '    import os, sys; os.path.exists("broken") and "fast" in sys.argv and 1 / 0\n'
    project.edit("scripts/progress.py", HOOK, HOOK + broken)
    (project.folder / "broken").touch()
    result = project.snakemake("--keep-going")
    assert result.returncode == 1
    assert "The partial report: results/report/report.html" in result.stderr
    said = result.stderr.split("The partial report:")[1]
    assert "train fast/relu-identity, seeds 0-1: ZeroDivisionError: division by zero" in said
    assert last_words(said)[-1].startswith("The log: results/logs/train/fast/relu-sigmoid/seeds-")
    assert "6 runs are missing, namely *fast* relu–identity (seeds 0–1 and 2)" in report(project)
    assert set(verdicts(project)["C1"]["plain"]).isdisjoint({"unproven"})
    (project.folder / "broken").unlink()
    project.run()
    assert "This report is partial" not in report(project)
