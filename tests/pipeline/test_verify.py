"""The study, run anew and compared: the same bytes, or a reason why not."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from scripts import verify
from scripts.config import ROOT
from scripts.schema import read_yaml
from scripts.verify import VerifyError

pytestmark = pytest.mark.slow
REFERENCE = ("MANIFEST.sha256", "claims.csv", "provenance.json")


@pytest.fixture
def project(finished, tmp_path, monkeypatch):
    """A copy of the finished study, whose run anew gives what was there first."""
    project = finished.copy(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")

    def run_anew(folder, *targets):
        shutil.copytree(finished.folder / "results", folder / "results")

    monkeypatch.setattr(verify, "run_anew", run_anew)
    return project


def publish(project):
    """Make the results here the published ones."""
    reference = project.folder / "docs/reference"
    reference.mkdir(parents=True)
    for name in REFERENCE:
        shutil.copy2(project.folder / "results" / name, reference / name)


def verified(tmp_path, sample=0):
    folder, config = tmp_path / "anew", read_yaml("config.yaml")
    folder.mkdir()
    if sample:
        return verify.verify_sample(folder, config, sample)
    return verify.verify(folder, config)


def on_another_processor(project, folder="results"):
    path = project.folder / folder / "provenance.json"
    said = json.loads(path.read_text())
    said["processor"]["name"] = "Another Chip"
    path.write_text(json.dumps(said))


def run(project, *arguments):
    command = [sys.executable, "-m", "scripts.verify", *arguments]
    return subprocess.run(command, cwd=project.folder, capture_output=True, text=True)


def test_a_study_that_is_run_anew_has_the_same_bytes(project):
    before = project.files("**/*")
    result = run(project)
    assert result.returncode == 0, result.stderr
    assert "results: 50 of 50 files have the same bytes\n" in result.stdout
    *_, last = result.stdout.splitlines()
    assert last == "Verified: the same bytes, and so the same verdicts."
    assert project.files("**/*") == before


def test_a_sample_of_blocks_is_trained_anew(project):
    result = run(project, "--sample", "2")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("train/") == 2
    *_, last = result.stdout.splitlines()
    assert last == "Verified: 2 of 8 blocks have the same bytes."


@pytest.mark.parametrize("sample", ["many", "-1"])
def test_a_sample_of_no_size_is_refused(project, sample):
    result = run(project, f"--sample={sample}")
    assert result.returncode == 2
    assert f"argument --sample: got {sample}; allowed: a whole number, 1 or more" in result.stderr


def test_another_value_is_named_with_its_size(project, tmp_path, capsys):
    project.edit("results/runs.csv", "plain,relu,identity,0,0.2", "plain,relu,identity,0,1.2")
    last, well = verified(tmp_path)
    assert not well
    assert last == "Not verified: bytes differ from results, for no known reason."
    said = capsys.readouterr().out
    assert "results: 49 of 50 files have the same bytes" in said
    assert "    runs.csv: at most 1, in final_train_loss\n" in said


def test_other_bytes_of_another_processor_are_verified_if_the_verdicts_agree(
    project, tmp_path, capsys
):
    on_another_processor(project)
    project.edit("results/runs.csv", "plain,relu,identity,0,0.2", "plain,relu,identity,0,0.3")
    last, well = verified(tmp_path)
    assert well
    assert last == "Verified: other bytes, for the reasons above, and the same verdicts."
    assert "another processor: Another Chip (" in capsys.readouterr().out


def test_another_verdict_is_none_the_less_wrong(project, tmp_path, capsys):
    on_another_processor(project)
    verdict = pd.read_csv(project.folder / "results/claims.csv")["verdict"][0]
    project.edit("results/claims.csv", f",{verdict},", ",reversed,")
    last, well = verified(tmp_path)
    assert not well
    assert last.startswith("Not verified: ")
    assert last.endswith(" verdicts differ from results.")
    assert f": reversed there, {verdict} here\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        ("runs.csv", "\nplain,relu,identity,2,", "\nplain,relu,identity,3,", "other rows"),
        ("runs.csv", ",False,", ",True,", "at most 1, in diverged"),
        ("claims.csv", ",undecided,", ",likely,", "other words in verdict"),
        (
            "summary.csv",
            "\nplain,relu,sigmoid,3,0,",
            "\nplain,relu,sigmoid,3,-1,",
            "column diverged",
        ),
    ],
)
def test_what_differs_in_a_table_is_said(project, tmp_path, capsys, path, old, new, words):
    project.edit(f"results/{path}", old, new)
    assert not verified(tmp_path)[1]
    assert words in capsys.readouterr().out


def test_a_stranger_without_results_compares_with_the_published_ones(project, tmp_path, capsys):
    publish(project)
    shutil.rmtree(project.folder / "results")
    assert verified(tmp_path)[1]
    said = capsys.readouterr().out
    assert "results: there are no results\n" in said
    assert "docs/reference: 50 of 50 files have the same bytes\n" in said


def test_published_results_that_differ_are_named(project, tmp_path, capsys):
    publish(project)
    first = (project.folder / "docs/reference/MANIFEST.sha256").read_text()[:64]
    project.edit("docs/reference/MANIFEST.sha256", first, "0" * 64)
    last, well = verified(tmp_path)
    assert not well
    assert last == "Not verified: bytes differ from docs/reference, for no known reason."
    assert "    agreement.csv\n" in capsys.readouterr().out
    on_another_processor(project, "docs/reference")
    shutil.rmtree(tmp_path / "anew")
    assert verified(tmp_path)[1]


def test_results_of_other_settings_are_not_compared(project, tmp_path, capsys):
    project.set(seeds=2)
    with pytest.raises(VerifyError, match="nothing to compare with; run make report first"):
        verified(tmp_path)
    assert "results: the results are of other settings" in capsys.readouterr().out


def test_results_of_other_code_are_compared_and_that_is_a_reason(project, tmp_path, capsys):
    path = project.folder / "results/provenance.json"
    path.write_text(path.read_text().replace('"study": "', '"study": "0'))
    project.edit("results/report/report.md", "Abstract", "Summary")
    assert verified(tmp_path)[1]
    said = capsys.readouterr().out
    assert "another code: " in said
    assert "    report/report.md\n" in said


def test_a_block_that_differs_is_named(project, tmp_path):
    project.edit("results/runs/plain/relu-identity/seeds-0-1/runs.csv", ",0,0.2", ",0,0.3")
    last, well = verified(tmp_path, sample=8)
    assert not well
    block = "results/runs/plain/relu-identity/seeds-0-1/runs.csv"
    assert last == f"Not verified: {block} has other bytes, for no known reason."


def test_a_block_that_differs_on_another_processor_has_its_reason(project, tmp_path):
    on_another_processor(project)
    project.edit("results/runs/plain/relu-identity/seeds-0-1/runs.csv", ",0,0.2", ",0,0.3")
    last, well = verified(tmp_path, sample=8)
    assert well
    assert last.startswith("Not the same bytes, for the reasons above; make verify ")


def test_the_published_results_are_those_of_the_present_settings():
    """Where this fails, run the study and publish it anew: make publish."""
    config = read_yaml(ROOT / "config.yaml")
    said = json.loads((ROOT / "docs/reference/provenance.json").read_text())
    assert said["config"] == verify.digest_of(config)
    assert said["runs"] == 1000
    assert not said["dirty"]
    files = (ROOT / "docs/reference/MANIFEST.sha256").read_text()
    assert files.count("  runs/") == 3 * len(verify.training_steps(config))
    assert "  report/report.pdf\n" in files
    assert yaml.safe_load((ROOT / "config.yaml").read_text()) == config
