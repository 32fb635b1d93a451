"""The study, run again and compared: the same bytes, or which differ, why and how far."""

import json
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from scripts import verify
from scripts.analysis.claims import read_claims
from scripts.analysis.differences import (
    chaotic_runs,
    in_words,
    largest_difference,
    protocols_compared,
)
from scripts.study.errors import StudyError
from scripts.study.project import ROOT
from scripts.study.schema import read_yaml
from scripts.tables.io import read_table
from scripts.workflow.receipts import sha256

pytestmark = pytest.mark.slow
BLOCK = "runs/plain/relu-identity/seeds-0-1"
SAME = "Verified: the same bytes, and so the same verdicts."


@pytest.fixture
def project(finished, tmp_path, monkeypatch):
    """A copy of the finished study, whose rerun gives what was there first."""
    project = finished.copy(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")

    def rerun(folder, *targets):
        part = "results/runs" if targets else "results"
        shutil.copytree(finished.folder / part, folder / part)

    monkeypatch.setattr(verify, "rerun", rerun)
    return project


def verified(tmp_path, sample=0):
    folder, config = tmp_path / "again", read_yaml("config.yaml")
    folder.mkdir()
    if sample:
        return verify.verify_sample(folder, config, sample)
    return verify.verify(folder, config)


def run(project, *arguments):
    command = [sys.executable, "-m", "scripts.verify", *arguments]
    return subprocess.run(command, cwd=project.folder, capture_output=True, text=True)


def files_of(project):
    """How many the manifest lists."""
    return len(project.manifest().splitlines())


def change_run(project, seed):
    """Let a run of the first combination have another loss."""
    for path in (f"{BLOCK}/runs.csv", "runs.csv"):
        row = f"plain,relu,identity,{seed},"
        project.edit(f"results/{path}", f"{row}0.2", f"{row}0.3")


def name_chaotic(project, *seeds, folder="results"):
    """Let chaotic.csv name runs of the first combination."""
    with (project.folder / folder / "chaotic.csv").open("a") as file:
        file.writelines(f"plain,relu,identity,{seed},0.2,0.3\n" for seed in seeds)


def made_elsewhere(project, kind, folder="results"):
    path = project.folder / folder / "provenance.json"
    made = json.loads(path.read_text())
    if kind == "processor":
        made["processor"]["name"] = "Another Chip"
    elif kind == "path":
        made["environment"]["ATEN_CPU_CAPABILITY"] = "of-another-chip"
    elif kind == "code":
        made["study"] = "0" * 64
    else:
        made["packages"][kind] = "0.1"
    path.write_text(json.dumps(made))


def publish(project):
    """Make the results here the published ones, with a manifest of what they are now."""
    path = project.folder / "results/MANIFEST.sha256"
    names = [line.partition("  ")[2] for line in path.read_text().splitlines()]
    path.write_text("".join(f"{sha256(f'results/{name}')}  {name}\n" for name in names))
    subprocess.run(["make", "-f", ROOT / "Makefile", "publish"], check=True)


def test_a_study_that_is_run_again_has_the_same_bytes(project):
    before, n = project.files("**/*"), files_of(project)
    result = run(project)
    assert result.returncode == 0, result.stderr
    assert f"results: {n} of {n} files have the same bytes\n" in result.stdout
    assert result.stdout.splitlines()[-1] == SAME
    assert project.files("**/*") == before


def test_a_sample_of_blocks_is_trained_again(project):
    result, n = run(project, "--sample", "2"), files_of(project)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("train/") == 2
    assert "results: 8 of 8 files have the same bytes\n" in result.stdout
    assert f"results/MANIFEST.sha256: {n} of {n} files are as listed\n" in result.stdout
    assert (
        result.stdout.splitlines()[-1]
        == "Verified: 2 of 8 blocks were trained again, to the same bytes."
    )


@pytest.mark.parametrize("sample", ["many", "-1"])
def test_a_sample_of_no_size_is_refused(project, sample):
    result = run(project, f"--sample={sample}")
    assert result.returncode == 2
    assert f"argument --sample: got {sample}; allowed: a whole number, 1 or more" in result.stderr


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("", "the processor, versions and code are the same"),
        ("processor", "another processor: Another Chip ("),
        ("path", "ATEN_CPU_CAPABILITY=of-another-chip) there"),
    ],
)
def test_chaotic_runs_may_differ_and_what_rests_on_them(project, tmp_path, capsys, kind, reason):
    name_chaotic(project, 0)
    change_run(project, 0)
    project.edit("results/report/report.md", "Abstract", "Summary")
    if kind:
        made_elsewhere(project, kind)
    n = files_of(project)
    line, well = verified(tmp_path)
    assert well
    assert line == (f"Verified: the same verdicts; 4 of {n} files differ, by chaotic runs alone.")
    out = capsys.readouterr().out
    assert f"results: {n - 4} of {n} files have the same bytes\n" in out
    assert "    plain, relu, identity: seed 0: chaotic\n" in out
    assert "    chaotic.csv, report/report.md, runs.csv: rest on these runs\n" in out
    assert reason in out


def test_other_runs_of_a_chaotic_block_may_not_differ(project, tmp_path, capsys):
    name_chaotic(project, 0)
    change_run(project, 0)
    change_run(project, 1)
    line, well = verified(tmp_path)
    assert not well
    assert line == (
        "Not verified: runs that are not chaotic differ from results, for no known reason."
    )
    out = capsys.readouterr().out
    assert "    plain, relu, identity: seed 0: chaotic\n" in out
    assert "    plain, relu, identity: seed 1: no known reason\n" in out


@pytest.mark.parametrize("table", ["losses", "layers"])
def test_a_run_differs_if_one_of_its_tables_does(project, tmp_path, capsys, table):
    path = project.folder / f"results/{BLOCK}/{table}.csv"
    rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join(rows[:-1]) + rows[-1].rpartition(",")[0] + ",0.123\n")
    assert not verified(tmp_path)[1]
    assert "    plain, relu, identity: seed 1: no known reason\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"), [("plain,relu,identity,0,", "plain,relu,identity,0,+"), ("seed", "seeds")]
)
def test_where_rows_do_not_tell_all_seeds_of_a_block_differ(project, tmp_path, capsys, old, new):
    name_chaotic(project, 0)
    project.edit(f"results/{BLOCK}/runs.csv", old, new)
    assert not verified(tmp_path)[1]
    assert "    plain, relu, identity: seed 1: no known reason\n" in capsys.readouterr().out


def test_another_processor_excuses_no_run_that_is_not_chaotic(project, tmp_path, capsys):
    made_elsewhere(project, "processor")
    change_run(project, 0)
    change_run(project, 1)
    line, well = verified(tmp_path)
    assert not well
    assert line == (
        "Not verified: runs that are not chaotic differ from results, "
        "with no reason but another processor."
    )
    out = capsys.readouterr().out
    assert "    plain, relu, identity: seeds 0, 1: another processor\n" in out


@pytest.mark.parametrize("kind", ["code", "torch"])
def test_other_code_or_another_version_is_a_reason(project, tmp_path, capsys, kind):
    made_elsewhere(project, kind)
    change_run(project, 0)
    line, well = verified(tmp_path)
    assert well
    assert line == "Verified: the same verdicts; other bytes, for the reasons above."
    out = capsys.readouterr().out
    assert f"    plain, relu, identity: seed 0: another {kind}\n" in out
    assert f"    another {kind}: 0" in out


@pytest.mark.parametrize("table", ["claims", "verdicts"])
@pytest.mark.parametrize("chaotic", [True, False])
def test_another_verdict_is_excused_by_chaotic_runs_alone(
    project, tmp_path, capsys, table, chaotic
):
    made_elsewhere(project, "processor" if chaotic else "code")
    if chaotic:
        name_chaotic(project, 0)
        change_run(project, 0)
    path = project.folder / f"results/{table}.csv"
    rows = pd.read_csv(path, dtype="str", keep_default_na=False)
    row = rows.index[rows["protocol"] == "plain"][0]
    before, rows.loc[row, "verdict"] = rows.loc[row, "verdict"], "reversed"
    rows.to_csv(path, index=False)
    line, well = verified(tmp_path)
    assert well == chaotic
    assert line.startswith(
        "Verified: 1 verdicts differ by chaotic runs; 4 of"
        if chaotic
        else "Not verified: verdicts differ from results."
    )
    out = capsys.readouterr().out
    assert f"    verdict of {rows.loc[row, 'claim']}, plain" in out
    assert f": reversed there, {before} here{', by chaotic runs' * chaotic}\n" in out


def test_a_chaotic_run_that_is_the_same_excuses_no_verdict(project, tmp_path):
    """Nor does one of another protocol that differs."""
    name_chaotic(project, 0)
    change_run(project, 0)
    with (project.folder / "results/chaotic.csv").open("a") as file:
        file.write("fast,relu,identity,0,0.2,0.3\n")
    path = project.folder / "results/verdicts.csv"
    rows = pd.read_csv(path, dtype="str", keep_default_na=False)
    rows.loc[rows.index[rows["protocol"] == "fast"][0], "verdict"] = "reversed"
    rows.to_csv(path, index=False)
    assert verified(tmp_path) == ("Not verified: verdicts differ from results.", False)


def test_a_verdict_rests_on_the_runs_of_each_protocol_that_its_claim_compares():
    claims = read_claims()
    assert protocols_compared(claims["C4"], "p") == {"p"}
    assert protocols_compared(claims["C6"], "p") == {"p", "p-bce"}


@pytest.mark.parametrize(("kind", "excused"), [("", False), ("processor", False), ("typst", True)])
def test_files_that_rest_on_the_same_runs_are_the_same(project, tmp_path, capsys, kind, excused):
    project.edit("results/report/report.md", "Abstract", "Summary")
    if kind:
        made_elsewhere(project, kind)
    line, well = verified(tmp_path)
    assert well == excused
    if not excused:
        assert line == "Not verified: files differ from results, for no known reason."
    reason = "another typst" if excused else "no known reason"
    assert f"    report/report.md: {reason}\n" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["figures/losses.svg", f"{BLOCK}/layers.csv"])
def test_a_missing_file_is_no_matter_of_chaos(project, tmp_path, capsys, path):
    name_chaotic(project, 0, 1)
    change_run(project, 0)
    (project.folder / "results" / path).unlink()
    line, well = verified(tmp_path)
    assert not well
    assert line == "Not verified: files differ from results, for no known reason."
    assert f"    {path}: only in one of them\n" in capsys.readouterr().out


def test_the_largest_differences_of_a_table_are_told(project, tmp_path, capsys):
    path = project.folder / "results/runs.csv"
    runs = read_table("runs", path)
    runs.loc[0, "final_train_loss"] += 100
    runs.loc[1, "loss_roughness"] = 0
    runs.to_csv(path, index=False)
    assert not verified(tmp_path)[1]
    out = capsys.readouterr().out
    assert "    runs.csv: at most 1e+02 in final_train_loss, relative 1 in loss_roughness\n" in out


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        ("runs.csv", "\nplain,relu,identity,2,", "\nplain,relu,identity,3,", "other rows"),
        ("runs.csv", ",False,", ",True,", "at most 1 in diverged, relative 1 in diverged"),
        ("runs.csv", ",False,,", ",False,7,", "values of diverged_epoch are missing in one of"),
        ("claims.csv", ",holds,holds,", ",likely,holds,", "other words in verdict"),
        ("runs.csv", "identity,0,0.2", "identity,0,+0.2", "the same values, written differently"),
        ("summary.csv", "\nplain,relu,sigmoid,3,0,", "\nplain,relu,sigmoid,3,-1,", "column div"),
    ],
)
def test_what_differs_in_a_table_is_told(project, tmp_path, capsys, path, old, new, words):
    project.edit(f"results/{path}", old, new)
    assert not verified(tmp_path)[1]
    assert f"    {path}: " in (out := capsys.readouterr().out)
    assert words in out


def test_infinite_and_missing_numbers_are_compared(tmp_path):
    paths = [tmp_path / "ours.csv", tmp_path / "theirs.csv"]
    for path, losses in zip(paths, (("inf", "", "0"), ("inf", "", "inf")), strict=True):
        rows = [f"plain,relu,identity,0,{i},{loss}\n" for i, loss in enumerate(losses, 1)]
        path.write_text("".join(["protocol,hidden,output,seed,epoch,loss\n", *rows]))
    ours, theirs = ([path] for path in paths)
    words = largest_difference("block_losses", ours, theirs)
    assert words == "at most inf in loss, relative 1 in loss"


def test_without_results_the_published_ones_are_compared(project, tmp_path, capsys):
    publish(project)
    n = files_of(project)
    shutil.rmtree(project.folder / "results")
    assert verified(tmp_path) == (SAME, True)
    out = capsys.readouterr().out
    assert "results: there are no results\n" in out
    assert f"docs/reference: {n} of {n} files have the same bytes\n" in out


@pytest.mark.parametrize("chaotic", [True, False])
def test_published_runs_that_differ_are_named_by_block(project, tmp_path, capsys, chaotic):
    change_run(project, 0)
    project.edit("results/summary.csv", "plain,relu,identity,3,0,", "plain,relu,identity,3,1,")
    if chaotic:
        name_chaotic(project, 1)
    publish(project)
    shutil.rmtree(project.folder / "results")
    line, well = verified(tmp_path)
    assert well == chaotic
    assert line.startswith("Verified: the same verdicts; 4 of" if chaotic else "Not verified: runs")
    out = capsys.readouterr().out
    why = "a block with chaotic runs" if chaotic else "no known reason"
    assert f"    plain, relu, identity: seeds 0, 1: {why}\n" in out
    assert "    summary.csv: at most 1 in diverged, relative 1 in diverged\n" in out


def test_files_that_differ_twice_are_counted_once(project, tmp_path):
    name_chaotic(project, 0)
    change_run(project, 0)
    publish(project)
    line, well = verified(tmp_path)
    assert well
    assert line.startswith(f"Verified: the same verdicts; 3 of {files_of(project)} files differ, ")


def test_a_run_that_is_chaotic_is_so_from_a_nudged_start(project):
    name_chaotic(project, 7)
    run = ("relu", "identity", 7)
    assert chaotic_runs(project.folder / "results") == {("plain", *run), ("plain-nudged", *run)}


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ([3], "seed 3"),
        ([7, 3], "seeds 3, 7"),
        ([3, 4], "seeds 3, 4"),
        (range(20), "seeds 0 to 19"),
        ([0, 1, 2, 7, 9, 10], "seeds 0 to 2, 7, 9, 10"),
    ],
)
def test_seeds_are_told_in_spans(seeds, words):
    assert in_words(set(seeds)) == words


def test_results_of_other_settings_are_not_compared(project, tmp_path, capsys):
    project.set(seeds=2)
    with pytest.raises(StudyError, match="nothing to compare with; run make report first"):
        verified(tmp_path)
    assert "results: the results are of other settings" in capsys.readouterr().out


def test_a_provenance_that_cannot_be_read_is_named_with_the_line(tmp_path):
    (tmp_path / "provenance.json").write_text('{\n"commit": \n')
    with pytest.raises(StudyError, match=r"provenance.json: this is not valid JSON: .* line 3"):
        verify.read_provenance(tmp_path)


def test_results_without_their_verdicts_are_refused(project, tmp_path):
    (project.folder / "results/verdicts.csv").unlink()
    message = "results has no verdicts.csv; run make report first"
    with pytest.raises(StudyError, match=message):
        verified(tmp_path)


@pytest.mark.parametrize("chaotic", [True, False])
def test_a_sampled_block_that_differs_is_compared_by_numbers(project, tmp_path, capsys, chaotic):
    change_run(project, 0)
    if chaotic:
        name_chaotic(project, 0)
    publish(project)
    line, well = verified(tmp_path, sample=8)
    assert well == chaotic
    start = "Verified: 8 of 8 blocks; 1 of 32 files differ, by chaotic runs alone."
    assert line.startswith(start if chaotic else "Not verified: runs that are not chaotic differ ")
    out = capsys.readouterr().out
    assert "results: 31 of 32 files have the same bytes\n" in out
    assert f"    plain, relu, identity: seed 0: {'chaotic' if chaotic else 'no known'}" in out
    assert "    runs/…/runs.csv: at most 0.1 in final_train_loss, relative 0.29 in" in out


def test_a_sample_of_other_code_is_verified_with_its_reason(project, tmp_path):
    change_run(project, 0)
    made_elsewhere(project, "code")
    publish(project)
    line = "Verified: 8 of 8 blocks; other bytes, for the reasons above."
    assert verified(tmp_path, sample=8) == (line, True)


def test_a_sampled_block_that_is_missing_in_the_results_is_no_success(project, tmp_path, capsys):
    shutil.rmtree(project.folder / "results" / BLOCK)
    manifest = [line for line in project.manifest().splitlines(True) if BLOCK not in line]
    (project.folder / "results/MANIFEST.sha256").write_text("".join(manifest))
    line, well = verified(tmp_path, sample=8)
    assert not well
    assert "; files differ from results, for no known reason." in line
    assert f"    {BLOCK}/runs.csv: only in one of them\n" in capsys.readouterr().out


def test_a_sample_checks_results_against_their_manifest(project, tmp_path, capsys):
    n = files_of(project)
    figures = sorted((project.folder / "results/figures").iterdir())[:11]
    for path in figures:
        path.write_bytes(b"")
    (project.folder / "results/agreement.csv").unlink()
    line, well = verified(tmp_path, sample=1)
    assert not well
    assert line == "Not verified: files in results are not as MANIFEST.sha256 lists them."
    out = capsys.readouterr().out
    assert f"results/MANIFEST.sha256: {n - 12} of {n} files are as listed\n" in out
    assert "    agreement.csv: missing\n" in out
    assert out.count(": another SHA-256\n") == 9


def test_the_published_results_are_those_of_the_present_settings():
    """Where this fails, run the study and publish it again: make publish."""
    config = read_yaml(ROOT / "config.yaml")
    made = json.loads((ROOT / "docs/reference/provenance.json").read_text())
    assert made["config"] == verify.digest_of(config)
    assert made["runs"] == 1980
    assert not made["dirty"]
    files = (ROOT / "docs/reference/MANIFEST.sha256").read_text()
    assert files.count("  runs/") == 4 * len(verify.training_steps(config))
    assert f"{sha256(ROOT / 'docs/report.pdf')}  report/report.pdf\n" in files
    page = (ROOT / "docs/report.html").read_text(encoding="utf-8")
    assert f"<code>{made['study'][:16]}</code>" in page
    for path in re.findall(r'href="(?!https?:|mailto:|#|data:)([^"]+)"', page):
        assert (ROOT / "docs" / path).is_file(), path
    assert yaml.safe_load((ROOT / "config.yaml").read_text()) == config
