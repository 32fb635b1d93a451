"""make and the user's files: what it makes, repairs and removes, and what it leaves alone.

A .venv is made where there is none, used or repaired where there is one, and never emptied. pip is
a stand-in that writes down what it is asked to install; the environments are real.
"""

import os
import shutil
import subprocess
import sys

import pytest

from scripts.study.project import ROOT
from tests.effort import IN_CI

pytestmark = pytest.mark.slow

PIP = """
import sys
if sys.argv[1] == "install":
    open("pip.txt", "a").write(sys.argv[-1] + "\\n")
    print("Collecting torch==2.13.0")
    print("  Downloading https://example.org/a-b/torch-2.13.0-cp311.whl (191.2 MB)")
    print("  Downloading six-1.16.0-py3-none-any.whl (11 kB)")
    print("Installing collected packages: six, torch")
"""
OLD = "#!/bin/sh\nexit 1\n"  # a Python that is too old


@pytest.fixture
def folder(tmp_path):
    """A project with nothing but what make needs."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (tmp_path / "stand-in/pip").mkdir(parents=True)
    (tmp_path / "stand-in/pip/__init__.py").touch()
    (tmp_path / "stand-in/pip/__main__.py").write_text(PIP)
    return folder


def make(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    environment |= {"PYTHONPATH": str(folder.parent / "stand-in")}
    return subprocess.run(
        ["make", f"PYTHON={sys.executable}", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def asked_of_pip(folder):
    path = folder / "pip.txt"
    return path.read_text().split() if path.exists() else []


def new_environment(folder):
    """An environment with a file of somebody's in it."""
    command = [sys.executable, "-m", "venv", "--without-pip", folder / ".venv"]
    subprocess.run(command, check=True)
    return precious(folder / ".venv/lib")


def precious(folder):
    path = folder / "precious.txt"
    path.write_text("precious")
    return path


def works(folder):
    command = [folder / ".venv/bin/python", "-c", "print('yes')"]
    return subprocess.run(command, capture_output=True, text=True).stdout == "yes\n"


def inode_and_date(path):
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_an_environment_is_made_once_with_what_the_study_needs_and_no_more(folder):
    result = make(folder, ".venv/installed")
    assert result.returncode == 0, result.stderr
    assert works(folder)
    announced, *downloads = result.stdout.splitlines()
    assert announced.startswith("Installing the pinned packages into .venv (once, 1.7 GB")
    assert downloads == ["  torch 2.13.0 (191.2 MB)", "  unpacking …"]
    assert asked_of_pip(folder) == ["."]
    assert make(folder, ".venv/installed").returncode == 0
    assert asked_of_pip(folder) == ["."]
    assert make(folder, ".venv/dev").returncode == 0
    assert asked_of_pip(folder) == [".", ".[dev]"]


@pytest.mark.parametrize("target", ["report", "test", "quick", "lint"])
def test_each_command_installs_first_what_it_needs(folder, target):
    planned = make(folder, "--dry-run", target).stdout
    assert " -e . |" in planned
    assert (" -e .[dev] |" in planned) == (target != "report")


def test_a_failed_installation_is_an_error(folder):
    (folder.parent / "stand-in/pip/__main__.py").write_text("raise SystemExit(3)")
    new_environment(folder)
    assert make(folder, ".venv/installed").returncode != 0
    assert not (folder / ".venv/installed").exists()


@pytest.mark.parametrize("link", [".venv", ".venv/bin", ".venv/lib/python3.11/site-packages"])
@pytest.mark.parametrize("kind", ["with a Python", "without one", "leads nowhere"])
def test_a_link_is_refused_in_one_line_and_what_it_leads_to_stays(folder, link, kind):
    behind = folder.parent / "behind"
    if kind != "leads nowhere":
        behind.mkdir()
        precious(behind)
        if kind == "with a Python":
            (behind / "python").symlink_to(sys.executable)
    before = sorted(behind.rglob("*"))
    (folder / link).parent.mkdir(parents=True, exist_ok=True)
    (folder / link).symlink_to(behind)
    for _ in range(2):
        result = make(folder, "report")
        assert result.returncode != 0
        said, *of_make = result.stderr.splitlines()
        assert said.startswith(f"make: {link} is a link, to {behind}; ")
        assert len(of_make) == 1  # make: *** [linked] Error 1
        assert sorted(behind.rglob("*")) == before
        assert asked_of_pip(folder) == []


def test_one_with_the_right_python_is_used_with_all_that_is_in_it(folder):
    path = new_environment(folder)
    before = inode_and_date(folder / ".venv/pyvenv.cfg")
    assert make(folder, ".venv/installed").returncode == 0
    assert path.read_text() == "precious"
    assert inode_and_date(folder / ".venv/pyvenv.cfg") == before
    assert asked_of_pip(folder) == ["."]


@pytest.mark.parametrize(
    "python", ["gone", "too old", *(["too old, and no link", "never there"] if IN_CI else [])]
)
def test_one_without_is_repaired_and_keeps_all_that_is_in_it(folder, python):
    path = new_environment(folder)
    (folder / ".venv/installed").touch()
    for link in (folder / ".venv/bin").glob("python*"):
        link.unlink()
        old = folder.parent / "old"
        if python == "gone":
            link.symlink_to(folder / "gone")
        elif python != "never there":
            at = old if python == "too old" else link
            at.write_text(OLD)
            at.chmod(0o755)
            if at is old:
                link.symlink_to(old)
    result = make(folder, ".venv/installed")
    assert result.returncode == 0, result.stderr
    assert works(folder)
    assert path.read_text() == "precious"
    assert asked_of_pip(folder) == ["."]


def test_without_a_python_that_is_new_enough_nothing_is_made(folder):
    result = make(folder, "PYTHON=/bin/false", ".venv/installed")
    assert result.returncode != 0
    assert result.stderr.startswith("Python 3.11 or newer is needed; here: ")
    assert not (folder / ".venv").exists()


@pytest.fixture
def results(folder):
    """Results, beside files of the user's that have their names in part."""
    precious(folder)
    (folder / "results/runs").mkdir(parents=True)
    for name in ("README.md", "runs.csv", "my precious.txt", "a; rm precious.txt", "runs/runs.csv"):
        (folder / "results" / name).touch()
    return folder / "results"


def test_make_clean_removes_the_results_alone_whatever_their_names(folder, results):
    behind = folder.parent / "behind"
    behind.mkdir()
    precious(behind)
    (results / "figures").symlink_to(behind)
    (folder / ".snakemake").symlink_to(behind)
    assert make(folder, "clean").returncode == 0
    assert os.listdir(results) == ["README.md"]
    assert not (folder / ".snakemake").is_symlink()
    assert (folder / "precious.txt").read_text() == (behind / "precious.txt").read_text()
    shutil.rmtree(results)
    assert make(folder, "clean").returncode == 0


def test_make_clean_refuses_results_that_are_a_link(folder, results):
    behind = results.rename(folder.parent / "behind")
    results.symlink_to(behind)
    before = sorted(behind.rglob("*"))
    result = make(folder, "clean")
    assert result.returncode != 0
    assert result.stderr.startswith(f"make: results is a link, to {behind}; make removes nothing")
    assert sorted(behind.rglob("*")) == before


def test_the_settings_of_python_that_a_user_has_are_not_for_the_study(folder, monkeypatch):
    for name in ("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONHASHSEED"):
        monkeypatch.setenv(name, "2")
    (folder / "more.mk").write_text("include Makefile\nshow:\n\t@env\n")
    shown = make(folder, "-f", "more.mk", "show").stdout.splitlines()
    assert [line.partition("=")[0] for line in shown if line.startswith("PYTHON")] == ["PYTHONPATH"]


def test_a_clone_has_the_same_bytes_whatever_line_ends_git_would_write(tmp_path):
    command = ["git", "clone", "-q", "-c", "core.autocrlf=true", ROOT, tmp_path / "clone"]
    subprocess.run(command, check=True)
    listed = ["git", "-C", tmp_path / "clone", "ls-files", "--eol"]
    ends = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    assert "w/lf" in ends
    assert "w/crlf" not in ends
