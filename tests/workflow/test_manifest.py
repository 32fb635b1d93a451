"""The receipt of the whole study."""

import json
import re
import subprocess

import pytest
import yaml

from scripts import manifest
from scripts.study.layout import benchmark
from scripts.study.project import ROOT
from scripts.workflow.provenance import processor, provenance, seconds_of_steps

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
RECEIPTS = {
    "train/p/relu-identity/seeds-0-1": {"made": {"results/runs/b.csv": "bb"}},
    "train/p/relu-sigmoid/seeds-0-1": {"made": {"results/runs/a.csv": "aa"}},
    "aggregate": {"made": {"results/runs.csv": "cc", "results/losses.csv": "dd"}},
}


def test_the_manifest_has_a_line_a_file_in_the_order_of_their_names():
    assert manifest.manifest(RECEIPTS.values()) == (
        "dd  losses.csv\ncc  runs.csv\naa  runs/a.csv\nbb  runs/b.csv\n"
    )


def test_the_seconds_of_training_are_added_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for step, seconds in zip(RECEIPTS, ["1.5", "2.5", "0.5"], strict=True):
        path = tmp_path / benchmark(step)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{seconds}\t0:00:01\n")
    assert seconds_of_steps([*RECEIPTS, "claims"]) == {"train": 4.0, "aggregate": 0.5}


def test_the_provenance_says_where_results_come_from(monkeypatch):
    monkeypatch.setenv("MKL_CBWR", "AUTO")
    said = json.loads(json.dumps(provenance(CONFIG, "0123", RECEIPTS)))
    assert said["runs"] == 1980
    assert said["packages"]["torch"].startswith("2.13.0")
    assert said["processor"]["name"]
    assert said["processor"]["count"] >= 1
    assert said["environment"]["MKL_CBWR"] == "AUTO"
    assert re.fullmatch("[0-9a-f]{40}", said["commit"])
    assert {"dirty", "study", "config", "python", "host", "finished"} <= said.keys()


def test_without_git_or_a_repository_no_commit_is_claimed(tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.workflow.provenance.ROOT", tmp_path)
    said = provenance(CONFIG, "0123", {})
    assert (said["commit"], said["dirty"]) == (None, None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance(CONFIG, "0123", {})["commit"] is None


def test_a_repository_around_the_project_has_no_say(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "project").mkdir()
    monkeypatch.setattr("scripts.workflow.provenance.ROOT", tmp_path / "project")
    said = provenance(CONFIG, "0123", {})
    assert (said["commit"], said["dirty"]) == (None, None)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A project with a commit of its own, and a user without settings of git."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    subprocess.run(["git", "init", "-q", folder], check=True)
    (tmp_path / ".gitconfig").write_text("[user]\nname = Anyone\nemail = anyone@example.org\n")
    command = ["git", "-C", folder, "commit", "-q", "--allow-empty", "-m", "A study."]
    subprocess.run(command, check=True)
    monkeypatch.setattr("scripts.workflow.provenance.ROOT", folder)
    return folder


def test_a_repository_that_the_environment_names_has_no_say(repository, tmp_path, monkeypatch):
    """As in a git hook."""
    said = provenance(CONFIG, "0123", {})
    assert said["dirty"] is False
    monkeypatch.setenv("GIT_DIR", str(ROOT / ".git"))
    assert provenance(CONFIG, "0123", {})["commit"] == said["commit"]
    monkeypatch.setattr("scripts.workflow.provenance.ROOT", tmp_path)
    assert provenance(CONFIG, "0123", {})["commit"] is None


def test_files_that_git_does_not_know_make_a_commit_dirty_whatever_the_user_wants_to_see(
    repository, tmp_path
):
    with (tmp_path / ".gitconfig").open("a") as file:
        file.write("[status]\nshowUntrackedFiles = no\n")
    (repository / "activations.py").touch()
    assert provenance(CONFIG, "0123", {})["dirty"] is True


@pytest.mark.parametrize(
    ("text", "name", "instructions"),
    [
        (
            "processor: 0\nmodel name\t: A Chip @ 2 GHz\nflags\t\t: fpu avx2 fma\n\nprocessor: 1\n",
            "A Chip @ 2 GHz",
            ["avx2", "fma"],
        ),
        ("processor\t: 0\nFeatures\t: fp asimd sve\n", None, ["asimd", "sve"]),
    ],
)
def test_a_processor_is_known_by_its_name_and_instructions(
    tmp_path, monkeypatch, text, name, instructions
):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr("scripts.workflow.provenance.CPUINFO", tmp_path / "cpuinfo")
    said = processor()
    assert said["name"] == name or (name is None and said["name"])
    assert said["instructions"] == instructions


def test_where_the_system_does_not_tell_it_a_processor_has_a_name_all_the_same(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("scripts.workflow.provenance.CPUINFO", tmp_path / "none")
    assert processor()["name"]
    assert processor()["instructions"] == []
