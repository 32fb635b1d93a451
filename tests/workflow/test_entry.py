"""What the commands of all steps share."""

import os
import subprocess
import sys

import pytest

from scripts.study.project import ROOT
from scripts.workflow.entry import read_resolved, write_resolved


def test_a_config_that_a_power_cut_left_empty_is_written_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_resolved({"seeds": 3}).write_bytes(b"")
    assert read_resolved(write_resolved({"seeds": 3})) == {"seeds": 3}


@pytest.mark.slow
def test_help_needs_no_docstrings():
    code = """
import runpy, sys
for command in "aggregate", "verify", "compare", "watch":
    sys.argv = [command, "--help"]
    try:
        runpy.run_module(f"scripts.{command}", run_name="__main__")
    except SystemExit as end:
        assert not end.code
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONOPTIMIZE": "2"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("usage: ") == 4
