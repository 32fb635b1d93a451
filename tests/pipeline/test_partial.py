"""A report of the runs that are there, where others are missing or failed."""

import shutil

import pandas as pd
import pytest

from tests.pipeline.project import HOOK

pytestmark = pytest.mark.slow


def partial(project, expect=0):
    result = project.snakemake(PARTIAL="1")
    assert result.returncode == expect, result.stderr
    return result


def verdicts(project):
    """{(claim, protocol, comparison): verdict}, and under "all" the verdict over comparisons."""
    of_each = pd.read_csv(project.folder / "results/claims.csv")
    over = pd.read_csv(project.folder / "results/verdicts.csv").assign(comparison="all")
    key = ["claim", "protocol", "comparison"]
    return pd.concat([of_each, over]).set_index(key)["verdict"].sort_index()


def test_missing_runs_are_named_on_top_and_what_rests_on_them_is_unproven(project, finished):
    lost = "fast/relu-sigmoid/seeds-2-2"
    shutil.rmtree(project.folder / "results/runs" / lost)
    partial(project)
    assert not (project.folder / "results/runs" / lost).exists()  # nothing was trained
    for ending in ("md", "html", "tex"):
        assert "This report is partial" in top(project, ending)
    assert "1 runs are missing" in top(project)
    assert "*fast* relu–sigmoid (seeds 2)" in top(project)
    before, after = verdicts(finished), verdicts(project)
    assert before.index.equals(after.index)
    unproven = {name for name, verdict in after.items() if verdict == "unproven"}
    assert {("C1", "fast", "relu"), ("C1", "fast", "all"), ("C2", "fast", "relu")} <= unproven
    assert {protocol for _, protocol, _ in unproven} == {"fast"}
    assert "runs that the verdict needs are missing" in project.report()
    project.run()
    assert project.manifest() == finished.manifest()
    assert "This report is partial" not in project.report()


def top(project, ending="md"):
    """What the report says before its abstract, on one line."""
    return project.report(ending).split("A course report compares")[0].replace("\n", " ")


def test_runs_of_other_settings_count_as_missing(project):
    """Here those of the main protocol."""
    project.edit("config.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    partial(project)
    assert "6 runs are missing" in top(project)
    one, other = "*plain* relu–identity", "*plain* relu–sigmoid"
    assert f"{one} (seeds 0–1 and 2); {other} (seeds 0–1 and 2)" in top(project)
    missing = pd.read_csv(project.folder / "results/missing.csv")
    assert set(missing["protocol"]) == {"plain"}
    assert missing["last_seed"].max() == 2


def test_without_any_run_it_ends_in_one_line(project):
    shutil.rmtree(project.folder / "results/runs")
    said = partial(project, expect=1).stderr
    assert "\naggregate: there are no runs yet; make report trains them" in said


def test_without_any_run_of_the_main_protocol_there_is_a_report(project):
    shutil.rmtree(project.folder / "results/runs/plain")
    partial(project)
    assert "6 runs are missing" in top(project)
    assert set(verdicts(project)["C1"]["plain"]) == {"unproven", "not tested"}


def test_a_partial_report_follows_runs_that_failed(project):
    project.edit("config.yaml", "learning_rate: 0.5", "learning_rate: 0.4")
    broken = '    import sys; any(each.startswith("fast/") for each in sys.argv) and 1 / 0\n'
    project.edit("scripts/training/progress.py", HOOK, HOOK + broken)
    result = project.snakemake("--keep-going")
    assert result.returncode == 1
    assert "ZeroDivisionError: division by zero" in result.stderr
    partial(project)
    assert "6 runs are missing, namely *fast* relu–identity (seeds 0–1 and 2)" in project.report()
    assert set(verdicts(project)["C1"]["plain"]).isdisjoint({"unproven"})


def test_partial_0_means_no(project):
    shutil.rmtree(project.folder / "results/runs/fast/relu-sigmoid/seeds-2-2")
    assert " train " in project.snakemake("--dry-run", PARTIAL="0").stderr
