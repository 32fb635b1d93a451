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
@pytest.mark.parametrize("command", ["aggregate", "verify", "compare", "watch"])
def test_help_needs_no_docstrings(command):
    result = subprocess.run(
        [sys.executable, "-m", f"scripts.{command}", "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONOPTIMIZE": "2"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
