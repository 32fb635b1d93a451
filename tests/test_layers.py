"""Imports run downwards between the packages of scripts/."""

import pytest

from scripts.study.project import ROOT
from scripts.workflow.digest import imports

BELOW = {  # {package: what it may import}
    "study": {"study"},
    "tables": {"tables", "study"},
    "training": {"training", "study", "framework"},
    "analysis": {"analysis", "tables", "study"},
    "plots": {"plots", "analysis", "tables", "study"},
    "writing": {"writing", "analysis", "tables", "study"},
    "workflow": {"workflow", "study"},
}


@pytest.mark.parametrize("package", BELOW)
def test_a_package_imports_none_above_it(package):
    for path in ROOT.glob(f"scripts/{package}/*.py"):
        used = {own.relative_to(ROOT / "scripts").parts[0] for own in code_of(path)}
        assert used <= BELOW[package], path


def code_of(path):
    return [
        own
        for own in imports(path, ROOT)
        if own.is_relative_to(ROOT / "scripts") and own.name != "__init__.py"
    ]


def test_every_package_has_its_place():
    folders = {path.parent.name for path in ROOT.glob("scripts/*/__init__.py")}
    assert folders == BELOW.keys()


def test_only_steps_lie_above_the_packages():
    steps = {"train", "aggregate", "claims", "figures", "report", "manifest"}
    commands = {"verify", "publish", "compare", "watch"}
    assert {path.stem for path in ROOT.glob("scripts/*.py")} == {*steps, *commands, "__init__"}
    for step in steps:
        assert len((ROOT / f"scripts/{step}.py").read_text().splitlines()) <= 80
