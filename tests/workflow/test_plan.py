"""What is checked, and read, before anything runs."""

import os
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.settings.types import MaxJobsPerTimespan

from scripts.study.layout import FIGURES, TEMPLATE, sources
from scripts.study.project import ROOT, copy_project
from scripts.workflow import plan
from scripts.workflow.plan import check_place


def workflow(folder, is_main_process=True):
    """What is asked of a Snakemake workflow."""
    return SimpleNamespace(current_basedir=folder, is_main_process=is_main_process)


@pytest.mark.parametrize("kind", ["missing", "a link to nothing", "a folder"])
def test_each_source_that_is_no_file_is_named(tmp_path, monkeypatch, kind):
    copy_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    check_place(workflow(ROOT))
    for source in map(Path, sources()):
        kept = source.rename(source.with_name("kept"))
        if kind == "a link to nothing":
            source.symlink_to("nowhere")
        elif kind == "a folder":
            source.mkdir()
        with pytest.raises(SystemExit) as caught:
            check_place(workflow(ROOT))
        assert str(caught.value) == (f"study: {tmp_path}: {source} is missing, or is not a file")
        if kind == "a folder":
            source.rmdir()
        kept.replace(source)


def test_a_figure_without_code_is_named_before_anything_runs(tmp_path, monkeypatch):
    copy_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    *_, figure = FIGURES
    template = Path(TEMPLATE)
    text = template.read_text().replace(f"figures/{figure}.svg", f"figures/{figure}x.svg")
    template.write_text(text)
    line = text.split(f"figures/{figure}x.svg")[0].count("\n") + 1
    with pytest.raises(SystemExit) as caught:
        check_place(workflow(ROOT))
    assert str(caught.value) == (
        f"study: report/report.md.j2, line {line}: got the figure {figure}x; "
        f"allowed: {', '.join(FIGURES)} (did you mean {figure}?)"
    )


def test_every_file_in_report_that_results_are_made_from_is_a_source():
    others = {"layouts/README.md", "layouts/diff.html.j2"}  # of people, and of make diff
    folder = ROOT / "report"
    there = {str(path.relative_to(folder)) for path in folder.rglob("[a-z]*.*[a-z0-9]")}
    there = {path for path in there if not path.startswith("captions/")}  # Snakemake checks those
    assert there - others == {source.removeprefix("report/") for source in sources()}


def test_a_snakefile_whose_code_lies_elsewhere_is_refused(tmp_path):
    with pytest.raises(SystemExit) as caught:
        check_place(workflow(tmp_path))
    assert str(caught.value) == (
        f"study: the Snakefile lies in {tmp_path}, but its code was found in {ROOT}"
    )


def test_a_folder_from_which_python_cannot_import_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / f"a{os.pathsep}b"
    monkeypatch.setattr(plan, "ROOT", folder)
    with pytest.raises(SystemExit) as caught:
        check_place(workflow(str(folder)))
    assert str(caught.value) == (
        f"study: {folder}: Python imports nothing from a folder with {os.pathsep} in it"
    )


def test_results_that_are_no_folder_are_named(tmp_path, monkeypatch):
    copy_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = f"study: {tmp_path}: results is a file, or a link to nowhere; allowed: a folder"
    results = tmp_path / "results"
    for make in (results.touch, lambda: results.symlink_to("nowhere")):
        make()
        with pytest.raises(SystemExit, match=said):
            check_place(workflow(ROOT))
        results.unlink()
    (tmp_path / "elsewhere").mkdir()
    results.symlink_to("elsewhere")
    check_place(workflow(ROOT))


def test_the_one_patch_of_snakemake_is_of_this_version_and_still_needed():
    """After an update: does `--profile profiles/slurm` still start one Snakemake for a group?"""
    assert version("snakemake").startswith("9.27.")
    plugin = pytest.importorskip("snakemake_executor_plugin_slurm")
    assert not plugin.common_settings.pass_group_args


def test_a_table_that_a_figure_reads_and_no_step_writes_is_named(monkeypatch):
    monkeypatch.chdir(ROOT)
    reads = {**plan.drawable(), "losses": ["results/lossses.csv"]}
    monkeypatch.setattr(plan, "drawable", lambda: reads)
    with pytest.raises(plan.StudyError) as caught:
        plan.check_pictures()
    start = "scripts/plots/losses.py: READS: got results/lossses.csv; allowed: results/runs.csv, "
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith(" (did you mean results/losses.csv?)")


@pytest.mark.parametrize(
    ("limit", "local", "kept"),
    [("100/1s", True, False), ("5/1s", True, True), ("100/1s", False, True)],
)
def test_only_the_default_rate_limit_of_a_run_on_this_machine_is_dropped(limit, local, kept):
    scheduler = SimpleNamespace(job_rate_limiter=MaxJobsPerTimespan.parse_choice(limit))
    plan.drop_rate_limit(SimpleNamespace(scheduler=scheduler, local_exec=local))
    assert (scheduler.job_rate_limiter is not None) == kept
